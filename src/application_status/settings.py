"""Each function's settings, read once from its environment; a missing or wrong one stops the start."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from zoneinfo import ZoneInfo

from application_status.errors import SettingsError


class UnknownApplications(StrEnum):
    """What happens to a report about an application that nobody registered."""

    REJECT = "reject"
    ACCEPT = "accept"


@dataclass(frozen=True, slots=True)
class WebhookSettings:
    """Environment of the webhook: APPLICATIONS_TABLE, TOKENS_TABLE, UNKNOWN_APPLICATIONS, SANDBOX_APPLICATIONS_TABLE.

    UNKNOWN_APPLICATIONS is reject or accept, and for live tokens alone: the sandbox always rejects them.
    """

    applications_table: str
    tokens_table: str
    unknown_applications: UnknownApplications
    sandbox_applications_table: str


@dataclass(frozen=True, slots=True)
class SignalsSettings:
    """Environment of the signals: APPLICATIONS_TABLE and ALIASES_TABLE (both also SANDBOX_...), TOKENS_TABLE."""

    applications_table: str
    aliases_table: str
    tokens_table: str
    sandbox_applications_table: str
    sandbox_aliases_table: str


@dataclass(frozen=True, slots=True)
class SandboxSettings:
    """Environment of the sandbox: SANDBOX_APPLICATIONS_TABLE, SANDBOX_ALIASES_TABLE, TOKENS_TABLE."""

    sandbox_applications_table: str
    sandbox_aliases_table: str
    tokens_table: str


@dataclass(frozen=True, slots=True)
class PositionsSettings:
    """Environment of the positions: APPLICATIONS_TABLE, ALIASES_TABLE."""

    applications_table: str
    aliases_table: str


@dataclass(frozen=True, slots=True)
class RegistrySettings:
    """Environment of the registry: APPLICATIONS_TABLE, ALIASES_TABLE."""

    applications_table: str
    aliases_table: str


@dataclass(frozen=True, slots=True)
class AnalyticsSettings:
    """Environment of the analytics: QUALITY_TABLE, REPORTING_TIME_ZONE, QUALITY_SHARDS.

    The time zone is an IANA name; days are cut there. Each ATS's counters are spread over so many shards, from 1 on.
    """

    quality_table: str
    reporting_time_zone: ZoneInfo
    quality_shards: int


@dataclass(frozen=True, slots=True)
class ViewsSettings:
    """Environment of the views: the tables APPLICATIONS_TABLE, SANDBOX_APPLICATIONS_TABLE, QUALITY_TABLE, TOKENS_TABLE.

    And REPORTING_TIME_ZONE, an IANA name; days are cut there.
    """

    applications_table: str
    quality_table: str
    tokens_table: str
    reporting_time_zone: ZoneInfo
    sandbox_applications_table: str


@dataclass(frozen=True, slots=True)
class MyApplicationsSettings:
    """Environment of the applicant's function: APPLICATIONS_TABLE, REPORTING_TIME_ZONE, BAD_NEWS_DELAY_HOURS.

    Days are cut in the time zone; bad news is told so many hours after its receipt.
    """

    applications_table: str
    reporting_time_zone: ZoneInfo
    bad_news_delay_hours: int


@dataclass(frozen=True, slots=True)
class HealthSettings:
    """Environment of the health: QUALITY_TABLE, REPORTING_TIME_ZONE (an IANA name; days are cut there)."""

    quality_table: str
    reporting_time_zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class VerificationSettings:
    """Environment of the verification: APPLICATIONS_TABLE, QUALITY_TABLE, REPORTING_TIME_ZONE, STACK.

    The stack's name is a dimension of its metrics, so that stacks of one account don't share an alarm.
    """

    applications_table: str
    quality_table: str
    reporting_time_zone: ZoneInfo
    stack: str


@dataclass(frozen=True, slots=True)
class FactsSettings:
    """Environment of the facts: FACTS_STREAM (Firehose's), REPORTING_TIME_ZONE (an IANA name; days are cut there)."""

    facts_stream: str
    reporting_time_zone: ZoneInfo


def read[Settings](kind: type[Settings], environ: Mapping[str, str]) -> Settings:
    """Read one of the classes above: each field from the variable of its name in capitals.

    Raises SettingsError that names every variable that is missing or wrong.
    """
    values, wrong = {}, []
    for field in fields(kind):  # type: ignore[arg-type]  # the classes above are dataclasses
        variable = field.name.upper()
        text = environ.get(variable, "")
        if not text:
            wrong.append(f"{variable} is missing")
            continue
        try:
            values[field.name] = field.type(text)  # type: ignore[operator]  # str, an enum, ZoneInfo: all take the text
        except (ValueError, LookupError, OSError):
            wrong.append(f"{variable}={text} is not a {field.type.__name__}")  # type: ignore[union-attr]
    if wrong:
        raise SettingsError(f"{kind.__name__}: {'; '.join(wrong)}")
    return kind(**values)
