"""SEEK's Selection Signals (GraphQL): the schema, the rules, and the recording of signals.

Start with `signals.py`.
"""
