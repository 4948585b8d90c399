"""Integration health: counts the results of each ATS's requests, from the log lines of the HTTP functions.

Open `stream.py` first: it is the handler of the log lines. `silence.py` names ATSs that have stopped sending requests,
and `report.py` builds the report.
"""
