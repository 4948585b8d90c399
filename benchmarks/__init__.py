"""Compares the webhook with peers that do the same work, under Lambda's runtime, in one interleaved run (`make bench`).

Open `__main__.py` first. `batch.py` and `files.py` (`make bench-bulk`), `analytics.py`, `quality_cost.py`,
`durations_error.py`, `labels.py`, `limits.py`, `prices.py` and `capacity.py` are separate programs.
"""
