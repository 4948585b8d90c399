"""The documentation that the service serves: the API's description in Swagger UI, and a page for each problem type.

Open `pages.py` first: it answers the requests. `problem_types.py` has the texts.
"""
