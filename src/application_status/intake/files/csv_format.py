"""The CSV format of uploads: what a file may look like, where its rows begin and end, and what is in their cells.

scan         reads an upload once, and returns its layout and the chunks in which its rows can be read
rows         reads the rows of a chunk
RefusedFile  the upload is not such a file; the text says what it is and what to send

The format is RFC 4180 with `,`, `;` or tab, in UTF-8, UTF-16 or Windows-1252, with any mixture of line ends, plain or
compressed with gzip. The rules for rows are the same in `scan` and `rows`, whatever the size of the blocks:

- A line without anything on it is no row.
- A cell that begins with a quote ends with the next quote that is not doubled, perhaps on a later line. Spaces around
  the quotes are no part of it. In other cells, quotes are ordinary characters.
- A row may only have several lines if it has as many cells as the header, and at most 16 KiB. Otherwise its first line
  is refused alone, and the next line is a new row. So a quote that was left open costs one row.

Memory is bounded: a few blocks of 256 KiB, and a chunk if chunks must be stored.
"""

import codecs
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import Enum, auto
from functools import cache
from itertools import chain
from typing import NamedTuple

from application_status.intake.files.upload import UTF_8, WINDOWS_1252, RefusedFile, Upload, regrouped
from application_status.platform.escaping import printable
from application_status.platform.values import application_id

__all__ = ["Chunk", "Layout", "RefusedFile", "Row", "Scanned", "rows", "scan"]

ROW_LIMIT_BYTES = 16 * 1024
"""The maximum size of a row, without the end of its last line."""

COLUMNS_LIMIT = 100

ROWS_LIMIT = 25_000_000
"""The maximum number of rows: a file of 1 GiB has more only if its rows have 42 bytes or less."""

BROKEN_ROWS_LIMIT = 1_000_000
"""The maximum number of rows with wrong quotes or of too many bytes: each takes as long as a hundred others."""

APPLICATION_ID, RAW_STATUS, STATUS, BUSINESS_DATE = "atsiApplicationId", "rawStatus", "status", "businessDate"
"""The columns that are read; the first two are required."""

_COLUMNS = (APPLICATION_ID, RAW_STATUS, STATUS, BUSINESS_DATE)
_KNOWN = {each.lower() for each in _COLUMNS}
_SEND = f"Send a CSV file that begins with the line {','.join(_COLUMNS)}; the last two columns are optional."
_DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs"}
_ENCODINGS = {UTF_8: "UTF-8", WINDOWS_1252: "Windows-1252"}
_LINE_END = re.compile(rb"\r\n|\n|\r")
_LINE_WITH_TEXT = re.compile(rb"[^\r\n]++")
_QUOTED = re.compile(rb' *+"(?:[^"]++|"")*+"')
_LINE_END_BYTES = 2
_SHOWN_NAMES, _SHOWN_LENGTH = 20, 40


class Layout(NamedTuple):
    """What the header says: the delimiter, the number of columns, and the places of known columns, from 0.

    `ignored` are the names of the other columns.
    """

    delimiter: str
    columns: int
    application_id: int
    raw_status: int
    status: int | None = None
    business_date: int | None = None
    ignored: tuple[str, ...] = ()


class Chunk(NamedTuple):
    """A part of the content that begins and ends with whole rows.

    Attributes:
        number: from 0.
        start, end: in bytes from the beginning of the upload; if chunks were stored, of the stored chunk.
        line: the number of its first line in the file, from 1.
    """

    number: int
    start: int
    end: int
    line: int


class Scanned(NamedTuple):
    """What `scan` found.

    Attributes:
        sha256: of the upload's bytes, in hexadecimal.
        bytes: the size of the upload.
        rows: the number of rows below the header, including those that `rows` refuses.
        encoding: of the chunks, for `rows`.
        is_original: whether the chunks are parts of the upload; otherwise they were stored.
    """

    sha256: str
    bytes: int
    rows: int
    encoding: str
    layout: Layout
    chunks: tuple[Chunk, ...]
    is_original: bool


class Row(NamedTuple):
    """A row of a chunk.

    Attributes:
        line: the number of its first line in the file, from 1.
        end: where the row ends, in bytes from the beginning of the blocks that `rows` got.
        cells: as many as the header has; None if there is a problem.
        problem: why the row is refused, and what to send instead; None if it has cells.
        next_line: the number of the line after it. To go on there, call `rows` with this and the blocks from `end` on.
    """

    line: int
    end: int
    cells: tuple[str, ...] | None
    problem: str | None
    next_line: int


