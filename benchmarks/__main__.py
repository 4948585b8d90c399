"""Runs `make bench`: measures, prints tables, and writes results.json and chart.svg."""

import argparse
import json
import statistics
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks import stub
from benchmarks.chart import chart
from benchmarks.contender import OURS, PEERS, TRANSPORTS
from benchmarks.measure import Measured, measure

_HERE = Path(__file__).parent
_SAMPLES = ("start_wall", "start_cpu", "warm_wall", "warm_cpu")
_COUNTS = ("start_instructions", "warm_instructions", "peak_bytes", "package_bytes")


def main() -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--short", action="store_true", help="one round of this webhook only; writes no files")
    arguments = parser.parse_args()
    rounds = arguments.rounds
    with stub.running() as tables:
        if arguments.short:
            print(_itself(_row(*measure([OURS], tables, 1))))
            return 0
        measured = measure((OURS, *PEERS, *TRANSPORTS), tables, rounds)
    ours, *others = [_row(each) for each in measured]
    peers, transports = others[: len(PEERS)], others[len(PEERS) :]
    results: dict[str, Any] = {
        "rounds": rounds,
        "contenders": [ours, *peers],
        "this webhook over other transports": transports,
        "this webhook's share of": {row["title"]: _ratios(ours, row) for row in peers},
        "this webhook's share of itself over": {row["title"]: _ratios(ours, row) for row in transports},
    }
    (_HERE / "results.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    (_HERE / "chart.svg").write_text(chart([ours, *peers]), encoding="utf-8")
    for heading in ("this webhook's share of", "this webhook's share of itself over"):
        print(_table(heading, results[heading]))
    print(_itself(ours))
    return 0


def _row(measured: Measured) -> dict[str, Any]:
    contender = measured.contender
    known = {"title": contender.title, "package_bytes": contender.package_bytes}
    return known | {name: value for name, value in asdict(measured).items() if name != "contender"}


def _ratios(ours: dict[str, Any], peer: dict[str, Any]) -> dict[str, Any]:
    """Return the ratios of our measurements to a peer's: of the minima, with quartiles of the rounds' ratios."""
    shares: dict[str, Any] = {name: round(ours[name] / peer[name], 3) for name in _COUNTS}
    for name in _SAMPLES:
        of_rounds = [mine / theirs for mine, theirs in zip(ours[name], peer[name], strict=True)]
        low, _, high = statistics.quantiles(of_rounds, n=4) if len(of_rounds) > 1 else of_rounds * 3
        minima = min(ours[name]) / min(peer[name])
        shares[name] = {"minima": round(minima, 3), "quartiles": [round(low, 3), round(high, 3)]}
    return shares


def _table(heading: str, ratios: dict[str, Any]) -> str:
    columns = [heading, "start: instructions", "CPU", "warm: instructions", "CPU", "memory", "package"]
    lines = [f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"]
    for title, share in ratios.items():
        cells = [f"{share['start_instructions']:.2f}", _spread(share["start_cpu"])]
        cells += [f"{share['warm_instructions']:.2f}", _spread(share["warm_cpu"])]
        cells += [f"{share['peak_bytes']:.2f}", f"{share['package_bytes']:.2f}"]
        lines.append(f"| {title} | {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


def _itself(row: dict[str, Any]) -> str:
    return (
        f"{row['title']}: start {row['start_instructions'] / 1e6:.0f} M instructions, "
        f"{min(row['start_cpu']) * 1e3:.0f} ms CPU; warm {row['warm_instructions'] / 1e3:.0f} k instructions, "
        f"{min(row['warm_cpu']) * 1e6:.0f} us CPU; memory {row['peak_bytes'] / 1e6:.0f} MB; "
        f"package {row['package_bytes'] / 1e6:.1f} MB"
    )


def _spread(share: dict[str, Any]) -> str:
    low, high = share["quartiles"]
    return f"{share['minima']:.2f} ({low:.2f}-{high:.2f})"


if __name__ == "__main__":
    sys.exit(main())
