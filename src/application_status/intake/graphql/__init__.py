"""The GraphQL endpoint of the contracts that use GraphQL: SEEK's Selection Signals and Indeed's Disposition Sync.

Start with `endpoint.py`, then `schema.py`.
"""
