"""The rules of what jobseekers see, as pure functions: which statuses, and when.

Open `status.py` first.
"""
