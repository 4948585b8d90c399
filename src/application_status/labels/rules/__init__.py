"""labels/rules."""
