"""quality/reports."""
