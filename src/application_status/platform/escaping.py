"""Escaping of text from senders for terminals, logs and spreadsheets."""

import re

# https://owasp.org/www-community/attacks/CSV_Injection; a spreadsheet skips white space before a formula
_FORMULA_OR_APOSTROPHE = re.compile(r"['\t\r\n]|[\s\x00-\x1f]*[=+\-@\uff1d\uff0b\uff0d\uff20]")


def printable(text: str) -> str:
    r"""Return the text on one line, with characters that a terminal would interpret or hide escaped.

    These are control and format characters (including those that change the writing direction), separators other than
    the space, lone surrogates, and private or unassigned characters. They become `\n`, `\x1b` or `\u202e` as in a
    Python string. A backslash becomes two, so an escape differs from the same characters typed by the sender.
    """
    return "".join(c if c.isprintable() and c != "\\" else c.encode("unicode_escape").decode() for c in text)


def spreadsheet_cell(text: str) -> str:
    """Return the text with a leading apostrophe if a spreadsheet would read it as a formula.

    A text that begins with an apostrophe gets another one. A program that removes one leading apostrophe from every
    cell gets the original text.
    """
    return f"'{text}" if _FORMULA_OR_APOSTROPHE.match(text) else text
