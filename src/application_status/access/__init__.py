"""Authentication of ATSs by token, and the choice between live data and the sandbox.

Start with `tokens.py`; `rules.py` has the tokens' format and checks, `register.py` issues and revokes tokens.
"""
