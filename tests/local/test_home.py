"""The home page over HTTP: what its form sends, and what it shows of it."""

import html
import json
import re
import shlex
import subprocess
import threading
from contextlib import closing
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest

from application_status.local import demo
from application_status.local.home import Home
from local.process import LocalService

FIRST, SECOND, THIRD = (sample.application_id for sample in demo.SAMPLES)
UNTOLD = "51c3be16-0f93-41ed-9cc0-00000000dead"


def submit(service: LocalService, origin: str | None = None, **fields: str) -> tuple[int, str, str]:
    """Send the form; return the status, where it leads, and the body."""
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Origin": origin or service.url}
    with closing(HTTPConnection("127.0.0.1", service.port, timeout=20)) as connection:
        connection.request("POST", "/", urlencode(fields), headers)
        with connection.getresponse() as reply:
            return reply.status, reply.getheader("Location", ""), reply.read().decode()


def page(service: LocalService, path: str = "/") -> str:
    with urlopen(service.url + path, timeout=20) as reply:  # noqa: S310  # loopback
        text: str = reply.read().decode()
        return text


def sent(service: LocalService, **fields: str) -> str:
    """Send the form, and return the page that it leads to."""
    status, location, _ = submit(service, **fields)
    assert status == 303
    assert location.startswith("/?")
    return page(service, location.partition("#")[0])


def answer(text: str) -> dict[str, Any]:
    """Return the reply that a page shows."""
    found = re.search(r"<h3 id=\"answered\">Reply: (\d+)</h3>.*?<pre>(.*?)</pre>", text, re.DOTALL)
    assert found
    body: dict[str, Any] = json.loads(html.unescape(found[2]))
    return {"code": int(found[1])} | body


def curl(text: str) -> str:
    found = re.search(r'<pre id="curl">(.*?)</pre>', text, re.DOTALL)
    assert found
    return html.unescape(found[1])


def changes(text: str) -> dict[str, int]:
    """Return what a page says that changed in the funnel."""
    rows = re.findall(r'<th scope="row">([^<]+)</th>.*?class="number">(.*?)</td>', text, re.DOTALL)
    found = {name: re.search(r">([+\N{MINUS SIGN}]\d+)<", cell) for name, cell in rows}
    return {name: int(match[1].replace("\N{MINUS SIGN}", "-")) for name, match in found.items() if match}


def funnel(service: LocalService) -> dict[str, int]:
    request = Request(f"{service.url}/api/quality", headers={"X-AtsiToken": demo.TOKEN})  # noqa: S310  # loopback
    with urlopen(request, timeout=20) as reply:  # noqa: S310
        (row,) = json.load(reply)["Rows"]
    return {each["Measure"]: each["Value"] for each in row["Numbers"] if each["Unit"] == "applications"}


def test_each_report_changes_the_funnel_at_once(service: LocalService) -> None:
    """This includes the youngest sample, which waits for no further applications; the API agrees."""
    before = funnel(service)
    for sample in (FIRST, SECOND, THIRD):
        text = sent(service, application=sample, status="INTERVIEW")
        assert answer(text)["Result"] == "recorded"
        assert changes(text) == {"CONTACT": 1, "PRE_INTERVIEW": 1, "INTERVIEW": 1}
    assert funnel(service)["reached:INTERVIEW"] == before["reached:INTERVIEW"] + 3
    text = sent(service, application=THIRD, status="REJECTED", label="Position filled")
    assert changes(text) == {"open": -1, "position closed": 1}
    assert '<q dir="auto">Position filled</q>' in text


def test_curl_sends_the_same_again(service: LocalService) -> None:
    """Pasted into a shell, whatever the label is made of; the second time nothing is new."""
    label = '\'; echo $HOME `id` \\ "ü" %s !! \t#'
    text = sent(service, application=SECOND, status="OFFER", label=label, date="2026-01-02")
    command = curl(text)
    assert shlex.split(command)[-1] == json.dumps(
        {"AtsiApplicationId": SECOND, "Status": "OFFER", "RawStatus": label, "BusinessDate": "2026-01-02T00:00:00Z"},
        ensure_ascii=False,
    )
    result = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True, timeout=20)
    assert answer(text)["Result"] == "late"
    assert json.loads(result.stdout)["Result"] == "unchanged"
    request = Request(  # noqa: S310  # loopback
        f"{service.url}/api/application-status/{SECOND}", headers={"X-AtsiToken": demo.TOKEN}
    )
    with urlopen(request, timeout=20) as reply:  # noqa: S310
        assert json.load(reply)["Transitions"][0]["RawStatus"] == label


