"""Signing in and out: leads people to the login pages of the user pool, and keeps their tokens in cookies.

Open `endpoint.py` first. `page.py` has the pages for what went wrong and for signing out.
"""
