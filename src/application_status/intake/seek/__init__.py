"""SEEK's Selection Signals (GraphQL): the endpoint, its limits, and the recording of signals.

Start with `endpoint.py`, then `signals.py`.
"""
