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
import hashlib
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import Enum, auto
from functools import cache
from itertools import chain
from typing import NamedTuple

from application_status.platform.escaping import printable
from application_status.platform.values import application_id

ROW_LIMIT_BYTES = 16 * 1024
"""The maximum size of a row, without the end of its last line."""

MAX_BYTES = 1024**3
"""The maximum size of an upload, and of what a compressed one expands to."""

COLUMNS_LIMIT = 100

APPLICATION_ID, RAW_STATUS, STATUS, BUSINESS_DATE = "atsiApplicationId", "rawStatus", "status", "businessDate"
"""The columns that are read; the first two are required."""

UTF_8, WINDOWS_1252 = "utf-8", "cp1252"

_COLUMNS = (APPLICATION_ID, RAW_STATUS, STATUS, BUSINESS_DATE)
_KNOWN = {each.lower() for each in _COLUMNS}
_SEND = f"Send a CSV file that begins with the line {','.join(_COLUMNS)}."
_DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs"}
_ENCODINGS = {UTF_8: "UTF-8", WINDOWS_1252: "Windows-1252"}
_BLOCK_BYTES = 256 * 1024
_GZIP_SLICE_BYTES = 8 * 1024  # zlib copies what follows a member, and a file can have many small ones
_GZIP = b"\x1f\x8b"
_UTF_8_BOM = codecs.BOM_UTF8
_EXCEL = "In Excel, choose Save As and the type CSV UTF-8."
_PACKED = "Send the CSV file in it as it is, or compressed with gzip."
_AS_CSV = "Export it as CSV."
_OTHER_FORMATS = (
    (rb"PK..(?s:.){0,4096}?(?:\[Content_Types\]|_rels/|xl/)", "an Excel workbook (XLSX)", _EXCEL),
    (rb"PK..(?s:.){0,128}?opendocument\.spreadsheet", "an OpenDocument spreadsheet (ODS)", _AS_CSV),
    (rb"PK\x03\x04|PK\x05\x06", "a ZIP archive", _PACKED),
    (rb"\xd0\xcf\x11\xe0", "an old Excel workbook (XLS) or another Office document", _EXCEL),
    (rb"%PDF", "a PDF document", _AS_CSV),
    (rb"PAR1", "a Parquet file", _AS_CSV),
    (rb"BZh[1-9]", "compressed with bzip2", _PACKED),
    (rb"\xfd7zXZ\0", "compressed with xz", _PACKED),
    (rb"\x28\xb5\x2f\xfd", "compressed with Zstandard", _PACKED),
    (rb"7z\xbc\xaf\x27\x1c|Rar!", "a 7-Zip or RAR archive", _PACKED),
    (rb"(?s:.){257}ustar", "a tar archive", _PACKED),
    (rb"\x1f\x8b", "compressed twice with gzip", "Compress it once."),
    (rb"\xff\xfe\0\0|\0\0\xfe\xff", "in UTF-32", "Save it in UTF-8."),
    (rb"(?:\xef\xbb\xbf)?\s*(?i:<!doctype html|<html|<head|<body|<table)", "an HTML page", _AS_CSV),
    (rb"(?:\xef\xbb\xbf)?\s*<[?!a-zA-Z]", "an XML document", _AS_CSV),
    (rb"(?:\xef\xbb\xbf)?\s*(?:\{|\[\s*[\[{\"\]])", "a JSON document", _AS_CSV),
)
"""Patterns of the first bytes of files that are no CSV, what the file is, and what to do."""

_LINE_END = re.compile(rb"\r\n|\n|\r")
_LINE_WITH_TEXT = re.compile(rb"[^\r\n]++")
_QUOTED = re.compile(rb' *+"(?:[^"]++|"")*+"')
_LINE_END_BYTES = 2
_BYTES_OF_CHARACTER = 2  # of UTF-8, beyond ASCII, at least
_UTF_16_LE, _UTF_16_BE = "utf-16-le", "utf-16-be"
_SNIFFED_BYTES = 128
_SHOWN_NAMES, _SHOWN_LENGTH = 20, 40


