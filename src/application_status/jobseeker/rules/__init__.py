"""jobseeker/rules."""
