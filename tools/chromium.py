"""Starts a browser for the page tests and the screenshots; as a program, checks that one starts."""

import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager

from playwright.sync_api import Browser, Error, Playwright, sync_playwright

from prerequisites import browsers, chromes

_ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip


class NoBrowserError(Exception):
    """No Chrome or Chromium on the PATH starts, nor does Playwright's own; has their messages."""


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run the first Chrome or Chromium on the PATH that starts, or else Playwright's own.

    Raises:
        NoBrowserError: no browser starts.
    """
    browsers()
    with sync_playwright() as playwright, closing(_started(playwright)) as browser:
        yield browser


def _started(playwright: Playwright) -> Browser:
    failures = []
    for path in (*chromes(), None):
        try:
            return playwright.chromium.launch(executable_path=path, args=_ARGUMENTS)
        except Error as error:
            failures.append(f"{path or "Playwright's own"}: {error.message}")
    raise NoBrowserError("\n".join(failures))


if __name__ == "__main__":
    try:
        with chromium():
            pass
    except NoBrowserError as error:
        sys.exit(str(error))
