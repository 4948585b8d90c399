"""quality/rules."""
