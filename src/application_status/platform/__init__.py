"""Shared parts for AWS services: DynamoDB, HTTP, streams, telemetry, errors, settings and deadlines.

Nothing here depends on recruiting rules. Start with `http/endpoint.py`, which wraps every HTTP function, and
`streams.py`, which wraps every stream function.
"""
