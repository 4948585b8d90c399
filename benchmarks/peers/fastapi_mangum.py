"""A webhook with FastAPI and Mangum."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import FastAPI, Header, HTTPException
from job import owner, record
from mangum import Mangum
from pydantic import BaseModel, StringConstraints
from report import Status

app = FastAPI()


class Report(BaseModel):
    """The body."""

    AtsiApplicationId: UUID
    Status: Status
    RawStatus: Annotated[str, StringConstraints(max_length=200)] | None = None
    BusinessDate: datetime | None = None


@app.post("/api/application-status")
def receive(report: Report, x_atsitoken: Annotated[str, Header()]) -> dict[str, Any]:
    """Receive a report."""
    ats = owner(x_atsitoken)
    if ats is None:
        raise HTTPException(401, "no valid token")
    return record(ats, str(report.AtsiApplicationId), report.Status, report.RawStatus, report.BusinessDate)


lambda_handler = Mangum(app, lifespan="off")
