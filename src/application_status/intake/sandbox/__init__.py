"""The sandbox's applications, which integrators create with a test token; reports about them use the normal endpoints.

Start with `create.py`.
"""
