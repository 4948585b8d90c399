"""What ATSs, clients and the board read."""
