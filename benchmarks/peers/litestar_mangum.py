"""A webhook with Litestar, msgspec and Mangum."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from job import owner, record
from litestar import Litestar, post
from litestar.exceptions import NotAuthorizedException
from litestar.params import Parameter
from mangum import Mangum
from msgspec import Meta, Struct
from report import Status


class Report(Struct):
    """The body."""

    AtsiApplicationId: UUID
    Status: Status
    RawStatus: Annotated[str, Meta(max_length=200)] | None = None
    BusinessDate: datetime | None = None


@post("/api/application-status", status_code=200, sync_to_thread=False)
def receive(data: Report, token: Annotated[str, Parameter(header="X-AtsiToken")]) -> dict[str, Any]:
    """Receive a report."""
    ats = owner(token)
    if ats is None:
        raise NotAuthorizedException("no valid token")
    return record(ats, str(data.AtsiApplicationId), data.Status, data.RawStatus, data.BusinessDate)


lambda_handler = Mangum(Litestar([receive], openapi_config=None), lifespan="off")