def scan(blocks: Iterable[bytes], chunk_bytes: int, store: Callable[[int, bytes], None]) -> Scanned:
    """Read an upload once, check its format, and find the chunks in which its rows can be read.

    A chunk ends with the first row that makes it at least `chunk_bytes` long. An upload that is compressed or in UTF-16
    is converted: each of its chunks goes to `store`, with its number from 0.

    Raises:
        RefusedFile: the upload is not such a file. Chunks may have been stored before.
    """
    upload = Upload(blocks)
    content = upload.content()
    head = next(content, b"")
    layout, header = _read_header(head)
    chunks = _Chunks(chunk_bytes, None if upload.is_original else store, header)
    for piece in _pieces(chain([head[len(header) :]], content), layout):
        chunks.add(piece)
    return Scanned(
        sha256=upload.sha256,
        bytes=upload.size,
        rows=chunks.rows,
        encoding=upload.encoding,
        layout=layout,
        chunks=chunks.all(),
        is_original=upload.is_original,
    )


def rows(blocks: Iterable[bytes], line: int, layout: Layout, encoding: str) -> Iterator[Row]:
    """Read the rows of a chunk, or of its rest; `line` is the number of the first line, from 1.

    Rows that are refused for their form are included, with the problem instead of the cells.
    """
    position = 0
    for piece in _pieces(regrouped(blocks), layout):
        for text in piece.data.splitlines(keepends=True) if piece.kind is _Kind.LINES else [piece.data]:
            position += len(text)
            first, line = line, line + _line_ends(text)
            content = text.rstrip(b"\r\n")
            if piece.kind in (_Kind.LINES, _Kind.JOINED):
                if content:
                    cells, problem = _cells(content, layout, encoding)
                    yield Row(first, position, cells, problem, line)
            elif piece.kind is not _Kind.PART:
                yield Row(first, position, None, _PROBLEMS[piece.kind], line)


def _cells(row: bytes, layout: Layout, encoding: str) -> tuple[tuple[str, ...], None] | tuple[None, str]:
    """Return the cells of a row, or the problem for which it is refused."""
    if len(row) > ROW_LIMIT_BYTES:
        return None, _PROBLEMS[_Kind.TOO_LONG]
    if b"\0" in row:
        return None, "The row contains NUL bytes. Send text only."
    try:
        text = row.decode(encoding)
    except UnicodeDecodeError:
        return None, f"The row is not in {_ENCODINGS[encoding]}, as the rest of the file is. Send the file in UTF-8."
    cells = _grammar(layout.delimiter, layout.columns).cells(text)
    if len(cells) != layout.columns:
        return None, (
            f"The row has {len(cells)} instead of {layout.columns} cells. Send as many as the header, and put cells "
            f'that contain {_DELIMITERS[layout.delimiter]} in quotes (").'
        )
    return cells, None


class _Kind(Enum):
    """What a piece of the content is."""

    LINES = auto()
    """Whole lines, each a row or empty."""
    JOINED = auto()
    """A row of several lines."""
    PART = auto()
    """A part of a line that is too long, without its end."""
    TOO_LONG = auto()
    """The end of such a line."""
    OPEN = auto()
    """A line whose last cell is in quotes that are not closed."""
    AFTER_QUOTES = auto()
    """A line with a cell that goes on after its quotes."""


_PROBLEMS = {
    _Kind.TOO_LONG: "The row is longer than 16 KiB. Send shorter cells.",
    _Kind.OPEN: (
        'A quote (") opens a cell and is not closed in this row. Close it, or double each quote that belongs to the '
        'text and put the cell in quotes: "13"" screen".'
    ),
    _Kind.AFTER_QUOTES: (
        'A cell goes on after its closing quote ("). Double each quote that belongs to the text: "the ""final"" round".'
    ),
}


class _Piece(NamedTuple):
    data: bytes
    kind: _Kind


