"""Registers applications, called by the board's Apply system when it hands one over to an ATS."""
