"""A client of the local service's own API, which the home page uses as the demo ATS."""

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import Request, urlopen

from application_status.local import demo

_SECONDS = 20.0
_REPORTS, _FUNNEL = "/api/application-status", "/api/quality?kind=cohort"


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply of the API: status code and JSON."""

    status: int
    body: Mapping[str, Any]

    def text(self) -> str:
        """Return the JSON, indented."""
        return json.dumps(self.body, ensure_ascii=False, indent=2)


@dataclass(frozen=True, slots=True)
class Sent:
    """A report that was sent, its reply, and the ATS's funnel before and after it."""

    content: str
    answer: Answer
    before: Mapping[str, int]
    after: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class ApiClient:
    """A client with the token of the demo ATS."""

    url: str

    def report(self, content: str) -> Answer:
        """Send a report."""
        headers = {"X-AtsiToken": demo.TOKEN, "Content-Type": "application/json"}
        return _call(Request(self.url + _REPORTS, content.encode(), headers))  # noqa: S310  # the service's own address

    def curl(self, content: str) -> str:
        """Return the shell command that sends the same report."""
        return (
            f"curl -X POST {self.url}{_REPORTS} -H 'Content-Type: application/json' \\\n"
            f"  -H {shlex.quote(f'X-AtsiToken: {demo.TOKEN}')} \\\n"
            f"  -d {shlex.quote(content)}"
        )

    def application(self, of: str) -> Answer:
        """Read an application back."""
        return self._get(f"{_REPORTS}/{quote(of, safe='')}")

    def funnel(self) -> Mapping[str, int]:
        """Return the numbers of the ATS's applications by stage reached and by outcome; empty if refused."""
        rows = self._get(_FUNNEL).body.get("Rows", ())
        numbers = [each for row in rows for each in row["Numbers"]]
        return {each["Measure"]: each["Value"] for each in numbers if each["Unit"] == "applications"}

    def _get(self, path: str) -> Answer:
        return _call(Request(self.url + path, headers={"X-AtsiToken": demo.TOKEN}))  # noqa: S310  # the same


def _call(request: Request) -> Answer:
    try:
        with urlopen(request, timeout=_SECONDS) as reply:  # noqa: S310  # the same
            return Answer(reply.status, json.load(reply))
    except HTTPError as error:
        with error:
            text = error.read()
        try:
            return Answer(error.code, json.loads(text))
        except ValueError:
            return Answer(error.code, {"title": error.reason})  # an error of the gateway, which is not JSON
