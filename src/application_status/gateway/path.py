"""The path's parameters that more than one function reads."""

from application_status.errors import FieldError, InvalidFields
from application_status.gateway.request import Request
from application_status.model.identifiers import ApplicationId, application_id


def path_id(request: Request) -> ApplicationId:
    """Return the path's AtsiApplicationId; InvalidFields where it is none."""
    try:
        return application_id(request.path_parameters.get("AtsiApplicationId", ""))
    except ValueError as error:
        wrong = FieldError("", f"the path's AtsiApplicationId is {error}", "a UUID")
        raise InvalidFields((wrong,)) from None
