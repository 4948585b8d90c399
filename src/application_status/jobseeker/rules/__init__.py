"""The rules of what jobseekers see, as pure functions: which statuses, when, and in which words.

Open `status.py` first.
"""
