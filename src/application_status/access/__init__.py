"""Who may do what: tokens and limits of ATSs, sessions and assignments of people, and the log of operators' changes.

ATSs: start with `tokens.py`; `rules.py` has the tokens' format, `limits.py` the limits, `register.py` issues tokens.
People: start with `sessions.py`; `assignments.py` has whom a user is assigned to.
"""
