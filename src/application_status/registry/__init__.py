"""Registers applications for the board's Apply system, and erases them."""
