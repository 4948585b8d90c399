"""Tells the applications of a position what was heard of it."""
