"""The table of the providers whose webhooks are received.

A new provider is a folder with `verify` and `read`, an entry in this table, a member of `Channel`, and a checklist of
what the customer's administrator sets up in the ATS, among the texts of both languages (`connection.checklist`).
"""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import NamedTuple

from application_status.applications.rules.report import Channel
from application_status.intake.connect.ashby import webhook as ashby
from application_status.intake.connect.events import Read, Verify
from application_status.intake.connect.greenhouse import webhook as greenhouse
from application_status.intake.connect.lever import webhook as lever
from application_status.intake.connect.recruitee import webhook as recruitee


class SecretFrom(StrEnum):
    """Who makes the secret of a webhook."""

    BOARD = "board"
    """We make it, and the customer enters it in the ATS."""
    ATS = "ats"
    """The ATS makes it and shows it once the webhook is created, and the customer gives it to the job board."""


class Provider(NamedTuple):
    """A provider's webhook.

    Attributes:
        title: the provider's name, for people.
        secret_from: who makes the secret.
        verify: checks the signature.
        read: returns the events in a body.
        is_test: whether an unsigned body is a test, which is answered with success before there is a secret.
        single_use: the value in a body that may be used for one body only; None if the provider signs the whole body.
        success: the HTTP status that the provider takes for success.
    """

    title: str
    secret_from: SecretFrom
    verify: Verify
    read: Read
    is_test: Callable[[bytes], bool] | None = None
    single_use: Callable[[bytes], str | None] | None = None
    success: int = 200


PROVIDERS: Mapping[Channel, Provider] = {
    Channel.GREENHOUSE: Provider("Greenhouse", SecretFrom.BOARD, greenhouse.verify, greenhouse.read),
    Channel.ASHBY: Provider("Ashby", SecretFrom.BOARD, ashby.verify, ashby.read),
    Channel.RECRUITEE: Provider(
        "Recruitee", SecretFrom.ATS, recruitee.verify, recruitee.read, is_test=recruitee.is_test
    ),
    Channel.LEVER: Provider("Lever", SecretFrom.ATS, lever.verify, lever.read, single_use=lever.single_use),
}
