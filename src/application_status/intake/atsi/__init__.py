"""The ATSi contract (REST): receives status reports, and returns an application to its ATS.

Start with `receive.py`.
"""
