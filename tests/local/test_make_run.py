"""`make run` as a process: what a newcomer sees, from the welcome to Ctrl-C."""

import csv
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import boto3
import pytest

from application_status.local import demo, demo_board, example_file
from application_status.local.template import Template
from application_status.quality.rules.durations import age
from local.process import LocalService, wait_for
from support.counters import counters

ROOT = Path(__file__).parents[2]
APPLICATION = demo.SAMPLES[0].application_id
APPLICATIONS = len(demo.SAMPLES) + demo_board.APPLICATIONS + example_file.APPLICATIONS


def send(
    service: LocalService, body: dict[str, Any], path: str = "/api/application-status"
) -> tuple[int, dict[str, Any]]:
    headers = {"Content-Type": "application/json", "X-AtsiToken": demo.TOKEN}
    request = Request(service.url + path, json.dumps(body).encode(), headers, method="POST")  # noqa: S310  # loopback
    try:
        with urlopen(request, timeout=20) as reply:  # noqa: S310
            return reply.status, json.load(reply)
    except HTTPError as error:
        with error:
            return error.code, json.load(error)


def measures(service: LocalService) -> Counter[str]:
    """Return the counters over all days."""
    total: Counter[str] = Counter()
    for cell, amount in counters(service.dynamodb).items():
        total[cell.measure] += amount
    return total


def health(service: LocalService) -> Counter[str]:
    """Return what became of the demo ATS's requests, over all days."""
    request = {"KeyConditionExpression": "#scope = :scope", "ExpressionAttributeNames": {"#scope": "Scope"}}
    values = {":scope": {"S": "health#demo-ats"}}
    total: Counter[str] = Counter()
    for item in service.dynamodb.query(TableName="QualityTable", ExpressionAttributeValues=values, **request)["Items"]:
        total.update({name: int(value["N"]) for name, value in item.items() if "N" in value})
    return total


def test_the_curl_of_the_welcome_works_as_printed(service: LocalService) -> None:
    """Copied to a shell, it answers 200; a line for the request and one for the counted change follow."""
    text = "".join(service.lines)
    assert f"Home       {service.url}/ " in text
    curl = text[text.index("curl ") : text.index("Each request and each counted change")]
    result = subprocess.run(["bash", "-c", curl], capture_output=True, text=True, check=True, timeout=20)
    reply = json.loads(result.stdout)
    assert (reply["Result"], reply["Status"], reply["PreviousStatus"]) == ("recorded", "INTERVIEW", "APPLIED")
    assert (
        f"ats=demo-ats channel=atsi application={APPLICATION} reported=INTERVIEW status=INTERVIEW version=2"
        in service.line(r"^\d\d:\d\d:\d\d  intake/atsi       recorded ")
    )
    service.line(rf"^\d\d:\d\d:\d\d  quality/counting  counted +application={APPLICATION} version=2 status=INTERVIEW")


def test_application_is_erased_over_http(service: LocalService) -> None:
    """204 with neither body nor length, on a connection that goes on."""
    path = "/api/applications/51c3be16-0f93-41ed-9cc0-00000000beef"
    with closing(HTTPConnection("127.0.0.1", service.port, timeout=20)) as connection:
        for _ in range(2):
            connection.request("DELETE", path)
            with connection.getresponse() as reply:
                assert (reply.status, reply.read(), reply.getheader("Content-Length")) == (204, b"", None)


def test_the_contracts_own_request_works(service: LocalService) -> None:
    """Token and id are those of the published page."""
    body = {"AtsiApplicationId": "51c3be16-0f93-41ed-9cc0-9092222d7333", "Status": "APPLIED"}
    assert demo.TOKEN == "node01nwh2px2exa8a1d7006h0cnbof7.node0"
    assert send(service, body)[0] == send(service, body, "/qs-api/public/atsi/v1/demo-ats")[0] == 200


def test_unknown_path_is_a_problem_that_names_near_paths(service: LocalService) -> None:
    """It is the answer of the template's last route, with a request id of its own, also below a stage."""
    replies = [
        send(service, {}, path)
        for path in ("/api", "/sign-in/nobody/1", "/api/application-status/x/y", "/v1/v1/api/application-status")
    ]
    assert [status for status, _ in replies] == [404] * 4
    ids = {problem.pop("requestId") for _, problem in replies}
    assert len(ids) == 4
    types = ["/problems/unknown-path"] * 3 + ["/v1/problems/unknown-path"]
    assert [problem["type"] for _, problem in replies] == types
    assert "Did you mean /v1/api/application-status? " in replies[-1][1]["detail"]
    assert "Did you mean" not in replies[0][1]["detail"]


