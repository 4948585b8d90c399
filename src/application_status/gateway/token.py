"""The ATS behind a request, by its token, which also says in which world it is: among live data, or in the sandbox."""

from typing import NamedTuple

from application_status.errors import Unauthenticated
from application_status.gateway.request import Request
from application_status.model.identifiers import AtsId
from application_status.model.token import is_test
from application_status.store.tokens import TokenLookup
from application_status.telemetry import enter_sandbox


class CallingAts(NamedTuple):
    """An authenticated ATS; in the sandbox where its token is a test token."""

    id: AtsId
    in_sandbox: bool


class Worlds[Kind](NamedTuple):
    """The same over live data and over the sandbox's."""

    live: Kind
    sandbox: Kind

    def open_to(self, ats: CallingAts) -> Kind:
        """Return the one that an ATS may use."""
        return self.sandbox if ats.in_sandbox else self.live


def calling_ats(request: Request, tokens: TokenLookup) -> CallingAts:
    """Return the ATS whose token is in `X-AtsiToken`; Unauthenticated without a valid one, or with different ones."""
    presented = request.headers.get("x-atsitoken", ())
    return ats_of(presented[0] if len(presented) == 1 else "", tokens)


def ats_of(text: str, tokens: TokenLookup) -> CallingAts:
    """Return the ATS whose token this is, Unauthenticated where it is nobody's; in the sandbox telemetry is told."""
    in_sandbox = is_test(text)
    if in_sandbox:
        enter_sandbox()
    ats_id = tokens.owner(text)
    if ats_id is None:
        raise Unauthenticated
    return CallingAts(ats_id, in_sandbox)
