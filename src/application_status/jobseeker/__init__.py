"""jobseeker."""
