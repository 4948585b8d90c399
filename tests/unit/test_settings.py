"""Settings: read once, typed, and a wrong environment is explained in one go."""

import re
from zoneinfo import ZoneInfo

import pytest

from application_status.applications.record import UnknownApplications
from application_status.functions.registry import RegistrySettings
from application_status.functions.webhook import WebhookSettings
from application_status.platform.errors import SettingsError
from application_status.platform.settings import read
from application_status.quality.counting.stream import AnalyticsSettings

ANALYTICS = {"QUALITY_TABLE": "q", "REPORTING_TIME_ZONE": "Europe/Berlin"}


def test_settings_are_read_with_their_types() -> None:
    """Other variables don't matter."""
    environ = {"APPLICATIONS_TABLE": "a", "TOKENS_TABLE": "t", "UNKNOWN_APPLICATIONS": "accept", "HOME": "/"}
    environ |= {"SANDBOX_APPLICATIONS_TABLE": "s", "SANDBOX_REQUESTS_TABLE": "r", "REQUESTS_PER_SECOND": "50"}
    assert read(WebhookSettings, environ) == WebhookSettings("a", "t", 50, UnknownApplications.ACCEPT, "s", "r")
    assert read(RegistrySettings, environ | {"ALIASES_TABLE": "b", "FEEDBACK_TABLE": "c"}) == RegistrySettings(
        "a", "b", "c"
    )
    analytics = read(AnalyticsSettings, ANALYTICS)
    assert analytics == AnalyticsSettings("q", ZoneInfo("Europe/Berlin"))


@pytest.mark.parametrize("environ", [{}, {"APPLICATIONS_TABLE": "", "TOKENS_TABLE": ""}], ids=["missing", "empty"])
def test_every_missing_variable_is_named(environ: dict[str, str]) -> None:
    """All at once, so that a deployment is mended in one go; empty counts as missing."""
    with pytest.raises(SettingsError) as error:
        read(WebhookSettings, environ)
    assert str(error.value) == (
        "WebhookSettings: APPLICATIONS_TABLE is missing; TOKENS_TABLE is missing; REQUESTS_PER_SECOND is missing; "
        "UNKNOWN_APPLICATIONS is missing; SANDBOX_APPLICATIONS_TABLE is missing; SANDBOX_REQUESTS_TABLE is missing"
    )


def test_missing_and_wrong_are_named_together() -> None:
    """The wrong one with its value."""
    environ = {"TOKENS_TABLE": "t", "SANDBOX_APPLICATIONS_TABLE": "s", "SANDBOX_REQUESTS_TABLE": "r"}
    with pytest.raises(SettingsError) as error:
        read(WebhookSettings, environ | {"REQUESTS_PER_SECOND": "many", "UNKNOWN_APPLICATIONS": "maybe"})
    assert str(error.value) == (
        "WebhookSettings: APPLICATIONS_TABLE is missing; REQUESTS_PER_SECOND=many is not a int; "
        "UNKNOWN_APPLICATIONS=maybe is not a UnknownApplications"
    )


@pytest.mark.parametrize("zone", ["Europe/Bonn", "Berlin", "CEST+1", "../etc/passwd", "Europe", "Europe/", "/etc", "."])
def test_what_is_no_time_zone_is_wrong(zone: str) -> None:
    """Folders of the time-zone data are none either."""
    with pytest.raises(SettingsError, match=re.escape(f"REPORTING_TIME_ZONE={zone} is not a ZoneInfo")):
        read(AnalyticsSettings, ANALYTICS | {"REPORTING_TIME_ZONE": zone})


@pytest.mark.parametrize("text", ["ACCEPT", "Accept", " accept", "true", "1"])
def test_what_happens_to_unknown_applications_is_spelled_exactly(text: str) -> None:
    """Guessing would let strangers create applications."""
    environ = {"APPLICATIONS_TABLE": "a", "TOKENS_TABLE": "t", "SANDBOX_APPLICATIONS_TABLE": "s"}
    environ |= {"REQUESTS_PER_SECOND": "50"}
    with pytest.raises(SettingsError, match="UNKNOWN_APPLICATIONS"):
        read(WebhookSettings, environ | {"UNKNOWN_APPLICATIONS": text})
