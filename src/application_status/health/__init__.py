"""Integration health: counts the results of each ATS's requests, from the log lines of the HTTP functions.

Open `stream.py` first: it is the handler of the log lines. `report.py` builds the report.
"""
