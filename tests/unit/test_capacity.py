"""The tables of capacity and prices in docs/performance.md are what the commands print."""

from pathlib import Path

from application_status.local.template import read_template
from benchmarks import prices
from benchmarks.capacity import WEBHOOK_DOLLARS, Capacity, table

DOCUMENT = Path(__file__).parents[2] / "docs" / "performance.md"


def test_the_document_has_the_table() -> None:
    """It follows from figures that other sections of the document have."""
    text = DOCUMENT.read_text(encoding="utf-8")
    assert table() in text
    for figure in (
        "**4.23**",
        "**5.26**",
        "**9.97**",
        "**$5.53**",
        "**$7.73**",
        "**$3.88**",
        "**$3.06**",
        f"**${prices.kept():.2f}**",
    ):
        assert figure in text


def test_the_document_has_the_prices() -> None:
    """Of all ways to send reports, of growing files, and of the snapshots of all functions that the template has."""
    text = DOCUMENT.read_text(encoding="utf-8")
    for each in (prices.ways(), prices.growth(), prices.snapshots()):
        assert each in text
    assert f"**${WEBHOOK_DOLLARS}** |" in prices.ways()
    assert prices.File(1).rows_per_second == read_template()["Parameters"]["FileRowsPerSecond"]["Default"]


def test_a_batch_holds_a_second_of_a_shard() -> None:
    """And 100 changes at most."""
    assert [Capacity(rate).counting.batch for rate in (1, 9, 10, 99, 100, 10_000)] == [1, 1, 10, 10, 100, 100]
