"""quality/page."""
