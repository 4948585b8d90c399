"""Compares the webhook with peers that do the same work, under Lambda's runtime, in one interleaved run (`make bench`).

Open `__main__.py` first. `analytics.py`, `quality_cost.py`, `durations_error.py` and `labels.py` are separate programs.
"""
