"""`application-status analytics`: rebuilds the quality counters, and verifies them.

Model: tests/promises/models/rebuild.pml
"""

import time
from contextlib import AbstractContextManager
from datetime import date, datetime
from functools import partial

import click

from application_status.applications.scan import AllApplications
from application_status.cli.output import (
    Counted,
    json_option,
    print_error,
    print_line,
    print_table,
    print_unreadable,
    progress_bar,
)
from application_status.cli.target import Target, pass_target
from application_status.quality.counters.generations import generations
from application_status.quality.counters.merge import Merger
from application_status.quality.counters.read import QualityReader
from application_status.quality.counters.rebuilds import Rebuild, RebuildOvertaken, Rebuilds
from application_status.quality.counters.write import Counters
from application_status.quality.counting.drift import Drift
from application_status.quality.counting.rebuild import Scan, compare
from application_status.quality.counting.stream import AnalyticsSettings
from application_status.quality.counting.verification import Verifier

_LONGEST_INVOCATION_SECONDS = 60  # the analytics function's time-out
_MOST_SEGMENTS = 100  # threads of one machine


class _Share(click.ParamType[float]):
    name = "share"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> float:
        try:
            share = float(value)
        except ValueError:
            share = 0.0
        if not 0 < share <= 1:
            self.fail(f"'{value}' is not a number over 0 up to 1", param, ctx)
        return share


@click.group("analytics")
def commands() -> None:
    """Rebuild and verify the quality counters."""


@commands.command("rebuild")
@click.option(
    "--segments",
    type=click.IntRange(1, _MOST_SEGMENTS),
    default=4,
    show_default=True,
    help="The number of threads of the scan.",
)
@click.option(
    "--restart", is_flag=True, help="Start over instead of resuming an interrupted rebuild, e.g. after a release."
)
@pass_target
def _rebuild(target: Target, segments: int, *, restart: bool) -> int:
    """Count all applications again, while reports keep arriving; resumable."""
    settings = target.analytics()
    rebuilds = Rebuilds(target.dynamodb, settings.quality_table)
    if rebuilds.former() is not None:
        _delete_former(rebuilds)
        print_line("This finished an interrupted rebuild. Run the command again to start a new one.")
        return 0
    code = _build(target, settings, rebuilds, segments, restart=restart)
    _delete_former(rebuilds)
    return code


def _build(target: Target, settings: AnalyticsSettings, rebuilds: Rebuilds, segments: int, *, restart: bool) -> int:
    """Start a generation or resume one, count all applications into it, and switch reports to it.

    Return the exit code: 1 if some applications can't be read, which are left out. If none can be read, the next run
    starts over.

    Raises:
        ValueError: no application can be read.
    """
    applications = AllApplications(target.dynamodb, target.table("ApplicationsTable"))
    rebuild = _started(rebuilds, settings, segments, restart=restart)
    quality = Counters(target.dynamodb, settings.quality_table)
    scan = Scan(applications, quality, rebuilds, settings.reporting_time_zone)
    try:
        with _progress(applications) as progress:
            scan.run(rebuild, progress.update)
    finally:
        code = print_unreadable(scan.unreadable)
    if scan.unreadable and progress.amount() <= len(scan.unreadable):
        rebuilds.start(rebuild.zone, segments)
        raise ValueError("no application can be read; the counters are not changed")
    _merge(target, settings, rebuild.generation)
    live = generations(target.dynamodb, settings.quality_table).live
    differing = compare(partial(_reader, target, settings), live, rebuild.generation)
    for ats, counters in sorted(differing.items()):
        print_line(f"{counters:>8}  counters of {ats} had drifted")
    print_line(f"{differing.total()} counters differed between the generations {live} and {rebuild.generation}")
    rebuilds.switch(rebuild)
    return code


def _merge(target: Target, settings: AnalyticsSettings, generation: int) -> None:
    """Merge the journal of a generation, so that reports do not have to read it."""
    merger = Merger(target.dynamodb, settings.quality_table, generation)
    with progress_bar("journal entries") as progress:
        while entries := merger.merge(_today(settings)):
            progress.update(entries)