def test_curls_of_the_readme_work_as_printed(service: LocalService) -> None:
    """A reader copies them into a shell."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8").replace("http://127.0.0.1:3000", service.url)
    curls = re.findall(r"```sh\n(curl .*?)\n```", readme, re.DOTALL)
    answers = [
        subprocess.run(["bash", "-c", curl], capture_output=True, text=True, check=True, timeout=20).stdout
        for curl in curls
    ]
    report, application, quality, table, sandbox = answers
    assert json.loads(report)["Status"] == "INTERVIEW"
    assert json.loads(application)["Transitions"][-1]["Status"] == "INTERVIEW"
    assert json.loads(sandbox)["Status"] == "APPLIED"
    assert [(row["Ats"], len(row["Numbers"]) > 40) for row in json.loads(quality)["Rows"]] == [("demo-ats", True)]
    lines = list(csv.DictReader(table.splitlines()))
    assert {line["ats"] for line in lines} == {"demo-ats"}
    assert len({line["from"] for line in lines}) > 10
    service.line(rf"quality/counting +counted .*{APPLICATION} .*status=INTERVIEW")


@pytest.mark.parametrize(
    ("heading", "room", "status"),
    [("Selection Signals", "seek", "HIRED"), ("Indeed's dispositions", "indeed", "INTERVIEW")],
)
def test_graphql_of_the_guide_works_as_printed(service: LocalService, heading: str, room: str, status: str) -> None:
    """The sample of each contract gets the reply that the guide shows."""
    guide = (ROOT / "docs/integrating.md").read_text(encoding="utf-8")
    section = guide.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    (curl,) = re.findall(r"```sh\n(curl .*?)\n```", section, re.DOTALL)
    environment = os.environ | {"STATUS_URL": service.url, "ATSI_TOKEN": demo.TOKEN}
    done = subprocess.run(["bash", "-c", curl], env=environment, capture_output=True, text=True, check=True, timeout=20)
    assert f"The reply is `{done.stdout}`." in section
    service.line(rf"intake/{room} +(recorded|late) .* status={status}")  # late within the second of another report
    service.line(rf"quality/counting +counted .* status={status}")


def test_what_became_of_requests_shows_in_the_ats_s_health(service: LocalService) -> None:
    """The lines of both channels reach the health function, each once; no other test sends such requests."""
    before = health(service)
    assert send(service, {"AtsiApplicationId": APPLICATION, "Status": "PROMOTED"})[0] == 422
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {demo.TOKEN}"}
    with pytest.raises(HTTPError) as refused:
        urlopen(Request(f"{service.url}/graphql", b"{}", headers), timeout=20)  # noqa: S310  # loopback
    refused.value.close()
    expected = {"atsi:invalid-fields": 1, "signals:malformed-body": 1}
    wait_for(lambda: expected.items() <= (health(service) - before).items())


def test_signed_in_jobseeker_asks_for_the_applications(service: LocalService) -> None:
    """The claims of an id token say who it is, as a Cognito authorizer passes them on; cookies don't count there."""
    own, others = (service.id_token(f"jobseeker/{name}") for name in (demo.JOBSEEKER_ID, "jobseeker-2"))
    headers = {"Authorization": f"Bearer {own}", "Cookie": f"__Host-id-token={others}"}
    request = Request(f"{service.url}/api/my/applications", headers=headers)  # noqa: S310  # loopback
    with urlopen(request, timeout=20) as reply:  # noqa: S310
        listed = {each["AtsiApplicationId"] for each in json.load(reply)["Applications"]}
    assert listed >= {sample.application_id for sample in demo.SAMPLES}
    assert len(listed) < demo_board.APPLICATIONS // 10


def test_tables_can_be_looked_into(service: LocalService) -> None:
    """With any DynamoDB client, at the address of the welcome."""
    service.line(rf"DynamoDB   http://127.0.0.1:{service.tables_port} ")
    tables = {table["TableName"] for table in Template().tables()}
    assert set(service.dynamodb.list_tables()["TableNames"]) == tables