@pytest.mark.parametrize(
    ("fields", "code", "says"),
    [
        ({"application": FIRST, "status": "INTERVIEW", "date": "2999-01-01"}, 422, "/BusinessDate"),
        ({"application": FIRST, "status": "INTERVIEW", "date": "yesterday"}, 422, "/BusinessDate"),
        ({"application": FIRST, "status": "PROMOTED"}, 422, "/Status"),
        ({"application": FIRST, "status": "OFFER", "label": "x" * 201}, 422, "/RawStatus"),
        ({"application": UNTOLD, "status": "OFFER"}, 404, "unknown-application"),
        ({"application": "../quality", "status": "OFFER"}, 422, "/AtsiApplicationId"),
        ({}, 422, "/AtsiApplicationId"),
    ],
)
def test_refusal_is_shown(service: LocalService, fields: dict[str, str], code: int, says: str) -> None:
    """The page shows the API's reply; nothing changes, and the curl command gets the same reply."""
    text = sent(service, **fields)
    problem = answer(text)
    assert (problem["code"], problem["status"]) == (code, code)
    assert says in json.dumps(problem)
    assert changes(text) == {}
    assert "include your report" not in text
    result = subprocess.run(["bash", "-c", curl(text)], capture_output=True, text=True, check=True, timeout=20)
    again = json.loads(result.stdout)
    assert again | {"requestId": ""} == {k: v for k, v in problem.items() if k != "code"} | {"requestId": ""}


@pytest.mark.parametrize(
    "origin",
    ["https://example.org", "null", "http://127.0.0.1", "http://127.0.0.1.example.org", "http://example.org:{port}"],
)
def test_other_sites_send_nothing(service: LocalService, origin: str) -> None:
    """A form of another site, or one that says nothing of where it comes from, is refused."""
    before = funnel(service)
    fields = {"application": FIRST, "status": "HIRED"}
    status, location, body = submit(service, origin.format(port=service.port), **fields)
    assert (status, location) == (403, "")
    assert json.loads(body)["type"] == "/problems/forbidden"
    assert funnel(service) == before


def test_request_of_no_page_sends_nothing(service: LocalService) -> None:
    """A request without an Origin comes from no browser form; programs use the API."""
    request = Request(service.url, urlencode({"application": FIRST, "status": "HIRED"}).encode())  # noqa: S310
    with pytest.raises(Exception, match="403") as refused:
        urlopen(request, timeout=20)  # noqa: S310  # loopback
    refused.value.close()  # type: ignore[attr-defined]


def test_reload_sends_nothing(service: LocalService) -> None:
    """It shows the same page again; an invented address shows the page without an answer."""
    _, location, _ = submit(service, application=FIRST, status="LEAD")
    first, again = (page(service, location.partition("#")[0]) for _ in range(2))
    assert first == again
    assert answer(first)["code"] == 200
    assert "answered" not in page(service, "/?application=x&sent=y")


def test_only_what_the_page_is_for(service: LocalService) -> None:
    """PUT is refused with what is right; HEAD has no body; the policy allows this form, and no script."""
    with closing(HTTPConnection("127.0.0.1", service.port, timeout=20)) as connection:
        connection.request("PUT", "/")
        with connection.getresponse() as reply:
            assert (reply.status, reply.getheader("Allow")) == (405, "GET, HEAD, POST")
            reply.read()
        connection.request("HEAD", "/")
        with connection.getresponse() as reply:
            assert (reply.status, reply.read()) == (200, b"")
            policy = reply.getheader("Content-Security-Policy", "")
    assert "default-src 'none'" in policy
    assert "form-action 'self'" in policy
    assert "unsafe" not in policy


def test_page_works_below_the_stage(service: LocalService) -> None:
    """As at a deployment without a domain: all its links stay there, and so does the form."""
    for path in ("/v1", "/v1/"):
        addresses = re.findall(r'(?:href|action)="([^"#]+)"', page(service, path))
        assert len(addresses) > 10
        assert all(each.startswith("/v1/") for each in addresses)
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Origin": service.url}
    with closing(HTTPConnection("127.0.0.1", service.port, timeout=20)) as connection:
        connection.request("POST", "/v1/", urlencode({"application": FIRST, "status": "LEAD"}), headers)
        with connection.getresponse() as reply:
            assert (reply.status, reply.getheader("Location", "")[:5]) == (303, "/v1/?")


def test_page_outlives_an_unreadable_question(service: LocalService) -> None:
    """The API's server refuses so long an address itself, without JSON."""
    text = page(
        service, f"/?application={',' * 30_000}"
    )  # which the page quotes, so that the address is thrice as long
    assert "Send a status" in text
    assert "Timeline" not in text


class Unavailable(BaseHTTPRequestHandler):
    """An API that can't answer now."""

    def do_GET(self) -> None:
        content = b'{"type": "/problems/unavailable", "requestId": "1"}'
        self.send_response(503)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def test_page_outlives_an_unavailable_api() -> None:
    """It leaves out what it can't load."""
    with HTTPServer(("127.0.0.1", 0), Unavailable) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        home = Home(f"http://127.0.0.1:{server.server_port}", pollers=[])
        reply = home.answer({"httpMethod": "GET", "resource": "/"}, None)
        server.shutdown()
        thread.join()
    assert reply["statusCode"] == 200
    assert "Send a status" in reply["body"]
    assert "Timeline" not in reply["body"]
    assert "Stage reached" not in reply["body"]