def _reader(target: Target, settings: AnalyticsSettings, generation: int) -> QualityReader:
    return QualityReader(target.dynamodb, settings.quality_table, generation, _today(settings))


def _today(settings: AnalyticsSettings) -> date:
    return datetime.now(settings.reporting_time_zone).date()


def _started(rebuilds: Rebuilds, settings: AnalyticsSettings, segments: int, *, restart: bool) -> Rebuild:
    zone = settings.reporting_time_zone.key
    rebuild = rebuilds.current()
    if rebuild and rebuild.zone == zone and not restart:
        print_line(f"Resuming the rebuild of generation {rebuild.generation}.")
        return rebuild
    if rebuild:
        print_line(f"Discarding generation {rebuild.generation}, which has days of {rebuild.zone}.")
    rebuilds.start(zone, segments)
    rebuild = rebuilds.current()
    if rebuild is None or rebuild.zone != zone:
        raise RebuildOvertaken
    print_line(f"Started generation {rebuild.generation}, with days of {zone}. From now on, changes count in it too.")
    return rebuild


def _delete_former(rebuilds: Rebuilds) -> None:
    """Delete the former generation, once no invocation can still write to it."""
    print_line(f"Reports read the new generation. Generation {rebuilds.former()} will be deleted in a minute.")
    time.sleep(_LONGEST_INVOCATION_SECONDS)
    rebuilds.wait_for_merge()
    with progress_bar("items") as progress:
        for deleted in rebuilds.delete_former():
            progress.update(deleted)
    print_line("It is deleted.")


@commands.command("verify")
@click.option(
    "--sample",
    type=_Share(),
    metavar="SHARE",
    help="Compare about this share of the applications, e.g. 0.01.",
)
@click.option(
    "--first", type=click.IntRange(0), default=20, show_default=True, metavar="N", help="Print at most N differences."
)
@json_option
@pass_target
def _verify(target: Target, sample: float | None, first: int, *, as_json: bool) -> int:
    """Compare the counters with the applications; exit code 1 if they differ or an application is unreadable."""
    settings = target.analytics()
    applications = AllApplications(target.dynamodb, target.table("ApplicationsTable"))
    while True:  # a rebuild may switch generations meanwhile
        live = generations(target.dynamodb, settings.quality_table).live
        with _progress(applications, sample or 1) as progress:
            verifier = Verifier(
                applications, target.dynamodb, settings.quality_table, live, settings.reporting_time_zone
            )
            found = _found(verifier, progress, sample)
        if generations(target.dynamodb, settings.quality_table).live == live:
            break
    if found or as_json:
        print_table(
            ("of", "time", "measure", "counted", "expected", "application"),
            [
                (
                    each.of,
                    each.time or None,
                    each.measure,
                    each.counted,
                    each.expected,
                    each.application_id or "(the total)",
                )
                for each in found[:first]
            ],
            as_json=as_json,
        )
    say = print_error if as_json else print_line
    compared = progress.amount() - len(verifier.unreadable)
    say(f"{compared} applications compared in generation {live}; drift: {len(found)}")
    former = Rebuilds(target.dynamodb, settings.quality_table).former()
    if former is not None:
        say(f"Generation {former} is not deleted yet. Run `analytics rebuild` to delete it.")
    return print_unreadable(verifier.unreadable) or (1 if found else 0)


def _found(verifier: Verifier, progress: Counted, share: float | None) -> list[Drift]:
    if share is None:
        return verifier.verify_all(progress.update)
    suspects = set()
    for page in verifier.applications.sample(share):
        suspects |= verifier.suspects(page)
        progress.update(len(page))
    contradictions = [each for ats in verifier.ats_ids() for each in verifier.contradictions(ats)]
    return [*verifier.confirmed(suspects), *contradictions]


def _progress(applications: AllApplications, share: float = 1) -> AbstractContextManager[Counted]:
    return progress_bar("applications", round(applications.approximate_count() * share))
