"""The rules of the quality reports, as pure functions: what is counted, what may be shown, and how numbers are derived.

Open `contribution.py` first; `numbers.py` derives the numbers of a report from the counters.
"""
