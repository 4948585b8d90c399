"""Lets applications expire: runs the retention function once for each part of the table."""

from datetime import timedelta

import time_machine

from application_status.applications.register import Registrations
from application_status.applications.rules.registration import Aliases
from application_status.platform.values import now
from support.world import APPLICATION, OPEN_RETENTION_DAYS, World, registration, sample_event


def add_many_aliases(world: World) -> None:
    """Register 120 aliases of APPLICATION, more than one transaction can delete."""
    registrations = Registrations(world.dynamodb, "ApplicationsTable", "AliasesTable")
    for start in range(0, 40, 10):
        numbers = [f"{number:02}" for number in range(start, start + 10)]
        aliases = Aliases(
            tokens=tuple(f"t-{n}" for n in numbers),
            candidate_application_profile_ids=tuple(f"c-{n}" for n in numbers),
            position_profile_ids=tuple(f"p-{n}" for n in numbers),
        )
        registrations.register(APPLICATION, registration(aliases=aliases))


def expire_all(world: World, days: float = OPEN_RETENTION_DAYS + 1) -> int:
    """Run the function hourly for a day, this many days from now; return how many applications expired."""
    expired = 0
    for hour in range(24):
        with time_machine.travel(now() + timedelta(days=days, hours=hour), tick=False):
            expired += world.retention(sample_event("RetentionFunction/scheduled"), None)["expired"]
    return expired
