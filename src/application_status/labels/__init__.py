"""The meaning of senders' labels: the mapping of a label to a status and an outcome.

Start with `rules/interpretation.py`. `overrides.py` stores an ATS's own meanings.
"""
