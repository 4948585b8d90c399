"""The quality page: the reports as HTML with plots, tables and CSV downloads.

Open `page.py` first: it answers the request.
"""
