"""Who may do what: tokens, clients and limits of ATSs, people's sessions and assignments, the log of operators' acts.

ATSs: start with `tokens.py`; `rules.py` has the tokens' format, `limits.py` the limits, `register.py` issues tokens.
OAuth clients of ATSs: `oauth.py` has the endpoint where they get access tokens, `clients.py` signs and verifies those.
People: start with `sessions.py`; `assignments.py` has whom a user is assigned to.
"""
