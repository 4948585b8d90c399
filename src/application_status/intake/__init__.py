"""Status reports from senders: a folder per wire contract (`atsi/`, `seek/`, `indeed/`), and what they share.

`graphql/` is the endpoint of `seek/` and `indeed/`, `connect/` receives the native webhooks of ATSs, and `sandbox/`
creates test applications. Each contract ends in the call `Applications.record(report)`. Start with `atsi/receive.py`.
`side_by_side.py` records the reports of a batch at the same time.
"""
