"""The ATSi contract (REST): receives status reports, alone or in batches, and returns an application to its ATS.

Start with `receive.py`.
"""