class _Grammar:
    """The patterns of rows with this delimiter and number of columns; for a header, any number."""

    def __init__(self, delimiter: str, columns: int | None) -> None:
        mark = re.escape(delimiter.encode())
        cell = rb'(?: *+"(?:[^"\r\n]++|"")*+" *+|(?! *+")[^\r\n%b]*+)' % mark
        cell_of_lines = cell.replace(rb'[^"\r\n]++', rb'[^"]++')
        times = b"*+" if columns is None else b"{%d}+" % (columns - 1)
        self._lines = re.compile(rb"(?:%b(?:%b%b)*+(?:\r\n|\n|\r(?=[^\n])))*+" % (cell, mark, cell))
        self._line = re.compile(rb"%b(?:%b%b)*+" % (cell, mark, cell))
        self._good_cells = re.compile(rb"(?:%b%b)*+" % (cell, mark))
        self._joined = re.compile(rb"%b(?:%b%b)%b" % (cell_of_lines, mark, cell_of_lines, times))
        text_mark = re.escape(delimiter)
        self._cells = re.compile(rf'{text_mark}(?: *+"((?:[^"]++|"")*+)" *+|([^{text_mark}]*+))')
        self._delimiter = delimiter

    def lines(self, data: bytes, start: int) -> int:
        """Return the end of the whole lines from `start` on, each of which is a row or empty."""
        quote = data.find(b'"', start)
        stop = quote if quote >= 0 else len(data) - 1  # a CR at the end may be half of a CRLF
        start = max(start, data.rfind(b"\n", start, stop + 1) + 1, data.rfind(b"\r", start, stop) + 1)
        found = self._lines.match(data, start) if quote >= 0 else None
        return found.end() if found else start

    def first_row(self, data: bytes, start: int) -> _Piece:
        """Return the row at `start`, or a line that is refused; `data` has all that a row may have, or the last row."""
        line_end = _LINE_END.search(data, start, start + ROW_LIMIT_BYTES + _LINE_END_BYTES)
        end, next_start = line_end.span() if line_end else (len(data), len(data))
        if end - start > ROW_LIMIT_BYTES:
            return _Piece(data[start : start + ROW_LIMIT_BYTES], _Kind.PART)
        if self._line.fullmatch(data, start, end):
            return _Piece(data[start:next_start], _Kind.LINES)
        joined = self._joined.match(data, start, start + ROW_LIMIT_BYTES)
        if joined and (joined.end() == len(data) or _LINE_END.match(data, joined.end())):
            line_end = _LINE_END.match(data, joined.end())
            return _Piece(data[start : line_end.end() if line_end else joined.end()], _Kind.JOINED)
        good = self._good_cells.match(data, start, end)
        is_closed = good and _QUOTED.match(data, good.end(), end)
        return _Piece(data[start:next_start], _Kind.AFTER_QUOTES if is_closed else _Kind.OPEN)

    def cells(self, row: str) -> tuple[str, ...]:
        """Return the cells of a row."""
        if '"' not in row:
            return tuple(row.split(self._delimiter))
        found = self._cells.findall(self._delimiter + row)
        return tuple(quoted.replace('""', '"') or plain for quoted, plain in found)


_grammar = cache(_Grammar)


def _pieces(blocks: Iterable[bytes], layout: Layout) -> Iterator[_Piece]:
    """Split content into pieces: as many whole lines as possible, or a row that needs a closer look."""
    grammar = _grammar(layout.delimiter, layout.columns)
    data, is_in_long_line = b"", False
    for block, is_last in _with_last(blocks):
        data += block
        start = 0
        while start < len(data):
            if is_in_long_line:
                piece = _rest_of_line(data, start, is_last=is_last)
            elif (end := grammar.lines(data, start)) > start:
                piece = _Piece(data[start:end], _Kind.LINES)
            elif is_last or len(data) - start >= ROW_LIMIT_BYTES + _LINE_END_BYTES:
                piece = grammar.first_row(data, start)
            else:
                break
            if not piece.data:
                break
            yield piece
            is_in_long_line = piece.kind is _Kind.PART
            start += len(piece.data)
        data = data[start:]


def _rest_of_line(data: bytes, start: int, *, is_last: bool) -> _Piece:
    """Return the rest of a line that is too long, or the next part of it; empty if more data must decide that."""
    is_half = not is_last and data.endswith(b"\r")  # perhaps of a CRLF
    stop = len(data) - is_half
    line_end = _LINE_END.search(data, start, stop)
    if line_end or is_last:
        return _Piece(data[start : line_end.end() if line_end else stop], _Kind.TOO_LONG)
    return _Piece(data[start:stop], _Kind.PART)


class _Chunks:
    """The chunks of the content below the header; they are stored if there is a `store`.

    Of a line that is too long, only the beginning is stored: enough to be refused again.
    """

    def __init__(self, chunk_bytes: int, store: Callable[[int, bytes], None] | None, header: bytes) -> None:
        self.rows = self._broken_rows = 0
        self._chunk_bytes = chunk_bytes
        self._store = store
        self._found: list[Chunk] = []
        self._start = self._end = 0 if store else len(header)
        self._line = self._next_line = 1 + _line_ends(header)
        self._content = bytearray()
        self._is_in_long_line = False

    def add(self, piece: _Piece) -> None:
        """Add a piece, and end a chunk with each row that makes it long enough.

        Raises:
            RefusedFile: there are too many rows.
        """
        start = 0
        while start < len(piece.data):
            data = piece.data
            if piece.kind is _Kind.LINES:
                missing = self._chunk_bytes - (self._end - self._start)
                line_end = _LINE_END.search(data, start + max(missing - 1, 0))
                data = data[start : line_end.end() if line_end else len(data)]
            self._take(data, piece.kind)
            start += len(data)
        self._broken_rows += piece.kind in _PROBLEMS
        if self._broken_rows > BROKEN_ROWS_LIMIT:
            raise RefusedFile(
                f"The file has more than {BROKEN_ROWS_LIMIT} rows with wrong quotes or more than 16 KiB. {_SEND}"
            )
        if self.rows > ROWS_LIMIT:
            raise RefusedFile(f"The file has more than {ROWS_LIMIT} rows. Divide it.")

    def all(self) -> tuple[Chunk, ...]:
        """Return all chunks, after the last piece."""
        if self._end > self._start:
            self._end_chunk()
        return tuple(self._found)

    def _take(self, data: bytes, kind: _Kind) -> None:
        self.rows += _rows_in(data) if kind is _Kind.LINES else kind is not _Kind.PART
        self._next_line += _line_ends(data)
        if self._store:
            if self._is_in_long_line:
                data = b"" if kind is _Kind.PART else b"...\n"
            self._content += data
        self._end += len(data)
        self._is_in_long_line = kind is _Kind.PART
        if not self._is_in_long_line and self._end - self._start >= self._chunk_bytes:
            self._end_chunk()

    def _end_chunk(self) -> None:
        number = len(self._found)
        self._found.append(Chunk(number, self._start, self._end, self._line))
        self._line = self._next_line
        if self._store:
            self._store(number, bytes(self._content))
            self._content.clear()
            self._end = 0
        self._start = self._end