class RefusedFile(Exception):
    """The upload is not a file that is accepted; the text says what was found and what to send instead."""


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
    upload = _Upload(blocks)
    first, content = _peek(upload.blocks())
    if not first:
        raise RefusedFile(f"The file is empty. {_SEND}")
    is_gzip = first.startswith(_GZIP)
    if is_gzip:
        first, content = _peek(_expanded(content))
    _refuse_other_formats(first)
    utf_16 = _utf_16(first)
    check = _EncodingCheck()
    content = _from_utf_16(content, utf_16) if utf_16 else check.watch(content)
    head, content = _peek(content)
    layout, header = _read_header(head)
    chunks = _Chunks(chunk_bytes, store if is_gzip or utf_16 else None, header)
    for piece in _pieces(_without(len(header), content), layout):
        chunks.add(piece)
    return Scanned(
        sha256=upload.digest.hexdigest(),
        bytes=upload.size,
        rows=chunks.rows,
        encoding=UTF_8 if utf_16 or head.startswith(_UTF_8_BOM) or check.is_utf_8 else WINDOWS_1252,
        layout=layout,
        chunks=chunks.all(),
        is_original=not (is_gzip or utf_16),
    )


def rows(blocks: Iterable[bytes], line: int, layout: Layout, encoding: str) -> Iterator[Row]:
    """Read the rows of a chunk, or of its rest; `line` is the number of the first line, from 1.

    Rows that are refused for their form are included, with the problem instead of the cells.
    """
    position = 0
    for piece in _pieces(_regrouped(blocks), layout):
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
            f"The row has {len(cells)} cells, but the header has {layout.columns}. Send as many, and put cells that "
            f'contain {_DELIMITERS[layout.delimiter]} in quotes (").'
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
    """The chunks of the content below the header; they are stored if there is a `store`."""

    def __init__(self, chunk_bytes: int, store: Callable[[int, bytes], None] | None, header: bytes) -> None:
        self.rows = 0
        self._chunk_bytes = chunk_bytes
        self._store = store
        self._found: list[Chunk] = []
        self._start = self._end = 0 if store else len(header)
        self._line = self._next_line = 1 + _line_ends(header)
        self._content = bytearray()

    def add(self, piece: _Piece) -> None:
        """Add a piece, and end a chunk with each row that makes it long enough."""
        if piece.kind is not _Kind.LINES:
            self._take(piece.data)
            self.rows += piece.kind is not _Kind.PART
            if piece.kind is not _Kind.PART:
                self._end_if_long_enough()
            return
        start = 0
        while start < len(piece.data):
            line_end = _LINE_END.search(piece.data, start + max(self._chunk_bytes - (self._end - self._start) - 1, 0))
            lines = piece.data[start : line_end.end() if line_end else len(piece.data)]
            self._take(lines)
            self.rows += _rows_in(lines)
            self._end_if_long_enough()
            start += len(lines)

    def all(self) -> tuple[Chunk, ...]:
        """Return all chunks, after the last piece."""
        self._end_if_long_enough(1)
        return tuple(self._found)

    def _take(self, data: bytes) -> None:
        self._end += len(data)
        self._next_line += _line_ends(data)
        if self._store:
            self._content += data

    def _end_if_long_enough(self, enough: int | None = None) -> None:
        if self._end - self._start < (enough or self._chunk_bytes):
            return
        number = len(self._found)
        self._found.append(Chunk(number, self._start, self._end, self._line))
        self._start, self._line = self._end, self._next_line
        if self._store:
            self._store(number, bytes(self._content))
            self._content.clear()
            self._start = self._end = 0


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
    start = len(_UTF_8_BOM) if head.startswith(_UTF_8_BOM) else 0
    while head[start : start + 1] in (b"\r", b"\n"):
        start += 1
    if start == len(head):
        raise RefusedFile(f"The file has no text. {_SEND}")
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


def _refuse_other_formats(first: bytes) -> None:
    """Refuse what its first bytes show not to be text.

    Raises:
        RefusedFile: the text says what the file is.
    """
    if not first:
        raise RefusedFile(f"The file is empty. {_SEND}")
    for pattern, name, remedy in _OTHER_FORMATS:
        if re.match(pattern, first):
            raise RefusedFile(f"The file is {name}, not CSV. {remedy}")


def _utf_16(first: bytes) -> str | None:
    """Return the codec of content in UTF-16: it has a byte order mark, or the zeros of ASCII in every second byte."""
    if first.startswith(codecs.BOM_UTF16_LE):
        return _UTF_16_LE
    if first.startswith(codecs.BOM_UTF16_BE):
        return _UTF_16_BE
    zeros = [first[place:_SNIFFED_BYTES:2].count(0) for place in (0, 1)]
    if min(zeros) > 0 or max(zeros) * 4 < min(len(first), _SNIFFED_BYTES):
        return None
    return _UTF_16_LE if zeros[1] else _UTF_16_BE


