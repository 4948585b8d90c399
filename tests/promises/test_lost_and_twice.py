"""20,000 reports through every intake, from clients that send again what fails, compared with the tables."""

import logging
import math
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import datetime
from functools import partial
from threading import Event
from typing import NamedTuple

import boto3
import pytest

from application_status.applications.items import application
from application_status.applications.rules.report import Channel, Transition
from application_status.functions.positions import PositionsSettings
from application_status.functions.positions import make_handler as make_positions
from application_status.intake.files.file import Counts
from application_status.platform import deadlines
from application_status.platform.dynamodb import boto, wire
from application_status.platform.dynamodb.client import DynamoDB
from application_status.platform.telemetry import logger, metrics
from support.all_intakes import TOKENS, Board, Client, Container, Sent, Turn, Weather, all_of, plan
from support.concurrency import all_at_once
from support.failed_records import set_aside
from support.faulty_proxy import proxy
from support.files import small_chunks
from support.proof import Figure, amount
from support.streams import record
from support.world import TEMPLATE, World

CLIENTS, SEED = 8, 3
REPORTS = amount(300, 20_000)
SHARED = amount(12, 400)
PARKED = amount(2, 24)


@pytest.fixture
def world(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """The template's tables; time-outs are short, and retries do not wait."""
    for module in (boto, wire):
        monkeypatch.setattr(module, "READ_SECONDS", 0.4)
    monkeypatch.setattr(deadlines, "_FIRST_PAUSE_SECONDS", 0)
    for name, size in small_chunks(1000):
        monkeypatch.setattr(name, size)
    monkeypatch.setattr(metrics, "add_metric", lambda **_: None)  # a container's own; here many share a process
    level = logger.log_level
    logger.setLevel(logging.CRITICAL)
    yield World(boto3.client("dynamodb", endpoint_url=endpoint))
    logger.setLevel(level)
    client = boto3.client("dynamodb", endpoint_url=endpoint)
    for table in TEMPLATE.tables():
        client.delete_table(TableName=table["TableName"])


def test_no_report_is_lost_or_stored_twice(world: World, endpoint: str, figure: Figure) -> None:
    """No accepted report is lost or stored twice, whatever fails.

    Eight clients report through all intakes at the same time, mostly about the same applications, and send again what
    fails as the documents say. Between the service and DynamoDB there are throttles, errors, dropped connections,
    damaged replies, and time-outs before and after the commit; between the clients and the service, requests and
    replies are lost or doubled. Every answer is compared with the table and with a model.
    """
    board = Board(world, SHARED, CLIENTS, PARKED)
    turns = plan(board, REPORTS, CLIENTS, SEED)
    with ExitStack() as stack:
        proxies = [stack.enter_context(proxy(endpoint)) for _ in range(2 * CLIENTS)]
        weathers = [Weather(SEED + number) for number in range(len(proxies))]
        for each, weather in zip(proxies, weathers, strict=True):
            each.weather = weather
        containers = [Container(world, each) for each in proxies]
        for container in containers:
            stack.callback(container.close)
        clients = [
            Client(world, board, list(TOKENS)[number % 2], SEED + number, containers[2 * number : 2 * number + 2])
            for number in range(CLIENTS)
        ]
        stopped = Event()
        all_at_once(*(partial(_take_all, client, own, stopped) for client, own in zip(clients, turns, strict=True)))
        _replay_parked(world, containers[0])
        for weather in weathers:
            weather.is_over = True
        while any(each.late for each in proxies):
            time.sleep(0.05)
    found = compared(world, list(all_of(turns)), [each for client in clients for each in client.counted])
    faults = sum((client.faults for client in clients), Counter[str]())
    faults += sum((weather.faults for weather in weathers), Counter[str]())
    assert found == Found([], [], [], [])
    sent = sum(len(turn.reports) for own in turns for turn in own)
    figure(f"{sent:,} reports and {faults.total():,} faults: {len(found.lost)} lost, {len(found.twice)} stored twice")


class Found(NamedTuple):
    """What is wrong: reports that are not stored, or twice, or although they were refused; and wrong answers."""

    lost: list[Sent]
    twice: list[Sent]
    refused: list[str]
    answers: list[str]


def compared(world: World, reports: Sequence[Sent], files: Sequence[tuple[Sequence[Sent], Counts]]) -> Found:
    """Compare the answers with the table, and with a model that takes the reports in the order of their versions."""
    pages = world.client.get_paginator("scan").paginate(TableName="ApplicationsTable", ConsistentRead=True)
    stored = {each.application_id: each for page in pages for each in map(application, page["Items"])}
    accepted: defaultdict[str, dict[str | datetime, Sent]] = defaultdict(dict)
    for each in reports:
        if not each.wrong:
            accepted[each.application][identity_of(each)] = each
    found = Found([], [], [], [])
    results: dict[int, str] = {}
    for application_id, now in stored.items():
        sent = accepted.pop(application_id, {})
        times = Counter(identity_of_stored(transition, sent) for transition in now.transitions.values())
        found.lost.extend(sent[identity] for identity in sent.keys() - times.keys())
        found.twice.extend(sent[identity] for identity in sent.keys() & times.keys() if times[identity] > 1)
        found.refused.extend(f"{application_id} {identity}" for identity in times.keys() - sent.keys())
        in_turn = sorted(now.transitions.values(), key=lambda transition: transition.version or 0)
        known = [(sent[i], t.version) for t in in_turn if (i := identity_of_stored(t, sent)) in sent]
        status = model(known, results, found.answers) or "APPLIED"
        changes = 1 + len(in_turn) + any(report.parked for report in sent.values())
        if (now.status, now.version) != (status, changes):
            found.answers.append(f"{application_id} is {now.status} v{now.version}, not {status} v{changes}")
    found.lost.extend(report for sent in accepted.values() for report in sent.values())
    for rows, counts in files:
        of_rows = Counter("refused" if row.wrong else results.get(row.number) for row in rows)
        if counts != Counts(**of_rows):  # type: ignore[arg-type]  # none is None, as none is lost
            found.answers.append(f"{counts}, not {of_rows}")
    return found


def model(reports: Sequence[tuple[Sent, int | None]], results: dict[int, str], wrong: list[str]) -> str | None:
    """Take an application's reports one after the other; return the status in the end, None without one.

    A report without a time is the newest when it comes. One with a time is late if a newer one was there before.
    """
    newest, status = 0.0, None
    for report, version in reports:
        result = "unmapped"
        if report.status:
            at = report.at.timestamp() if report.at else math.inf
            is_newest = at > newest or report.at is None
            result = "recorded" if is_newest else "late"
            newest, status = (at, report.status) if is_newest else (newest, status)
        results[report.number] = result
        said = report.result
        if said == "unchanged" and report.deliveries > 1:
            is_right = report.version is None or report.version >= (version or 0)
        else:
            is_right = said in {"accepted", "parked"} or (said, report.version or version) == (result, version)
        if not is_right:
            wrong.append(f"{report}: {result} v{version}")
    return status


def identity_of(report: Sent) -> str | datetime:
    """Return the label of a report; of a parked one, which is stored without a label, the time."""
    return report.at if report.parked and report.at else report.label


def identity_of_stored(transition: Transition, sent: dict[str | datetime, Sent]) -> str | datetime:
    """Return what a stored report is known by."""
    is_parked = transition.channel is Channel.ASHBY and transition.effective_at in sent
    return transition.effective_at if is_parked else transition.raw_status or transition.key


def _take_all(client: Client, turns: Sequence[Turn], stopped: Event) -> None:
    """Take a client's turns, until one of all fails."""
    try:
        for turn in turns:
            if stopped.is_set():
                return
            client.take(turn)
    except BaseException:
        stopped.set()
        raise


def _replay_parked(world: World, container: Container) -> None:
    """Deliver the new aliases to the positions function, as the stream does; twice."""
    handler = make_positions(
        DynamoDB(boto.transport(container.client)), PositionsSettings("ApplicationsTable", "AliasesTable"), set_aside()
    )
    pages = world.client.get_paginator("scan").paginate(TableName="AliasesTable", ConsistentRead=True)
    rows = [row for page in pages for row in page["Items"] if row["Alias"]["S"].startswith("native#ashby")]
    for _ in range(2):
        records = [record(row) for row in rows]
        for number, each in enumerate(records):
            each["dynamodb"]["SequenceNumber"] = str(number)
        while records:
            reply = handler({"Records": records}, None)
            failed = [int(each["itemIdentifier"]) for each in reply["batchItemFailures"]]
            records = [each for each in records if failed and int(each["dynamodb"]["SequenceNumber"]) >= min(failed)]