def _line_ends(data: bytes) -> int:
    return data.count(b"\n") + data.count(b"\r") - data.count(b"\r\n")


def _rows_in(lines: bytes) -> int:
    """Return how many of these lines are not empty."""
    if lines[0] in b"\r\n" or b"\n\n" in lines or b"\n\r" in lines or b"\r\r" in lines:
        return len(_LINE_WITH_TEXT.findall(lines))
    return _line_ends(lines) + (lines[-1] not in b"\r\n")


def _read_header(head: bytes) -> tuple[Layout, bytes]:
    """Return the layout that the first line with text on it describes, and the content up to the end of that line.

    Raises:
        RefusedFile: it is no header, or a required column is missing.
    """
    start = len(codecs.BOM_UTF8) if head.startswith(codecs.BOM_UTF8) else 0
    start = len(head) - len(head[start:].lstrip(b"\r\n"))
    if start == len(head) or start > ROW_LIMIT_BYTES:
        raise RefusedFile(f"The file begins with empty lines alone. {_SEND}")
    readings = []
    for delimiter in _DELIMITERS:
        grammar = _grammar(delimiter, None)
        piece = grammar.first_row(head, start)
        if piece.kind in (_Kind.LINES, _Kind.JOINED):
            names = [each.strip() for each in grammar.cells(_text(piece.data.rstrip(b"\r\n")))]
            readings.append((len(_KNOWN & {each.lower() for each in names}), len(names), delimiter, names, piece.data))
    if not readings:
        raise RefusedFile(f"The first line has quotes that are not closed, or more than 16 KiB. {_SEND}")
    _, _, delimiter, names, line = max(readings)
    return _layout(delimiter, names), head[: start + len(line)]


def _layout(delimiter: str, names: Sequence[str]) -> Layout:
    lower = [each.lower() for each in names]
    found = ", ".join(f'"{_shown(each)}"' for each in names[:_SHOWN_NAMES])
    missing = [each for each in (APPLICATION_ID, RAW_STATUS) if each.lower() not in lower]
    if missing and any(_is_id(each) for each in names):
        raise RefusedFile(f"The first line has data, not the names of the columns. {_SEND}")
    if missing:
        raise RefusedFile(f"The first line has no column {' and no column '.join(missing)}, but {found}. {_SEND}")
    if twice := [each for each in _COLUMNS if lower.count(each.lower()) > 1]:
        raise RefusedFile(f"The first line has the column {twice[0]} twice. Send each column once.")
    if len(names) > COLUMNS_LIMIT:
        raise RefusedFile(f"The file has {len(names)} columns. Send at most {COLUMNS_LIMIT}.")
    places = {each: lower.index(each.lower()) for each in _COLUMNS if each.lower() in lower}
    return Layout(
        delimiter=delimiter,
        columns=len(names),
        application_id=places[APPLICATION_ID],
        raw_status=places[RAW_STATUS],
        status=places.get(STATUS),
        business_date=places.get(BUSINESS_DATE),
        ignored=tuple(_shown(each) for each in names if each.lower() not in _KNOWN),
    )


def _shown(name: str) -> str:
    text = printable(name)
    return text if len(text) <= _SHOWN_LENGTH else f"{text[: _SHOWN_LENGTH - 3]}..."


def _is_id(text: str) -> bool:
    try:
        application_id(text)
    except ValueError:
        return False
    return True


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode(WINDOWS_1252, errors="replace")


def _with_last(blocks: Iterable[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Return each block, and whether it is the last."""
    rest = iter(blocks)
    block = next(rest, None)
    while block is not None:
        following = next(rest, None)
        yield block, following is None
        block = following