class _Upload:
    """An upload's size and SHA-256, as far as it was read."""

    def __init__(self, blocks: Iterable[bytes]) -> None:
        self.size = 0
        self.digest = hashlib.sha256()
        self._blocks = blocks

    def blocks(self) -> Iterator[bytes]:
        """Read the upload."""
        for block in _regrouped(self._blocks):
            self.size += len(block)
            self.digest.update(block)
            yield block


class _EncodingCheck:
    """Decides whether content is in UTF-8: it has no invalid bytes, or fewer than valid characters beyond ASCII.

    So a few damaged bytes cost their rows, and not the umlauts of the whole file.
    """

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self._bytes = self._valid_bytes = self._ascii = 0

    def watch(self, blocks: Iterable[bytes]) -> Iterator[bytes]:
        """Pass the content on."""
        for block in blocks:
            self._bytes += len(block)
            self._add(self._decoder.decode(block))
            yield block
        self._add(self._decoder.decode(b"", final=True))

    def _add(self, text: str) -> None:
        is_ascii = text.isascii()
        self._valid_bytes += len(text) if is_ascii else len(text.encode(errors="ignore"))
        self._ascii += len(text) if is_ascii else len(text.encode("ascii", "ignore"))

    @property
    def is_utf_8(self) -> bool:
        """Whether the content is in UTF-8, after its last block."""
        invalid = self._bytes - self._valid_bytes
        return invalid == 0 or (self._valid_bytes - self._ascii) // _BYTES_OF_CHARACTER > invalid


def _from_utf_16(blocks: Iterable[bytes], codec: str) -> Iterator[bytes]:
    """Convert content to UTF-8; what is invalid stays so, so that only its row is refused."""
    decoder = codecs.getincrementaldecoder(codec)("surrogatepass")
    for block in blocks:
        yield decoder.decode(block).encode(errors="surrogatepass")
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        yield b"\xff"


def _expanded(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Expand content that is compressed with gzip, in one or several members.

    Raises:
        RefusedFile: it is damaged, incomplete, or expands to more than MAX_BYTES.
    """
    member, size = _Member(), 0
    for block in chain(_sliced(blocks, _GZIP_SLICE_BYTES), [b""]):
        rest = block
        while True:
            if member.eof:
                rest = rest.lstrip(b"\0")  # gzip allows zeros between and after members
                member = _Member() if rest else member
            expanded = member.expand(rest)
            size += len(expanded)
            if size > MAX_BYTES:
                raise RefusedFile("The file expands to more than 1 GiB. Send it in several files.")
            if expanded:
                yield expanded
            rest = member.rest
            if not rest and len(expanded) < _BLOCK_BYTES:
                break
    if not member.eof:
        raise RefusedFile("The compressed file is incomplete: its end is missing. Compress and upload it again.")


class _Member:
    """A member of a gzip file that is being expanded."""

    def __init__(self) -> None:
        self._zlib = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)

    @property
    def eof(self) -> bool:
        return self._zlib.eof

    @property
    def rest(self) -> bytes:
        """What was not read, because the member is complete or a block was full."""
        return self._zlib.unused_data if self.eof else self._zlib.unconsumed_tail

    def expand(self, data: bytes) -> bytes:
        """Return at most a block of expanded data."""
        if self.eof:
            return b""
        try:
            return self._zlib.decompress(data, _BLOCK_BYTES)
        except zlib.error:
            raise RefusedFile("The compressed file is damaged. Compress and upload it again.") from None


def _regrouped(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Return the same content in blocks of a good size: not empty, not large, and only the last one small."""
    small: list[bytes] = []
    size = 0
    for block in _sliced(blocks, _BLOCK_BYTES):
        small.append(block)
        size += len(block)
        if size >= _BLOCK_BYTES:
            yield b"".join(small)
            small.clear()
            size = 0
    if small:
        yield b"".join(small)


def _sliced(blocks: Iterable[bytes], size: int) -> Iterator[bytes]:
    for block in blocks:
        for start in range(0, len(block), size):
            yield block[start : start + size]


def _peek(blocks: Iterable[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """Return the first bytes, enough for a header, and all content with them as the first block."""
    rest = iter(blocks)
    first = b""
    while len(first) < 2 * ROW_LIMIT_BYTES and (block := next(rest, b"")):
        first += block
    return first, chain([first] if first else [], rest)


def _without(size: int, blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Return content without its first bytes, which are all in the first block."""
    for block in blocks:
        if len(block) > size:
            yield block[size:]
        size = 0


def _with_last(blocks: Iterable[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Return each block, and whether it is the last."""
    rest = iter(blocks)
    block = next(rest, None)
    while block is not None:
        following = next(rest, None)
        yield block, following is None
        block = following
