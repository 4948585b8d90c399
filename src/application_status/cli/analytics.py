"""`application-status analytics`: rebuild the counters, and verify them."""

import argparse
import time
from typing import Never

from tqdm import tqdm

from application_status.applications.scan import AllApplications
from application_status.cli.output import say
from application_status.cli.target import Target
from application_status.cli.unreadable import tell
from application_status.functions.analytics import AnalyticsSettings
from application_status.quality.counters.generations import generations
from application_status.quality.counters.read import QualityReader
from application_status.quality.counters.rebuilds import Rebuild, RebuildOvertaken, Rebuilds
from application_status.quality.counters.write import Counters
from application_status.quality.counting.drift import Drift
from application_status.quality.counting.rebuild import Scan, compare
from application_status.quality.counting.verification import Verifier

_LONGEST_INVOCATION_SECONDS = 60  # the analytics function's time-out
_ROW = "{:<20} {:<10} {:<24} {:>12} {:>12}  {}"


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the commands to the parser."""
    rebuild = commands.add_parser("rebuild", help="count all applications anew, while reports keep coming; resumable")
    rebuild.add_argument("--segments", type=_segments, default=4, help="scan in so many threads (default: 4)")
    rebuild.add_argument(
        "--anew", action="store_true", help="give up what an interrupted rebuild counted, with other code perhaps"
    )
    rebuild.set_defaults(command=_rebuild)

    verify = commands.add_parser(
        "verify", help="compare the counters with the applications; exit code 1 where they drift or one can't be read"
    )
    verify.add_argument(
        "--sample", type=_share, metavar="SHARE", help="only about this share of the applications, e.g. 0.01"
    )
    verify.add_argument("--first", type=int, default=20, metavar="N", help="print so many differences (default: 20)")
    verify.set_defaults(command=_verify)


def _rebuild(target: Target, given: argparse.Namespace) -> int:
    settings = target.analytics()
    rebuilds = Rebuilds(target.dynamodb, settings.quality_table)
    if rebuilds.former() is not None:
        _delete_former(rebuilds)
        say("that is what an interrupted rebuild had left; run it again to rebuild")
        return 0
    code = _build(target, settings, rebuilds, given)
    _delete_former(rebuilds)
    return code


def _build(target: Target, settings: AnalyticsSettings, rebuilds: Rebuilds, given: argparse.Namespace) -> int:
    """Announce a generation or go on with one, count all applications into it, and switch to it.

    Return the exit code: 1 where applications can't be read, and count for nothing in it. Where none can be read, the
    next run begins anew.
    """
    applications = AllApplications(target.dynamodb, target.table("ApplicationsTable"))
    rebuild = _announced(rebuilds, settings, given)
    quality = Counters(target.dynamodb, settings.quality_table, settings.quality_shards)
    scan = Scan(applications, quality, rebuilds, settings.reporting_time_zone)
    try:
        with _progress(applications) as progress:
            scan.run(rebuild, progress.update)
    finally:
        code = tell(scan.unreadable)
    if scan.unreadable and progress.n <= len(scan.unreadable):
        rebuilds.start(rebuild.zone, given.segments)
        raise ValueError("no application can be read; the counters stay as they are")
    live = generations(target.dynamodb, settings.quality_table).live
    readers = [QualityReader(target.dynamodb, settings.quality_table, each) for each in (live, rebuild.generation)]
    differing = compare(*readers)
    for ats, counters in sorted(differing.items()):
        say(f"{counters:>8}  counters of {ats} had drifted")
    say(f"{differing.total()} counters differed between the generations {live} and {rebuild.generation}")
    rebuilds.switch(rebuild)
    return code


def _announced(rebuilds: Rebuilds, settings: AnalyticsSettings, given: argparse.Namespace) -> Rebuild:
    zone = settings.reporting_time_zone.key
    rebuild = rebuilds.current()
    if rebuild and rebuild.zone == zone and not given.anew:
        say(f"going on with generation {rebuild.generation}, which was announced before")
        return rebuild
    if rebuild:
        say(f"generation {rebuild.generation} was begun with days of {rebuild.zone}; it is given up")
    rebuilds.start(zone, given.segments)
    rebuild = rebuilds.current()
    if rebuild is None or rebuild.zone != zone:
        raise RebuildOvertaken
    say(f"generation {rebuild.generation} is announced, with days of {zone}: changes count in it from now on")
    return rebuild


def _delete_former(rebuilds: Rebuilds) -> None:
    """Delete what reports no longer read, once nobody can be counting in it any more."""
    say(f"the new generation is live; generation {rebuilds.former()} will be deleted in a minute")
    time.sleep(_LONGEST_INVOCATION_SECONDS)
    with tqdm(unit=" items", leave=False) as progress:
        for deleted in rebuilds.delete_former():
            progress.update(deleted)
    say("it is deleted")


def _verify(target: Target, given: argparse.Namespace) -> int:
    """Print what differs; where a rebuild switches meanwhile, begin again."""
    settings = target.analytics()
    applications = AllApplications(target.dynamodb, target.table("ApplicationsTable"))
    while True:
        live = generations(target.dynamodb, settings.quality_table).live
        reader = QualityReader(target.dynamodb, settings.quality_table, live)
        with _progress(applications, given.sample or 1) as progress:
            verifier = Verifier(applications, reader, settings.reporting_time_zone)
            found = _found(verifier, progress, given.sample)
        if generations(target.dynamodb, settings.quality_table).live == live:
            break
    if found:
        say(_ROW.format("ATS", "DAY", "MEASURE", "COUNTED", "EXPECTED", "APPLICATION"))
    for each in found[: given.first]:
        amounts = str(each.counted), str(each.expected)
        say(_ROW.format(each.ats_id, each.day, each.measure, *amounts, each.application_id or "(the counter)"))
    say(f"{progress.n - len(verifier.unreadable)} applications compared in generation {live}; drift: {len(found)}")
    former = Rebuilds(target.dynamodb, settings.quality_table).former()
    if former is not None:
        say(f"generation {former} is not deleted yet; run `analytics rebuild` to do so")
    return tell(verifier.unreadable) or (1 if found else 0)


def _found(verifier: Verifier, progress: "tqdm[Never]", share: float | None) -> list[Drift]:
    if share is None:
        return verifier.verify_all(progress.update)
    suspects = set()
    for page in verifier.applications.sample(share):
        suspects |= verifier.suspects(page)
        progress.update(len(page))
    contradictions = [each for ats in verifier.reader.ats_ids() for each in verifier.contradictions(ats)]
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
