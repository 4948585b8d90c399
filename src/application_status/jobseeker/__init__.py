"""What a jobseeker sees of their applications: as JSON, and as a page in English or German.

Open `endpoint.py` first: it answers the requests. `rules/status.py` decides what is shown.
"""
