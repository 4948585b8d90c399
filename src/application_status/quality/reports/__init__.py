"""Quality reports over HTTP: the query, the report's rows, and the reply as JSON or CSV.

Open `endpoint.py` first: it answers the request.
"""
