"""A page of the documentation, as it is made when the project is built."""

from typing import NamedTuple


class Page(NamedTuple):
    """A page: `name` is its address below /docs, and `body` is the HTML of its main part, which begins with an h1.

    Links to other pages are relative to /docs, as in `reference-files` or `reference-files#createFile`.
    """

    name: str
    title: str
    body: str
