"""Who may do what: ATSs by tokens or connections, people by sessions and assignments; and what operators changed.

ATSs: start with `tokens.py`; `rules.py` has the tokens' format, `limits.py` the limits, `register.py` issues tokens.
Native webhooks: start with `connections.py`; `envelope.py` encrypts their secrets.
People: start with `sessions.py`; `assignments.py` has whom a user is assigned to.
"""
