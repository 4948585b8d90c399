"""Keeps the quality counters equal to the applications: from the table's stream, by verification, and by rebuilds.

Open `stream.py` first: it is the path of every change.
"""
