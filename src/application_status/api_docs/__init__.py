"""The documentation that the service serves: the portal for integrators, and a page for each problem type.

Open `pages.py` first: it answers the requests. `problem_types.py` has the texts.
"""
