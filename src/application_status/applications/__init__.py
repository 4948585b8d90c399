"""Applications: their rules, their item in DynamoDB, and all operations on it (record, register, read, scan, erase).

Start with `rules/application.py`, then `record.py`; `rules/registration.py` has what the board registers.
"""
