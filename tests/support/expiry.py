"""Lets applications expire: runs the retention function once for each part of the table."""

from datetime import timedelta

import time_machine

from application_status.platform.values import now
from support.world import OPEN_RETENTION_DAYS, World, sample_event


def expire_all(world: World, days: float = OPEN_RETENTION_DAYS + 1) -> int:
    """Run the function hourly for a day, this many days from now; return how many applications expired."""
    expired = 0
    for hour in range(24):
        with time_machine.travel(now() + timedelta(days=days, hours=hour), tick=False):
            expired += world.retention(sample_event("RetentionFunction/scheduled"), None)["expired"]
    return expired
