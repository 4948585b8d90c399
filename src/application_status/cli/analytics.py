"""`application-status analytics`: rebuilds the quality counters, and verifies them."""

import argparse
import time
from datetime import date, datetime
from functools import partial
from typing import Never

from tqdm import tqdm

from application_status.applications.scan import AllApplications
from application_status.cli.output import print_line
from application_status.cli.target import Target
from application_status.cli.unreadable import print_unreadable
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
_ROW = "{:<20} {:<10} {:<24} {:>12} {:>12}  {}"


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the commands to the parser."""
    rebuild = commands.add_parser(
        "rebuild", help="count all applications again, while reports keep arriving; resumable"
    )
    rebuild.add_argument("--segments", type=_segments, default=4, help="number of threads of the scan (default: 4)")
    rebuild.add_argument(
        "--restart",
        action="store_true",
        help="start over instead of resuming an interrupted rebuild, e.g. after a release",
    )
    rebuild.set_defaults(command=_rebuild)

    verify = commands.add_parser(
        "verify",
        help="compare the counters with the applications; exit code 1 if they differ or an application is unreadable",
    )
    verify.add_argument(
        "--sample", type=_share, metavar="SHARE", help="compare about this share of the applications, e.g. 0.01"
    )
    verify.add_argument("--first", type=int, default=20, metavar="N", help="print at most N differences (default: 20)")
    verify.set_defaults(command=_verify)


def _rebuild(target: Target, given: argparse.Namespace) -> int:
    settings = target.analytics()
    rebuilds = Rebuilds(target.dynamodb, settings.quality_table)
    if rebuilds.former() is not None:
        _delete_former(rebuilds)
        print_line("This finished an interrupted rebuild. Run the command again to start a new one.")
        return 0
    code = _build(target, settings, rebuilds, given)
    _delete_former(rebuilds)
    return code


def _build(target: Target, settings: AnalyticsSettings, rebuilds: Rebuilds, given: argparse.Namespace) -> int:
    """Start a generation or resume one, count all applications into it, and switch reports to it.

    Return the exit code: 1 if some applications can't be read, which are left out. If none can be read, the next run
    starts over.

    Raises:
        ValueError: no application can be read.
    """
    applications = AllApplications(target.dynamodb, target.table("ApplicationsTable"))
    rebuild = _started(rebuilds, settings, given)
    quality = Counters(target.dynamodb, settings.quality_table)
    scan = Scan(applications, quality, rebuilds, settings.reporting_time_zone)
    try:
        with _progress(applications) as progress:
            scan.run(rebuild, progress.update)
    finally:
        code = print_unreadable(scan.unreadable)
    if scan.unreadable and progress.n <= len(scan.unreadable):
        rebuilds.start(rebuild.zone, given.segments)
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
    with tqdm(unit=" journal entries", leave=False) as progress:
        while entries := merger.merge(_today(settings)):
            progress.update(entries)


def _reader(target: Target, settings: AnalyticsSettings, generation: int) -> QualityReader:
    return QualityReader(target.dynamodb, settings.quality_table, generation, _today(settings))


def _today(settings: AnalyticsSettings) -> date:
    return datetime.now(settings.reporting_time_zone).date()


def _started(rebuilds: Rebuilds, settings: AnalyticsSettings, given: argparse.Namespace) -> Rebuild:
    zone = settings.reporting_time_zone.key
    rebuild = rebuilds.current()
    if rebuild and rebuild.zone == zone and not given.restart:
        print_line(f"Resuming the rebuild of generation {rebuild.generation}.")
        return rebuild
    if rebuild:
        print_line(f"Discarding generation {rebuild.generation}, which has days of {rebuild.zone}.")
    rebuilds.start(zone, given.segments)
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
    with tqdm(unit=" items", leave=False) as progress:
        for deleted in rebuilds.delete_former():
            progress.update(deleted)
    print_line("It is deleted.")


def _verify(target: Target, given: argparse.Namespace) -> int:
    """Print the differences; start over if a rebuild switches generations meanwhile."""
    settings = target.analytics()
    applications = AllApplications(target.dynamodb, target.table("ApplicationsTable"))
    while True:
        live = generations(target.dynamodb, settings.quality_table).live
        with _progress(applications, given.sample or 1) as progress:
            verifier = Verifier(
                applications, target.dynamodb, settings.quality_table, live, settings.reporting_time_zone
            )
            found = _found(verifier, progress, given.sample)
        if generations(target.dynamodb, settings.quality_table).live == live:
            break
    if found:
        print_line(_ROW.format("OF", "TIME", "MEASURE", "COUNTED", "EXPECTED", "APPLICATION"))
    for each in found[: given.first]:
        amounts = str(each.counted), str(each.expected)
        print_line(_ROW.format(each.of, each.time or "-", each.measure, *amounts, each.application_id or "(the total)"))
    print_line(
        f"{progress.n - len(verifier.unreadable)} applications compared in generation {live}; drift: {len(found)}"
    )
    former = Rebuilds(target.dynamodb, settings.quality_table).former()
    if former is not None:
        print_line(f"Generation {former} is not deleted yet. Run `analytics rebuild` to delete it.")
    return print_unreadable(verifier.unreadable) or (1 if found else 0)


def _found(verifier: Verifier, progress: "tqdm[Never]", share: float | None) -> list[Drift]:
    if share is None:
        return verifier.verify_all(progress.update)
    suspects = set()
    for page in verifier.applications.sample(share):
        suspects |= verifier.suspects(page)
        progress.update(len(page))
    contradictions = [each for ats in verifier.ats_ids() for each in verifier.contradictions(ats)]
    return [*verifier.confirmed(suspects), *contradictions]


def _progress(applications: AllApplications, share: float = 1) -> "tqdm[Never]":
    return tqdm(total=round(applications.approximate_count() * share), unit=" applications", leave=False)


def _segments(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= 100:  # noqa: PLR2004  # threads of one machine
        raise argparse.ArgumentTypeError("1 to 100")
    return int(text)


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = 0.0
    if not 0 < share <= 1:
        raise argparse.ArgumentTypeError("a number over 0 up to 1")
    return share
