"""quality/counting."""
