"""The table of capacity in docs/performance.md is what the command prints."""

from pathlib import Path

from benchmarks.capacity import Capacity, table

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
        "**$21.57**",
    ):
        assert figure in text


def test_a_batch_holds_a_second_of_a_shard() -> None:
    """And 100 changes at most."""
    assert [Capacity(rate).counting.batch for rate in (1, 9, 10, 99, 100, 10_000)] == [1, 1, 10, 10, 100, 100]
