"""The sandbox's applications, which integrators create with a test token; reports about them use the normal endpoints.

Start with `create.py`, then `request_log.py`: the newest requests with a test token, which `page.py` shows.
"""
