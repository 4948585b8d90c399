"""HTTP functions behind API Gateway: requests, JSON bodies, replies, errors as problem details, and HTML pages.

Start with `endpoint.py`.
"""
