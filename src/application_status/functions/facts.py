"""The Lambda function that sends each change of an application to Amazon Data Firehose, from the table's stream."""

import os
from typing import NamedTuple
from zoneinfo import ZoneInfo

from application_status.facts.firehose import Firehose, connect
from application_status.facts.stream import facts_stream
from application_status.platform.settings import read
from application_status.platform.streams import SetAside, StreamHandler


class FactsSettings(NamedTuple):
    """Environment of the facts function: FACTS_STREAM (the Firehose stream) and REPORTING_TIME_ZONE.

    Days begin at midnight in REPORTING_TIME_ZONE (an IANA name).
    """

    facts_stream: str
    reporting_time_zone: ZoneInfo


def make_handler(firehose: Firehose, settings: FactsSettings, set_aside: SetAside) -> StreamHandler:
    """Connect the stream of changes to Firehose."""
    return facts_stream(firehose, settings.facts_stream, settings.reporting_time_zone, set_aside)


lambda_handler = make_handler(connect(), read(FactsSettings, os.environ), SetAside.from_environment(os.environ))
