"""quality/counters."""
