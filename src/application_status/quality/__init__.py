"""Measures applicant quality: counts what happens to applications, and reports the counts as JSON, CSV and a page.

Open `rules/contribution.py` first: it lists everything that is counted.
"""
