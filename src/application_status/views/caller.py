"""Who asks: an ATS by its token, a client by its signed-in user, the board by its IAM credentials."""

from application_status.errors import Forbidden
from application_status.gateway.request import Request
from application_status.gateway.token import calling_ats
from application_status.store.tokens import TokenLookup
from application_status.views.query import Caller

ATS_PATH, CLIENT_PATH, BOARD_PATH = "/api/quality", "/api/my/quality", "/api/board/quality"
CLIENT_CLAIM = "custom:client_id"


def caller(request: Request, tokens: TokenLookup) -> Caller:
    """Return who asks for a quality report; API Gateway has checked sign-in and IAM signature, as each path wants.

    Raises Unauthenticated without a valid token, Forbidden with a test one or where the signed-in user is no client's.
    """
    if request.resource == BOARD_PATH:
        return Caller()
    if request.resource == CLIENT_PATH:
        client_id = request.claims.get(CLIENT_CLAIM)
        if not client_id:
            raise Forbidden("You are signed in, but for no client.")
        return Caller(client_id=client_id)
    ats = calling_ats(request, tokens)
    if ats.in_sandbox:
        raise Forbidden("Test tokens have no quality reports, as nothing of the sandbox is counted; use a live token.")
    return Caller(ats_id=ats.id)
