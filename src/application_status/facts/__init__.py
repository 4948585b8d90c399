"""Facts: a pseudonymous, flat copy of the applications for SQL queries, delivered by Firehose to S3.

Open `stream.py` first: it reads the changes. `rules.py` derives the facts; `views/` and `queries/` are SQL for Athena.
"""
