"""Pure rules of applications: statuses, reports, and what a report changes.

Start with `application.py`.
"""
