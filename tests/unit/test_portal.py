"""How documents become pages of the portal."""

from pathlib import Path

import pytest

from portal import Document, rendered

OTHER = """# Other

## Part

Text

## Long one

### Deep `x`
"""


def pages_of(folder: Path, text: str) -> dict[str, str]:
    """Return the bodies of the pages of two documents by their names; the first has this text."""
    (folder / "docs").mkdir()
    (folder / "docs/start.md").write_text(f"# Start\n\n{text}\n", encoding="utf-8")
    (folder / "docs/other.md").write_text(OTHER, encoding="utf-8")
    documents = (Document("docs/start.md", "start"), Document("docs/other.md", "other", {"Long one": "other-long"}))
    return {page.name: page.body for page in rendered(documents, folder)}


@pytest.mark.parametrize(
    ("link", "address"),
    [
        ("other.md", "other"),
        ("other.md#part", "other#part"),
        ("other.md#long-one", "other-long"),
        ("other.md#deep-x", "other-long#deep-x"),
        ("#own", "#own"),
        ("https://example.com/#a", "https://example.com/#a"),
    ],
)
def test_link_leads_to_a_page(tmp_path: Path, link: str, address: str) -> None:
    """A section that is a page of its own is linked as a page; a link within a page has no name."""
    assert f'<a href="{address}">a</a>' in pages_of(tmp_path, f"[a]({link})\n\n## Own")["start"]


def test_link_to_what_is_not_served_becomes_text(tmp_path: Path) -> None:
    """With its text alone."""
    assert "<p>a and b.</p>" in pages_of(tmp_path, "[a](operations.md#limits) and [b](samples/x.py).")["start"]


@pytest.mark.parametrize("link", ["other.md#none", "none.md", "#none", "../README.md"])
def test_link_to_nothing_fails(tmp_path: Path, link: str) -> None:
    """So that a renamed heading is noticed."""
    with pytest.raises(ValueError, match="which the portal does not have"):
        pages_of(tmp_path, f"[a]({link})")


def test_missing_section_fails(tmp_path: Path) -> None:
    """A renamed section would otherwise go back into its document."""
    (tmp_path / "start.md").write_text("# Start\n", encoding="utf-8")
    with pytest.raises(ValueError, match="lacks a section"):
        list(rendered([Document("start.md", "start", {"Sandbox": "sandbox"})], tmp_path))


def test_parts_for_readers_of_the_repository_are_left_out(tmp_path: Path) -> None:
    """Within a line, and whole blocks."""
    text = "Run it<!-- repository --> with make<!-- /repository -->.\n\n<!-- repository -->\nb\n<!-- /repository -->\n"
    assert pages_of(tmp_path, text)["start"] == "<h1>Start</h1>\n<p>Run it.</p>\n"


def test_headings_have_the_ids_of_github(tmp_path: Path) -> None:
    """Each is a link to itself, and a document's contents list those of the second level."""
    pages = pages_of(tmp_path, "## The same\n\n## The same")
    assert '<h2 id="the-same"><a href="#the-same">The same</a></h2>' in pages["start"]
    assert '<h2 id="the-same-1">' in pages["start"]
    assert '<li><a href="#the-same-1">The same</a></li>' in pages["start"]
    assert '<li><a href="other-long">Long one</a></li>' in pages["other"]
    assert pages["other-long"].startswith("<h1>Long one</h1>\n")
    assert '<h2 id="deep-x"><a href="#deep-x">Deep <code>x</code></a></h2>' in pages["other-long"]


def test_path_of_a_page_becomes_a_link(tmp_path: Path) -> None:
    """Such as the type of a problem."""
    text = pages_of(tmp_path, "`/problems/throttled`, `/problems/none`")["start"]
    assert '<a href="../problems/throttled"><code>/problems/throttled</code></a>, <code>/problems/none</code>' in text


def test_table_scrolls_and_needs_no_style_of_its_own(tmp_path: Path) -> None:
    """A column without a heading has none."""
    text = pages_of(tmp_path, "| a | |\n|---|--:|\n| 1 | 2 |")["start"]
    assert '<div class="scroll" tabindex="0" role="group" aria-label="Table">' in text
    assert '<th>a</th>\n<td class="number"></td>' in text
    assert '<td>1</td>\n<td class="number">2</td>' in text
