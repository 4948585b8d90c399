"""`application-status labels`: what labels mean, which nobody knows, an ATS's own meanings, and reading all anew."""

import argparse
import json
from collections import Counter
from pathlib import Path

from tqdm import tqdm

from application_status.cli.target import Target, ats_id
from application_status.cli.unreadable import tell
from application_status.model.application import Application
from application_status.model.remap import remap
from application_status.model.report import Reading
from application_status.model.vocabulary import Vocabulary
from application_status.store import items
from application_status.store.all_applications import AllApplications, Key, Unreadable
from application_status.store.apart import one_by_one
from application_status.store.generations import generations
from application_status.store.overrides import Overrides
from application_status.store.quality_reader import QualityReader

_CHECKPOINT = Path(".application-status-remap.json")
_ROW = "{:>12}  {:<20} {}"


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the commands to the parser."""
    explain = commands.add_parser("explain", help="say what a label means, and by which rule")
    explain.add_argument("label")
    explain.add_argument("--ats", type=ats_id, help="with the ATS's own meanings")
    explain.set_defaults(command=_explain)

    override = commands.add_parser("override", help="show or change an ATS's own meanings of labels")
    override.add_argument("--ats", required=True, type=ats_id)
    override.add_argument("--set", nargs=2, action="append", default=[], metavar=("LABEL", "STATUS[/OUTCOME]"))
    override.add_argument("--unset", action="append", default=[], metavar="LABEL")
    override.set_defaults(command=_override)

    unmapped = commands.add_parser("unmapped", help="list the labels that nobody knows, by volume")
    unmapped.add_argument("--ats", type=ats_id)
    unmapped.set_defaults(command=_unmapped)

    again = commands.add_parser("remap", help="read all stored labels anew; shows what would change, unless --apply")
    again.add_argument("--apply", action="store_true", help="write the changes")
    again.add_argument(
        "--checkpoint",
        type=Path,
        default=_CHECKPOINT,
        help="where an interrupted run goes on",
    )
    again.set_defaults(command=_remap)


def _explain(target: Target, given: argparse.Namespace) -> None:
    overrides = _overrides(target).of(given.ats) if given.ats else {}
    meaning = Vocabulary.load().meaning(given.label, overrides)
    print(f"{_said(meaning.status, meaning.outcome)}, by the rule {meaning.rule} of {meaning.version}")


def _override(target: Target, given: argparse.Namespace) -> None:
    store = _overrides(target)
    overrides = {**store.of(given.ats), **dict(given.set)}
    for label in given.unset:
        if overrides.pop(label, None) is None:
            raise LookupError(f"{given.ats} has no meaning of its own for {label!r}")
    if given.set or given.unset:
        Vocabulary.load().meaning("", overrides)  # refuses wrong ones
        store.replace(given.ats, overrides)
    for label, meaning in sorted(overrides.items()):
        print(f"{meaning:<28} {label}")


def _unmapped(target: Target, given: argparse.Namespace) -> None:
    table = target.table("QualityTable")
    reader = QualityReader(target.dynamodb, table, generations(target.dynamodb, table).live)
    atss = [given.ats] if given.ats else reader.ats_ids()
    volume = Counter({(ats, label): n for ats in atss for label, n in reader.unmapped_labels(ats).items()})
    print(_ROW.format("APPLICATIONS", "ATS", "LABEL"))
    for (ats, label), applications in volume.most_common():
        print(_ROW.format(applications, ats, label))


def _remap(target: Target, given: argparse.Namespace) -> int:
    vocabulary, overrides, applications = Vocabulary.load(), _overrides(target), _applications(target)
    changes: Counter[str] = Counter()
    unreadable = Unreadable()

    def read_anew(before: Application) -> list[str]:
        after = remap(before, vocabulary, overrides.of(before.ats_id))
        if after is before:
            return []
        done = not given.apply or applications.replace_readings(before, after)
        return _changes(before, after) if done else ["changed meanwhile; run again"]

    def failed(before: Application, error: Exception) -> None:
        unreadable.note(items.key(before.application_id), error)

    with tqdm(total=applications.approximate_count(), unit=" applications", leave=False) as progress:
        for page, following in applications.pages(unreadable, _checkpoint(target, given, vocabulary)):
            for _, changed in one_by_one(page, read_anew, failed):
                changes.update(changed)
            progress.update(len(page))
            _keep(target, given, vocabulary, following)
    for change, amount in changes.most_common():
        print(f"{amount:>8}  {change}")
    verb = "read anew" if given.apply else "would be read anew; --apply does it"
    print(f"{changes.total()} labels {verb}, with vocabulary {vocabulary.version}")
    return tell(unreadable)


def _changes(before: Application, after: Application) -> list[str]:
    pairs = [(before.transitions[key].reading, each.reading) for key, each in after.transitions.items()]
    return [f"{old.raw_status}: {_meant(old)} -> {_meant(new)}" for old, new in pairs if _meant(old) != _meant(new)]


def _meant(reading: Reading) -> str:
    return _said(reading.status, reading.outcome)


def _said(status: str | None, outcome: str | None) -> str:
    if status is None:
        return "unmapped"
    return f"{status}/{outcome}" if outcome and outcome != "open" else str(status)


def _checkpoint(target: Target, given: argparse.Namespace, vocabulary: Vocabulary) -> Key | None:
    """Return where an interrupted run got to, with the same tables and vocabulary; a dry run starts anew."""
    if not given.apply or not given.checkpoint.exists():
        return None
    kept = json.loads(given.checkpoint.read_text(encoding="utf-8"))
    same = (kept["target"], kept["version"]) == (target.name, vocabulary.version)
    key: Key | None = kept["key"] if same else None
    return key


def _keep(target: Target, given: argparse.Namespace, vocabulary: Vocabulary, following: Key | None) -> None:
    if not given.apply:
        return
    if following is None:
        given.checkpoint.unlink(missing_ok=True)
    else:
        kept = {"target": target.name, "version": vocabulary.version, "key": following}
        given.checkpoint.write_text(json.dumps(kept), encoding="utf-8")


def _overrides(target: Target) -> Overrides:
    return Overrides(target.dynamodb, target.table("TokensTable"))


def _applications(target: Target) -> AllApplications:
    return AllApplications(target.dynamodb, target.table("ApplicationsTable"))
