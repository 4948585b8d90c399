"""Counts what the applications' stream tells."""
