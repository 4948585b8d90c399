"""The ATSi contract (REST): receive status reports, and let an ATS read back its own application.

Start with `receive.py`.
"""
