"""`application-status labels`: explains and overrides the mapping of labels, lists unmapped ones, and remaps all."""

import csv
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path

import click

from application_status.applications import items
from application_status.applications.rules.application import Application
from application_status.applications.rules.report import Interpretation
from application_status.applications.scan import AllApplications, Unreadable
from application_status.cli.checkpoint import Checkpoint
from application_status.cli.output import json_option, print_line, print_table, print_unreadable, progress_bar
from application_status.cli.target import AtsIdType, Target, pass_target
from application_status.labels.overrides import OverrideRegister
from application_status.labels.rules.remap import remap
from application_status.labels.rules.vocabulary import ParsedOverrides, Vocabulary
from application_status.platform.outages import one_by_one
from application_status.platform.values import AtsId, now
from application_status.quality.counters.generations import generations
from application_status.quality.counters.read import QualityReader, read_consistently

_CHECKPOINT = Path(".application-status-remap.json")


@click.group("labels")
def commands() -> None:
    """Explain, override and remap labels."""


@commands.command("explain")
@click.argument("label")
@click.option("--ats", type=AtsIdType(), help="Include the overrides of this ATS.")
@pass_target
def _explain(target: Target, label: str, ats: AtsId | None) -> None:
    """Show the meaning of a label, and the rule it comes from."""
    overrides = _overrides(target).of(ats) if ats else {}
    meaning = Vocabulary.load().meaning(label, overrides)
    print_line(f"{_text(meaning.status, meaning.outcome)}, by the rule {meaning.rule} of {meaning.version}")


@commands.command("override")
@click.option("--ats", required=True, type=AtsIdType(), help="The id of the ATS.")
@click.option("--set", "meanings", nargs=2, multiple=True, metavar="LABEL STATUS[/OUTCOME]", help="Set an override.")
@click.option("--unset", multiple=True, metavar="LABEL", help="Remove an override.")
@click.option(
    "--file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Set all overrides of a CSV file with the columns label, status and, if needed, outcome.",
)
@json_option
@pass_target
def _override(  # noqa: PLR0913  # its options
    target: Target,
    *,
    ats: AtsId,
    meanings: Sequence[tuple[str, str]],
    unset: Sequence[str],
    file: Path | None,
    as_json: bool,
) -> None:
    """Show or change the overrides of an ATS; all changes of a command are made at once, or none."""
    register, changes = _overrides(target), {**(_read_overrides(file) if file else {}), **dict(meanings)}
    overrides = register.change(ats, changes, unset) if changes or unset else register.of(ats)
    print_table(("meaning", "label"), [(overrides[label], label) for label in sorted(overrides)], as_json=as_json)


@commands.command("unmapped")
@click.option("--ats", type=AtsIdType(), help="Only those of this ATS.")
@click.option("--first", type=click.IntRange(1), default=1000, show_default=True, metavar="N", help="At most N labels.")
@json_option
@pass_target
def _unmapped(target: Target, ats: AtsId | None, first: int, *, as_json: bool) -> None:
    """List the unmapped labels, the most frequent first."""
    table = target.table("QualityTable")
    live = generations(target.dynamodb, table).live
    found = read_consistently(
        lambda: QualityReader(target.dynamodb, table, live, now().date()),
        lambda reader: [
            (n, each, label)
            for each in ([ats] if ats else reader.ats_ids())
            for label, n in reader.unmapped_labels(each, first)
        ],
    )
    most_frequent = sorted(found, key=lambda label: -label[0])[:first]
    print_table(("applications", "ats", "label"), most_frequent, as_json=as_json)


@commands.command("remap")
@click.option("--apply", is_flag=True, help="Write the changes.")
@click.option(
    "--checkpoint",
    "file",
    type=click.Path(path_type=Path),
    default=_CHECKPOINT,
    show_default=True,
    help="The file with the progress of a run with --apply, from which an interrupted run resumes.",
)
@pass_target
def _remap(target: Target, file: Path, *, apply: bool) -> int:
    """Map all stored labels again; only shows the changes, unless --apply."""
    vocabulary, register, applications = Vocabulary.load(), _overrides(target), _applications(target)
    overrides = {ats_id: ParsedOverrides(own) for ats_id, own in register.all().items()}
    checkpoint = _checkpoint(target, file, vocabulary, overrides) if apply else None
    start = checkpoint.start() if checkpoint else None
    changes: Counter[str] = Counter()
    unreadable = Unreadable()

    def remapped(before: Application) -> list[str]:
        after = remap(before, vocabulary, overrides.get(before.ats_id, {}))
        if after is before:
            return []
        done = not apply or applications.replace_interpretations(before, after)
        return _changes(before, after) if done else ["changed meanwhile; run again"]

    def failed(before: Application, error: Exception) -> None:
        unreadable.note(items.key(before.application_id), error)

    with progress_bar("applications", applications.approximate_count()) as progress:
        for page, following in applications.pages(unreadable, start):
            for _, changed in one_by_one(page, remapped, failed):
                changes.update(changed)
            progress.update(len(page))
            if checkpoint:
                checkpoint.keep(following)
    for change, amount in changes.most_common():
        print_line(f"{amount:>8}  {change}")
    verb = "mapped again" if apply else "would be mapped again (use --apply)"
    print_line(f"{changes.total()} labels {verb}, with vocabulary {vocabulary.version}")
    if register.all() != overrides:
        print_line("The overrides of an ATS changed during this run. Run it again.")
    return print_unreadable(unreadable)


def _checkpoint(
    target: Target, file: Path, vocabulary: Vocabulary, overrides: Mapping[AtsId, Mapping[str, str]]
) -> Checkpoint:
    """Return the checkpoint of runs with the same table, vocabulary and overrides."""
    own = sha256(json.dumps(overrides, sort_keys=True).encode()).hexdigest()
    table = f"{target.name}, {_applications(target).identity()}"
    return Checkpoint(file, {"table": table, "vocabulary": vocabulary.version, "overrides": own})


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


def _read_overrides(file: Path) -> dict[str, str]:
    """Return the labels of a file with their meanings.

    Raises:
        ValueError: the file is not CSV in UTF-8 with the expected columns, a line has no label or status, or a label
            comes twice.
    """
    found: dict[str, str] = {}
    with file.open(encoding="utf-8-sig", newline="") as lines:
        rows = csv.DictReader(lines)
        if not {"label", "status"} <= {*(rows.fieldnames or ())} <= {"label", "status", "outcome"}:
            raise ValueError(f"the first line of {file} should be label,status or label,status,outcome")
        for row in rows:
            label, status, outcome = (row.get(name) or "" for name in ("label", "status", "outcome"))
            if not label or not status or None in row:
                raise ValueError(f"line {rows.line_num} of {file} should have a label, a status and at most an outcome")
            if label in found:
                raise ValueError(f"line {rows.line_num} of {file} repeats the label '{label}'; set it once")
            found[label] = f"{status}/{outcome}" if outcome else status
    return found


def _overrides(target: Target) -> OverrideRegister:
    return OverrideRegister(target.dynamodb, target.table("TokensTable"))


def _applications(target: Target) -> AllApplications:
    return AllApplications(target.dynamodb, target.table("ApplicationsTable"))
