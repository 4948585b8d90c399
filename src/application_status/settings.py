"""Each function's settings, read once from its environment; a missing or wrong one stops the start.

Every function makes all these classes at its start, and named tuples are made quicker than dataclasses.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple
from zoneinfo import ZoneInfo

from application_status.errors import SettingsError


class UnknownApplications(StrEnum):
    """What happens to a report about an application that nobody registered."""

    REJECT = "reject"
    ACCEPT = "accept"


class WebhookSettings(NamedTuple):
    """Environment of the webhook: APPLICATIONS_TABLE, TOKENS_TABLE, UNKNOWN_APPLICATIONS, SANDBOX_APPLICATIONS_TABLE.

    UNKNOWN_APPLICATIONS is reject or accept, and for live tokens alone: the sandbox always rejects them.
    """

    applications_table: str
    tokens_table: str
    unknown_applications: UnknownApplications
    sandbox_applications_table: str


class SignalsSettings(NamedTuple):
    """Environment of the signals: APPLICATIONS_TABLE and ALIASES_TABLE (both also SANDBOX_...), TOKENS_TABLE."""

    applications_table: str
    aliases_table: str
    tokens_table: str
    sandbox_applications_table: str
    sandbox_aliases_table: str


class SandboxSettings(NamedTuple):
    """Environment of the sandbox: SANDBOX_APPLICATIONS_TABLE, SANDBOX_ALIASES_TABLE, TOKENS_TABLE."""

    sandbox_applications_table: str
    sandbox_aliases_table: str
    tokens_table: str


class PositionsSettings(NamedTuple):
    """Environment of the positions: APPLICATIONS_TABLE, ALIASES_TABLE."""

    applications_table: str
    aliases_table: str


class RegistrySettings(NamedTuple):
    """Environment of the registry: APPLICATIONS_TABLE, ALIASES_TABLE."""

    applications_table: str
    aliases_table: str


class AnalyticsSettings(NamedTuple):
    """Environment of the analytics: QUALITY_TABLE, REPORTING_TIME_ZONE, QUALITY_SHARDS.

    The time zone is an IANA name; days are cut there. Each ATS's counters are spread over so many shards, from 1 on.
    """

    quality_table: str
    reporting_time_zone: ZoneInfo
    quality_shards: int


class ViewsSettings(NamedTuple):
    """Environment of the views: the tables APPLICATIONS_TABLE, SANDBOX_APPLICATIONS_TABLE, QUALITY_TABLE, TOKENS_TABLE.

    And REPORTING_TIME_ZONE, an IANA name; days are cut there.
    """

    applications_table: str
    quality_table: str
    tokens_table: str
    reporting_time_zone: ZoneInfo
    sandbox_applications_table: str


class MyApplicationsSettings(NamedTuple):
    """Environment of the applicant's function: APPLICATIONS_TABLE, REPORTING_TIME_ZONE, BAD_NEWS_DELAY_HOURS.

    Days are cut in the time zone; bad news is told so many hours after its receipt.
    """

    applications_table: str
    reporting_time_zone: ZoneInfo
    bad_news_delay_hours: int


class HealthSettings(NamedTuple):
    """Environment of the health: QUALITY_TABLE, REPORTING_TIME_ZONE (an IANA name; days are cut there)."""

    quality_table: str
    reporting_time_zone: ZoneInfo


class VerificationSettings(NamedTuple):
    """Environment of the verification: APPLICATIONS_TABLE, QUALITY_TABLE, REPORTING_TIME_ZONE, STACK.

    The stack's name is a dimension of its metrics, so that stacks of one account don't share an alarm.
    """

    applications_table: str
    quality_table: str
    reporting_time_zone: ZoneInfo
    stack: str


class FactsSettings(NamedTuple):
    """Environment of the facts: FACTS_STREAM (Firehose's), REPORTING_TIME_ZONE (an IANA name; days are cut there)."""

    facts_stream: str
    reporting_time_zone: ZoneInfo


class SetAsideSettings(NamedTuple):
    """Environment of each stream function: FAILED_RECORDS_BUCKET, and STACK, as for the verification."""

    failed_records_bucket: str
    stack: str


def read[Settings](kind: type[Settings], environ: Mapping[str, str]) -> Settings:
    """Read one of the classes above: each field from the variable of its name in capitals.

    Raises SettingsError that names every variable that is missing or wrong.
    """
    values, wrong = {}, []
    for name, of in kind.__annotations__.items():
        variable = name.upper()
        text = environ.get(variable, "")
        if not text:
            wrong.append(f"{variable} is missing")
            continue
        try:
            values[name] = of(text)  # str, an enum, ZoneInfo: all take the text
        except (ValueError, LookupError, OSError):
            wrong.append(f"{variable}={text} is not a {of.__name__}")
    if wrong:
        raise SettingsError(f"{kind.__name__}: {'; '.join(wrong)}")
    return kind(**values)


def is_started_ahead(environ: Mapping[str, str]) -> bool:
    """Whether Lambda starts the function before a request needs it: for a snapshot, or as provisioned concurrency.

    https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
    """
    return environ.get("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand") != "on-demand"
