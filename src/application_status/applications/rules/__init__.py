"""applications/rules."""
