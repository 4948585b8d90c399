"""Who asks: an ATS by its token, signed-in users by their claims, the board by its IAM credentials."""

from collections.abc import Mapping

from application_status.errors import Forbidden
from application_status.gateway.request import Request
from application_status.gateway.token import calling_ats
from application_status.store.tokens import TokenLookup
from application_status.views.query import Caller

ATS_PATH, USER_PATH, BOARD_PATH, PAGE_PATH = "/api/quality", "/api/my/quality", "/api/board/quality", "/quality"
CLIENT_CLAIM, ATS_CLAIM, GROUPS_CLAIM = "custom:client_id", "custom:ats_id", "cognito:groups"
STAFF = "staff"


def caller(request: Request, tokens: TokenLookup) -> Caller:
    """Return who asks for a quality report; API Gateway has checked sign-in and IAM signature, as each path wants.

    Raises Unauthenticated without a valid token, Forbidden with a test one or where the signed-in user may not ask.
    """
    if request.resource == BOARD_PATH:
        return Caller()
    if request.resource == USER_PATH:
        return signed_in(request.claims)
    ats = calling_ats(request, tokens)
    if ats.in_sandbox:
        raise Forbidden("Test tokens have no quality reports, as nothing of the sandbox is counted; use a live token.")
    return Caller(ats_id=ats.id)


def signed_in(claims: Mapping[str, str]) -> Caller:
    """Return whom a user asks for: a client, an ATS, or the board, for its staff; Forbidden unless just one of these.

    An empty claim is none. API Gateway hands over the user's groups joined with commas.
    https://repost.aws/questions/QUFJRBaEJRSmmqarNrvCWoQA/aws-cognito-group
    """
    client_id, ats_id = claims.get(CLIENT_CLAIM), claims.get(ATS_CLAIM)
    match bool(client_id), bool(ats_id), STAFF in claims.get(GROUPS_CLAIM, "").split(","):
        case True, False, False:
            return Caller(client_id=client_id)
        case False, True, False:
            return Caller(ats_id=ats_id)
        case False, False, True:
            return Caller()
        case False, False, False:
            raise Forbidden("You are signed in, but neither for a client nor for an ATS, nor as the board's staff.")
    raise Forbidden("You are signed in for more than one of a client, an ATS and the board's staff; be one of them.")