def test_command_line_works_against_it(service: LocalService) -> None:
    """A token issued there is known to the running service at once, and not to be seen in its lines."""
    command = [str(Path(sys.executable).with_name("application-status")), "--local-tables"]
    command += [f"http://127.0.0.1:{service.tables_port}", "tokens", "issue", "--ats", "workday", "--show"]
    token = subprocess.run(command, capture_output=True, text=True, check=True, timeout=20).stdout.strip()
    headers = {"Content-Type": "application/json", "X-AtsiToken": token}
    body = json.dumps({"AtsiApplicationId": APPLICATION, "Status": "OFFER"}).encode()
    with pytest.raises(HTTPError) as unknown:
        urlopen(Request(f"{service.url}/api/application-status", body, headers), timeout=20)  # noqa: S310  # loopback
    with unknown.value:
        assert unknown.value.code == 404
    assert token not in "".join(service.lines)


def test_counters_agree_with_the_applications(service: LocalService) -> None:
    """This covers the initial applications and later reports."""
    assert send(service, {"AtsiApplicationId": demo.SAMPLES[1].application_id, "Status": "LEAD"})[0] == 200
    command = [str(Path(sys.executable).with_name("application-status")), "--local-tables"]
    command += [f"http://127.0.0.1:{service.tables_port}", "analytics", "verify"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    printed = re.fullmatch(r"(\d+) applications compared in generation 1; drift: 0\n", done.stdout)
    assert printed, done.stdout
    assert int(printed[1]) >= APPLICATIONS


def test_change_that_cant_be_counted_is_set_aside_in_its_bucket(service: LocalService) -> None:
    """The bucket lies beside the tables; the change after it counts."""
    unreadable = "51c3be16-0f93-41ed-9cc0-00000000dead"
    service.dynamodb.put_item(TableName="ApplicationsTable", Item={"AtsiApplicationId": {"S": unreadable}})
    service.line(r"^\d\d:\d\d:\d\d  platform +set aside ")
    report = {"AtsiApplicationId": demo.SAMPLES[1].application_id, "Status": "OFFER"}
    assert send(service, report)[0] == 200
    service.line(rf"quality/counting  counted +application={demo.SAMPLES[1].application_id} .*status=OFFER")
    s3 = boto3.client("s3", endpoint_url=f"http://127.0.0.1:{service.tables_port}")
    (listed,) = s3.list_objects_v2(Bucket="FailedRecordsBucket")["Contents"]
    document = json.load(s3.get_object(Bucket="FailedRecordsBucket", Key=listed["Key"])["Body"])
    (record,) = json.loads(document["payload"])["Records"]
    assert record["dynamodb"]["NewImage"]["AtsiApplicationId"]["S"] == unreadable
    assert document["requestContext"]["functionArn"].endswith(":function:AnalyticsFunction:live")
    command = [str(Path(sys.executable).with_name("application-status")), "--local-tables"]
    command += [f"http://127.0.0.1:{service.tables_port}", "failures", "redrive", "--all"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (1, "0 events succeeded, 1 failed again\n")
    assert f"{listed['Key']}: AnalyticsFunction set it aside again: KeyError\n" in done.stderr
    service.dynamodb.delete_item(TableName="ApplicationsTable", Key={"AtsiApplicationId": {"S": unreadable}})


def test_forty_reports_at_once_are_all_stored_and_counted(service: LocalService) -> None:
    """Each alternates the status, so each is entered: none gets lost on the way to the counters."""
    of = demo.SAMPLES[2].application_id
    wait_for(lambda: measures(service)["applications"] == APPLICATIONS)
    before = measures(service)
    yesterday = datetime.now(UTC).replace(minute=30) - timedelta(days=1, hours=1)
    reports = [
        {"AtsiApplicationId": of, "Status": ("CONTACT", "LEAD")[n % 2], "BusinessDate": f"{yesterday:%FT%H:%M}:{n:02}Z"}
        for n in range(40)
    ]
    with ThreadPoolExecutor(40) as senders:
        replies = list(senders.map(lambda body: send(service, body), reports))
    assert [status for status, _ in replies] == [200] * 40
    assert sorted(reply["Version"] for _, reply in replies) == list(range(2, 42))
    wait_for(lambda: measures(service)["reports"] - before["reports"] == 40)
    after = measures(service)
    grown = {name: after[name] - before[name] for name in after | before if after[name] != before[name]}
    assert grown == {
        "feedback": 1, f"first_response:{age(22)}": 1, "reports": 40, f"delay:{age(1)}": 40, "reentered": 38,
        "reached:CONTACT": 1, "reached:APPLIED": -1, "open:CONTACT": 1, "open:APPLIED": -1,
        "entered:CONTACT": 20, "entered:LEAD": 20, "waiting": -1, "in:APPLIED": -1, "in:LEAD": 1,
        f"time_in:APPLIED:{age(22)}": 1, "time_in:CONTACT:0": 20, "time_in:LEAD:0": 19,
    }  # fmt: skip


def test_new_job_joins_its_clients_list(service: LocalService) -> None:
    """The merge function is called every few seconds."""
    registration = {
        "AtsId": "demo-ats", "ClientId": "newcomer", "JobId": "job-new", "JobseekerId": "jobseeker-1",
        "JobTitle": "Lighthouse Keeper", "Company": "Newcomer AG", "AppliedAt": "2022-07-01T09:00:00Z",
    }  # fmt: skip
    paths = [f"/api/applications/51c3be16-0f93-41ed-9cc0-0000000000a{number}" for number in range(5)]
    for path in paths:
        assert call(service, "PUT", path, registration)["Result"] == "registered"
    try:
        rows = wait_for(lambda: call(service, "GET", "/api/board/quality?client=newcomer&by=job")["Rows"])
        assert [(row["Job"], row["JobTitle"]) for row in rows] == [("job-new", "Lighthouse Keeper")]
        service.line(r"^\d\d:\d\d:\d\d  quality/counting  merged +generation=1 entries=\d")
    finally:
        for path in paths:
            call(service, "DELETE", path)


def call(service: LocalService, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    """Send a request as a signed one, and return the JSON of a successful reply."""
    with closing(HTTPConnection("127.0.0.1", service.port, timeout=20)) as connection:
        headers = {"Content-Type": "application/json"}
        connection.request(method, path, json.dumps(body) if body else None, headers)
        with connection.getresponse() as reply:
            content = reply.read()
            assert reply.status < 300, content
            return json.loads(content or b"null")


def test_tables_lose_no_update_of_many_clients(service: LocalService) -> None:
    """The engine does by itself; the table server gives it one request at a time."""
    key = {"Scope": {"S": "test"}, "Part": {"S": "optimistic"}}
    service.dynamodb.put_item(TableName="QualityTable", Item={**key, "Turn": {"N": "0"}})

    def acknowledged(client: Any) -> int:
        done = 0
        for _ in range(25):
            turn = client.get_item(TableName="QualityTable", Key=key, ConsistentRead=True)["Item"]["Turn"]
            values = {":turn": turn, ":next": {"N": str(int(turn["N"]) + 1)}}
            with suppress(client.exceptions.ConditionalCheckFailedException):
                client.update_item(
                    TableName="QualityTable",
                    Key=key,
                    ConditionExpression="Turn = :turn",
                    UpdateExpression="SET Turn = :next",
                    ExpressionAttributeValues=values,
                )
                done += 1
        return done

    with ThreadPoolExecutor(16) as clients:
        total = sum(clients.map(acknowledged, [service.dynamodb for _ in range(16)]))
    item = service.dynamodb.get_item(TableName="QualityTable", Key=key, ConsistentRead=True)["Item"]
    assert int(item["Turn"]["N"]) == total >= 25


@pytest.mark.parametrize("taken", ["port", "tables_port"])
def test_used_port_is_said(service: LocalService, taken: str) -> None:
    """Exit code 1 and what to do, for either port."""
    second = LocalService(**{taken: getattr(service, taken)})
    assert second.process.wait(timeout=60) == 1
    second.line("Can't listen on a port: .*Choose other ports: make run PORT=3001 TABLES_PORT=4567")
    assert "Traceback" not in "".join(second.lines)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_stops_on_a_signal(number: signal.Signals) -> None:
    """Exit code 0 and "Stopped.", without a complaint; the ports are free again."""
    service = LocalService()
    service.wait_until_running()
    assert send(service, {"AtsiApplicationId": APPLICATION, "Status": "OFFER"})[0] == 200
    service.line("counted")
    assert service.end(number) == 0
    assert service.lines[-1] == "Stopped.\n"
    output = "".join(service.lines)
    assert not re.search("Traceback|Warning|Error", output), output
    for port in (service.port, service.tables_port):
        with socket.create_server(("127.0.0.1", port)):
            pass
