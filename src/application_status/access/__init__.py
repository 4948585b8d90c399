"""Who may do what: ATSs by tokens, clients or connections, people by sessions and assignments; and the audit log.

ATSs: start with `tokens.py`; `rules.py` has the tokens' format, `limits.py` the limits, `register.py` issues tokens,
`names.py` has the names of ATSs.
OAuth clients of ATSs: `oauth.py` has the endpoint where they get access tokens, `clients.py` signs and verifies those.
Native webhooks: start with `connections.py`; `envelope.py` encrypts their secrets.
People: start with `sessions.py`; `assignments.py` has whom a user is assigned to.
"""
