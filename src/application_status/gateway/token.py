"""The ATS behind a request, by the token in `X-AtsiToken`."""

from application_status.errors import Unauthenticated
from application_status.gateway.request import Request
from application_status.model.identifiers import AtsId
from application_status.store.tokens import TokenLookup


def calling_ats(request: Request, tokens: TokenLookup) -> AtsId:
    """Return the ATS whose token the request has; Unauthenticated without a valid one, or with different ones."""
    presented = request.headers.get("x-atsitoken", ())
    ats_id = tokens.owner(presented[0]) if len(presented) == 1 else None
    if ats_id is None:
        raise Unauthenticated
    return ats_id
