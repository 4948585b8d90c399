"""A browser for the tests of the pages and for the screenshots; as a program, starts it once to see that it works."""

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
    """Neither a Chrome or Chromium on the PATH nor Playwright's own starts; has what each of them said."""


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run the first Chrome or Chromium that starts: of those on the PATH, else Playwright's own.

    Raises:
        NoBrowserError: None starts.

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
