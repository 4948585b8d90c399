"""`application-status labels`: explains and overrides the mapping of labels, lists unmapped ones, and remaps all."""

import argparse
import json
from collections import Counter
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from tqdm import tqdm

from application_status.applications import items
from application_status.applications.rules.application import Application
from application_status.applications.rules.report import Interpretation
from application_status.applications.scan import AllApplications, Unreadable
from application_status.cli.checkpoint import Checkpoint
from application_status.cli.output import print_line
from application_status.cli.target import Target, ats_id
from application_status.cli.unreadable import print_unreadable
from application_status.labels.overrides import OverrideRegister
from application_status.labels.rules.remap import remap
from application_status.labels.rules.vocabulary import ParsedOverrides, Vocabulary
from application_status.platform.outages import one_by_one
from application_status.platform.values import AtsId, now
from application_status.quality.counters.generations import generations
from application_status.quality.counters.read import QualityReader, read_consistently

_CHECKPOINT = Path(".application-status-remap.json")
_ROW = "{:>12}  {:<20} {}"


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the commands to the parser."""
    explain = commands.add_parser("explain", help="show the meaning of a label, and the rule it comes from")
    explain.add_argument("label")
    explain.add_argument("--ats", type=ats_id, help="include the overrides of this ATS")
    explain.set_defaults(command=_explain)

    override = commands.add_parser("override", help="show or change the overrides of an ATS")
    override.add_argument("--ats", required=True, type=ats_id)
    override.add_argument("--set", nargs=2, action="append", default=[], metavar=("LABEL", "STATUS[/OUTCOME]"))
    override.add_argument("--unset", action="append", default=[], metavar="LABEL")
    override.set_defaults(command=_override)

    unmapped = commands.add_parser("unmapped", help="list the unmapped labels, the most frequent first")
    unmapped.add_argument("--ats", type=ats_id)
    unmapped.add_argument(
        "--first", type=_positive, default=1000, metavar="N", help="list at most N labels (default: 1000)"
    )
    unmapped.set_defaults(command=_unmapped)

    again = commands.add_parser("remap", help="map all stored labels again; only shows the changes, unless --apply")
    again.add_argument("--apply", action="store_true", help="write the changes")
    again.add_argument(
        "--checkpoint",
        type=Path,
        default=_CHECKPOINT,
        help="file with the progress of a run with --apply, from which an interrupted run resumes",
    )
    again.set_defaults(command=_remap)


def _explain(target: Target, given: argparse.Namespace) -> None:
    overrides = _overrides(target).of(given.ats) if given.ats else {}
    meaning = Vocabulary.load().meaning(given.label, overrides)
    print_line(f"{_text(meaning.status, meaning.outcome)}, by the rule {meaning.rule} of {meaning.version}")


def _override(target: Target, given: argparse.Namespace) -> None:
    register, meanings = _overrides(target), dict(given.set)
    changes = meanings or given.unset
    overrides = register.change(given.ats, meanings, given.unset) if changes else register.of(given.ats)
    for label, meaning in sorted(overrides.items()):
        print_line(f"{meaning:<28} {label}")


def _unmapped(target: Target, given: argparse.Namespace) -> None:
    table = target.table("QualityTable")
    live = generations(target.dynamodb, table).live
    found = read_consistently(
        lambda: QualityReader(target.dynamodb, table, live, now().date()),
        lambda reader: [
            (n, ats, label)
            for ats in ([given.ats] if given.ats else reader.ats_ids())
            for label, n in reader.unmapped_labels(ats, given.first)
        ],
    )
    print_line(_ROW.format("APPLICATIONS", "ATS", "LABEL"))
    for applications, ats, label in sorted(found, key=lambda label: -label[0])[: given.first]:
        print_line(_ROW.format(applications, ats, label))


def _remap(target: Target, given: argparse.Namespace) -> int:
    vocabulary, register, applications = Vocabulary.load(), _overrides(target), _applications(target)
    overrides = {ats_id: ParsedOverrides(own) for ats_id, own in register.all().items()}
    checkpoint = _checkpoint(target, given, vocabulary, overrides) if given.apply else None
    start = checkpoint.start() if checkpoint else None
    changes: Counter[str] = Counter()
    unreadable = Unreadable()

    def remapped(before: Application) -> list[str]:
        after = remap(before, vocabulary, overrides.get(before.ats_id, {}))
        if after is before:
            return []
        done = not given.apply or applications.replace_interpretations(before, after)
        return _changes(before, after) if done else ["changed meanwhile; run again"]

    def failed(before: Application, error: Exception) -> None:
        unreadable.note(items.key(before.application_id), error)

    with tqdm(total=applications.approximate_count(), unit=" applications", leave=False) as progress:
        for page, following in applications.pages(unreadable, start):
            for _, changed in one_by_one(page, remapped, failed):
                changes.update(changed)
            progress.update(len(page))
            if checkpoint:
                checkpoint.keep(following)
    for change, amount in changes.most_common():
        print_line(f"{amount:>8}  {change}")
    verb = "mapped again" if given.apply else "would be mapped again (use --apply)"
    print_line(f"{changes.total()} labels {verb}, with vocabulary {vocabulary.version}")
    if register.all() != overrides:
        print_line("The overrides of an ATS changed during this run. Run it again.")
    return print_unreadable(unreadable)


def _checkpoint(
    target: Target, given: argparse.Namespace, vocabulary: Vocabulary, overrides: Mapping[AtsId, Mapping[str, str]]
) -> Checkpoint:
    """Return the checkpoint of runs with the same table, vocabulary and overrides."""
    own = sha256(json.dumps(overrides, sort_keys=True).encode()).hexdigest()
    table = f"{target.name}, {_applications(target).identity()}"
    return Checkpoint(given.checkpoint, {"table": table, "vocabulary": vocabulary.version, "overrides": own})


def _changes(before: Application, after: Application) -> list[str]:
    pairs = [(before.transitions[key].interpretation, each.interpretation) for key, each in after.transitions.items()]
    return [
        f"{old.raw_status}: {_meaning(old)} -> {_meaning(new)}" for old, new in pairs if _meaning(old) != _meaning(new)
    ]


def _meaning(interpretation: Interpretation) -> str:
    return _text(interpretation.status, interpretation.outcome)


def _text(status: str | None, outcome: str | None) -> str:
    if status is None:
        return "unmapped"
    return f"{status}/{outcome}" if outcome and outcome != "open" else str(status)


def _overrides(target: Target) -> OverrideRegister:
    return OverrideRegister(target.dynamodb, target.table("TokensTable"))


def _applications(target: Target) -> AllApplications:
    return AllApplications(target.dynamodb, target.table("ApplicationsTable"))


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError("a number from 1 on")
    return int(text)
