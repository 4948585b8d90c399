"""Status reports from senders: a folder per wire contract (`atsi/`, `seek/`), and `sandbox/` for test applications.

Each contract ends in the call `Applications.record(report)`. Start with `atsi/receive.py`.
"""
