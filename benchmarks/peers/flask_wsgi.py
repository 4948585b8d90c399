"""A webhook with Flask and apig-wsgi."""

from typing import Any

from apig_wsgi import make_lambda_handler
from flask import Flask, request
from job import owner, record
from report import checked

app = Flask(__name__)


@app.post("/api/application-status")
def receive() -> Any:
    """Receive a report."""
    ats = owner(request.headers.get("X-AtsiToken", ""))
    if ats is None:
        return {"message": "no valid token"}, 401
    try:
        report = checked(request.get_data())
    except (ValueError, KeyError, TypeError):
        return {"message": "wrong body"}, 422
    return record(ats, *report)


lambda_handler = make_lambda_handler(app)
