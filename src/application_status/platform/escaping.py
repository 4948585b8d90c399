"""Senders' text, made safe for where it is shown: a line of a terminal or a log, and a cell of a spreadsheet."""

import re

# https://owasp.org/www-community/attacks/CSV_Injection; a spreadsheet skips white space before a formula
_FORMULA_OR_APOSTROPHE = re.compile(r"['\t\r\n]|[\s\x00-\x1f]*[=+\-@\uff1d\uff0b\uff0d\uff20]")


def printable(text: str) -> str:
    r"""Return the text on one line, with escapes for all characters that a terminal obeys or does not show.

    These are control and format characters (also those that change the direction of writing), separators other than
    the space, lone surrogates, and private and unassigned characters. They become `\n`, `\x1b` or `\u202e` as in a
    Python string, and a backslash becomes two, so that an escape and the same characters typed can be told apart.
    """
    return "".join(c if c.isprintable() and c != "\\" else c.encode("unicode_escape").decode() for c in text)


def spreadsheet_cell(text: str) -> str:
    """Return the text with an apostrophe before it where a spreadsheet would take it for a formula.

    A text that begins with an apostrophe gets another one, so a program that removes one leading apostrophe from every
    cell has the original text.
    """
    return f"'{text}" if _FORMULA_OR_APOSTROPHE.match(text) else text
