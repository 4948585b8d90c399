"""Delivers what applications tell, for questions that the counters were not made for."""
