"""The webhook: a report's way from the request to the table."""

import os
from dataclasses import replace
from typing import Any

from application_status.errors import Unauthenticated
from application_status.gateway.endpoint import LambdaHandler, endpoint
from application_status.gateway.problems import Reply, reply
from application_status.gateway.request import Request
from application_status.gateway.token import CallingAts, Worlds, calling_ats
from application_status.model.channel import Channel
from application_status.model.report import Report
from application_status.model.signal import read_raw_status
from application_status.model.status import Status
from application_status.model.vocabulary import Vocabulary
from application_status.settings import WebhookSettings, is_started_ahead, read
from application_status.store.applications import Applications, Recorded
from application_status.store.dynamodb import DynamoDB
from application_status.store.overrides import Overrides
from application_status.store.tokens import TokenLookup
from application_status.store.wire import connect
from application_status.telemetry import answered, called_by, count, logger
from application_status.webhook.message import report


def make_handler(dynamodb: DynamoDB, settings: WebhookSettings) -> LambdaHandler:
    """Make the handler of `POST /api/application-status` and `POST /qs-api/public/atsi/v1/{ATS_ID}`."""
    tokens = TokenLookup(dynamodb, settings.tokens_table)
    overrides = Overrides(dynamodb, settings.tokens_table)
    applications = Worlds(
        live=Applications(dynamodb, settings.applications_table, settings.unknown_applications),
        sandbox=Applications(dynamodb, settings.sandbox_applications_table),  # what it accepted would never expire
    )

    @endpoint
    def receive(request: Request) -> Reply:
        request.require_method("POST")
        ats = _authenticate(request, tokens)
        called_by(ats.id, Channel.ATSI)
        checked, ignored = report(request, ats.id)
        checked = _with_outcome(checked, overrides)
        recorded = applications.open_to(ats).record(checked)
        return _answer(request, checked, recorded, ignored)

    return receive


def _authenticate(request: Request, tokens: TokenLookup) -> CallingAts:
    """Return the caller's ATS, which is the path's where the path names one; Unauthenticated in every other case."""
    ats = calling_ats(request, tokens)
    if request.path_parameters.get("ATS_ID", ats.id) != ats.id:
        raise Unauthenticated
    return ats


def _with_outcome(checked: Report, overrides: Overrides) -> Report:
    """Let the label of a rejection tell how it came about."""
    reading = checked.reading
    if reading.status is not Status.REJECTED or reading.raw_status is None:
        return checked
    meaning = Vocabulary.load().meaning(reading.raw_status, overrides.of(checked.ats_id))
    return replace(checked, reading=read_raw_status(reading.status, reading.raw_status, meaning))


def _answer(request: Request, checked: Report, recorded: Recorded, ignored: tuple[str, ...]) -> Reply:
    body: dict[str, Any] = {
        "AtsiApplicationId": checked.application_id,
        "Status": recorded.status,
        "PreviousStatus": recorded.previous,
        "Outcome": recorded.receipt,
        "Version": recorded.version,
        "RequestId": request.request_id,
    }
    count(recorded.receipt.capitalize())
    if recorded.folded:
        count("Folded", recorded.folded)
    logger.info(
        recorded.receipt,
        extra=answered(recorded.receipt),
        application=checked.application_id,
        reported=checked.reading.status,
        status=recorded.status,
        version=recorded.version,
        request_id=request.request_id,
    )
    return reply(200, body | ({"IgnoredFields": ignored} if ignored else {}))


if is_started_ahead(os.environ):
    Vocabulary.load()  # else the first rejection with a label loads it, as a start without a snapshot is waited for
lambda_handler = make_handler(connect(), read(WebhookSettings, os.environ))
