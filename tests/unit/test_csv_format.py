"""The CSV format of uploads: what is accepted, where rows begin and end, and that no size or block changes that."""

import gzip
import hashlib
import io
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from itertools import islice, repeat

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from application_status.intake.files import csv_format, upload
from application_status.intake.files.csv_format import Layout, RefusedFile, Row, Scanned, rows, scan

HEADER = b"atsiApplicationId,rawStatus,status,businessDate\n"
ID = "51c3be16-0f93-41ed-9cc0-9092222d7333"
MIB = 1024 * 1024


class Imported:
    """An upload that was scanned, and its rows, chunk by chunk."""

    def __init__(self, data: bytes, chunk_bytes: int = 2 * MIB, block_bytes: int = 1000) -> None:
        self.data = data
        self.stored: dict[int, bytes] = {}
        blocks = (data[start : start + block_bytes] for start in range(0, len(data), block_bytes))
        self.scanned: Scanned = scan(blocks, chunk_bytes, self.stored.__setitem__)
        self.layout: Layout = self.scanned.layout

    def chunks(self) -> Iterator[tuple[int, bytes]]:
        for number, chunk in enumerate(self.scanned.chunks):
            assert chunk.number == number
            content = self.data if self.scanned.is_original else self.stored[number]
            yield chunk.line, content[chunk.start : chunk.end]

    def rows(self) -> list[Row]:
        return [
            row for line, content in self.chunks() for row in rows([content], line, self.layout, self.scanned.encoding)
        ]

    def cells(self) -> list[tuple[str, ...] | None]:
        return [row.cells for row in self.rows()]


def reason(data: bytes) -> str:
    with pytest.raises(RefusedFile) as refused:
        Imported(data)
    return str(refused.value)


@pytest.mark.parametrize(
    "header",
    [
        "atsiApplicationId,rawStatus,status,businessDate",
        "BUSINESSDATE,Status,RAWSTATUS,AtsiApplicationId",
        '"rawStatus","atsiApplicationId","businessDate","status"',
        "status;rawStatus;businessDate;atsiApplicationId",
        "businessDate\tatsiApplicationId\trawStatus\tstatus",
        " rawStatus , atsiApplicationId , status , businessDate ",
        '\ufeffrawStatus;"atsiApplicationId";"Notes, and\nmore";status;businessDate',
        "\n\r\n\ratsiApplicationId,rawStatus,status,businessDate",
    ],
)
def test_columns_are_found_by_their_names(header: str) -> None:
    """In any order and case, quoted or not, with each of the delimiters, after empty lines."""
    layout = Imported(header.encode()).layout
    names = ["atsiApplicationId", "rawStatus", "status", "businessDate"]
    places = [layout.application_id, layout.raw_status, layout.status, layout.business_date]
    assert set(places) <= set(range(layout.columns))
    quoted = header.split(layout.delimiter)
    assert [quoted[place or 0].strip(' "\ufeff\r\n').lower() for place in places] == [name.lower() for name in names]


def test_other_columns_are_ignored_and_named() -> None:
    """Their names are shown on one line, and cut after 40 characters."""
    layout = Imported(f"Größe,rawStatus,a\u202eb,atsiApplicationId,{'x' * 50},".encode("cp1252", "ignore")).layout
    assert layout.ignored == ("Größe", "ab", f"{'x' * 37}...", "")
    assert (layout.columns, layout.status, layout.business_date) == (6, None, None)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", "The file is empty"),
        (gzip.compress(b""), "The file is empty"),
        (b"\n\r\n\r", "begins with empty lines alone"),
        (b"\n" * 20_000 + HEADER, "begins with empty lines alone"),
        (b"rawStatus,status\n", 'no column atsiApplicationId, but "rawStatus", "status"'),
        (b"id,label\n", 'no column atsiApplicationId and no column rawStatus, but "id", "label"'),
        (b"atsi_application_id,rawStatus\n", 'no column atsiApplicationId, but "atsi_application_id"'),
        (b"atsiApplicationId|rawStatus\n", 'no column atsiApplicationId and no column rawStatus, but "atsiApp'),
        (b"atsiApplicationId,rawStatus,RAWSTATUS\n", "has the column rawStatus twice"),
        (f"{ID},Interview,INTERVIEW\n".encode(), "has data, not the names of the columns"),
        (b'"atsiApplicationId,rawStatus\n', "quotes that are not closed"),
        (b"x" * 20_000 + HEADER, "more than 16 KiB"),
        (b"rawStatus,atsiApplicationId" + b",x" * 99, "has 101 columns. Send at most 100"),
        (b"\x00\x01\x02\x03" * 100, "no column atsiApplicationId"),
    ],
    ids=range(14),
)
def test_a_file_without_a_usable_header_is_refused(data: bytes, expected: str) -> None:
    """The text says what was found, and what to send."""
    text = reason(data)
    assert expected in text
    assert "Send" in text
    assert len(text) < 1500


def zipped(*names: str) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        for name in names:
            file.writestr(name, HEADER)
    return archive.getvalue()


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (zipped("report.csv"), "a ZIP archive"),
        (zipped(), "a ZIP archive"),
        (zipped("[Content_Types].xml", "_rels/.rels", "xl/workbook.xml"), "an Excel workbook (XLSX)"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel workbook (XLS)"),
        (b"%PDF-1.7", "a PDF document"),
        (b"<!DOCTYPE html><html>", "an HTML page"),
        (b"\xef\xbb\xbf  <HTML>", "an HTML page"),
        (b'<?xml version="1.0"?>', "an XML document"),
        (b'{"Reports": []}', "a JSON document"),
        (b'[\n {"AtsiApplicationId": 1}]', "a JSON document"),
        (b"PAR1\x15\x04", "a Parquet file"),
        (b"BZh91AY", "compressed with bzip2"),
        (b"\xfd7zXZ\x00\x00", "compressed with xz"),
        (b"\x28\xb5\x2f\xfd\x04", "compressed with Zstandard"),
        (b"7z\xbc\xaf\x27\x1c\x00", "a 7-Zip or RAR archive"),
        (b"report.csv".ljust(257, b"\0") + b"ustar", "a tar archive"),
        ("atsiApplicationId".encode("utf-32"), "in UTF-32"),
        (gzip.compress(gzip.compress(HEADER)), "compressed twice with gzip"),
        (gzip.compress(zipped("report.csv")), "a ZIP archive"),
    ],
    ids=range(19),
)
def test_a_file_of_another_format_is_named(data: bytes, expected: str) -> None:
    """The text says what it is and what to do instead."""
    text = reason(data)
    assert text.startswith(f"The file is {expected}")
    assert text.count(".") >= 2


def test_a_header_alone_is_a_file_without_rows() -> None:
    """A daily export with nothing to report is no error, with or without a line end."""
    for data in (HEADER, HEADER.rstrip()):
        scanned = Imported(data).scanned
        assert (scanned.rows, scanned.chunks) == (0, ())
        assert (scanned.sha256, scanned.bytes) == (hashlib.sha256(data).hexdigest(), len(data))


TEXT = f"atsiApplicationId;rawStatus\r\n{ID};Gespräch für Größe, 20 €\r\n{ID};ßmega\n"


@pytest.mark.parametrize(
    ("data", "encoding", "is_original"),
    [
        (TEXT.encode(), "utf-8", True),
        (TEXT.encode("utf-8-sig"), "utf-8", True),
        (TEXT.encode("cp1252"), "cp1252", True),
        (TEXT.encode("utf-16"), "utf-8", False),
        (b"\xfe\xff" + TEXT.encode("utf-16-be"), "utf-8", False),
        (TEXT.encode("utf-16-le"), "utf-8", False),
        (TEXT.encode("utf-16-be"), "utf-8", False),
        (gzip.compress(TEXT.encode()), "utf-8", False),
        (gzip.compress(TEXT.encode("cp1252")), "cp1252", False),
        (gzip.compress(TEXT.encode("utf-16")), "utf-8", False),
    ],
    ids=["utf-8", "bom", "1252", "16", "16-be-bom", "16-le", "16-be", "gzip", "gzip-1252", "gzip-16"],
)
def test_encodings_are_told_apart(data: bytes, encoding: str, *, is_original: bool) -> None:
    """By a byte order mark, by zeros in every second byte, or by the whole content."""
    imported = Imported(data, chunk_bytes=10)
    assert (imported.scanned.encoding, imported.scanned.is_original) == (encoding, is_original)
    assert imported.cells() == [(ID, "Gespräch für Größe, 20 €"), (ID, "ßmega")]
    assert [row.line for row in imported.rows()] == [2, 3]
    assert len(imported.scanned.chunks) == 2
    assert imported.scanned.sha256 == hashlib.sha256(data).hexdigest()


def test_a_late_umlaut_decides_the_encoding() -> None:
    """However long the file is ASCII."""
    ascii_rows = f"{ID},Interview\n".encode() * 50_000
    for encoding in ("utf-8", "cp1252"):
        imported = Imported(b"atsiApplicationId,rawStatus\n" + ascii_rows + f"{ID},Größe".encode(encoding))
        assert imported.scanned.encoding == encoding
        assert imported.cells()[-1] == (ID, "Größe")


def test_damaged_characters_cost_their_rows_alone() -> None:
    """A byte that is wrong in the file's encoding does not change how the other rows are read."""
    good = "id,Größe\n" * 3
    utf_8 = Imported(b"atsiApplicationId,rawStatus\n" + good.encode() + b"id,\xe4\n" + good.encode())
    assert [bool(row.cells) for row in utf_8.rows()] == [True, True, True, False, True, True, True]
    assert "not in UTF-8" in (utf_8.rows()[3].problem or "")
    cp1252 = Imported(b"atsiApplicationId,rawStatus\n" + good.encode("cp1252") + b"id,\x81\n")
    assert [bool(row.cells) for row in cp1252.rows()] == [True, True, True, False]
    assert "not in Windows-1252" in (cp1252.rows()[3].problem or "")
    header = "atsiApplicationId,rawStatus\n".encode("utf-16")
    lone = Imported(header + "id,a\nid,".encode("utf-16-le") + b"\x00\xd8" + "\nid,b".encode("utf-16-le"))
    assert lone.cells() == [("id", "a"), None, ("id", "b")]
    assert Imported(header + "id,a\nid,b".encode("utf-16-le") + b"\x00").cells() == [("id", "a"), None]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"a,b\nc,d\r\ne,f\rg,h", [("a", "b"), ("c", "d"), ("e", "f"), ("g", "h")]),
        (b"\n\r\n\ra,b\n\n\r\r\nc,d\r\r", [("a", "b"), ("c", "d")]),
        (b'"a","b, c"\n"d ""e""",\n', [("a", "b, c"), ('d "e"', "")]),
        (b'a,"b\r\nc\n\nd"\ne,f', [("a", "b\r\nc\n\nd"), ("e", "f")]),
        (b'a, "b" \n "c" ,d ', [("a", "b"), ("c", "d ")]),
        (b'a,13" screen\nb,"Interview', [("a", '13" screen'), None]),
        (b'a,"b\nc,d\ne,f\n', [None, ("c", "d"), ("e", "f")]),
        (b'a,"b\nc,"d"\ne,f\n', [None, ("c", "d"), ("e", "f")]),
        (b'a,"b\nc,d"\ne,f\n', [("a", "b\nc,d"), ("e", "f")]),
        (b'"a\n",b,c\nd,e', [None, None, ("d", "e")]),
        (b'a,"b" c\nd,e', [None, ("d", "e")]),
        (b"a\nb,c,d\ne,f\n,\n", [None, None, ("e", "f"), ("", "")]),
        (b"a,b\0\nc,d", [None, ("c", "d")]),
        (b'"",""\n"""",b', [("", ""), ('"', "b")]),
        (b"=1+1,@SUM(A1)\n-1,+1", [("=1+1", "@SUM(A1)"), ("-1", "+1")]),
        (b" \n\t", [None, None]),
    ],
    ids=range(16),
)
def test_rows(text: bytes, expected: Sequence[object]) -> None:
    """RFC 4180 with any line ends; a row that is wrong is refused alone, and a cell that begins with = is data."""
    for block_bytes in (1, 2, 3, 1000):
        imported = Imported(b"atsiApplicationId,rawStatus\n" + text, block_bytes=block_bytes)
        assert imported.cells() == expected
        assert imported.scanned.rows == len(expected)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (
            b"a,b,c",
            "The row has 3 instead of 2 cells. Send as many as the header, and put cells that contain commas in quotes",
        ),
        (b"a", "The row has 1 instead of 2 cells"),
        (b"a,\0", "The row contains NUL bytes"),
        (b'a,"b', 'A quote (") opens a cell and is not closed'),
        (b'a,"b"c', "A cell goes on after its closing quote"),
        (b"a," + b"b" * (16 * 1024 - 1), "longer than 16 KiB"),
        (b'a,"' + b"b\n" * 10_000 + b'"', "is not closed in this row"),
    ],
    ids=range(7),
)
def test_a_refused_row_says_why(row: bytes, expected: str) -> None:
    """The text says what is wrong and what to send."""
    first = Imported(b"atsiApplicationId,rawStatus\n\n" + row).rows()[0]
    assert first.cells is None
    assert expected in (first.problem or "")
    assert first.line == 3


def test_a_file_has_a_limit_of_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that no file keeps a worker, or the next file of its ATS, busy for days."""
    monkeypatch.setattr(csv_format, "ROWS_LIMIT", 3)
    monkeypatch.setattr(csv_format, "BROKEN_ROWS_LIMIT", 1)
    header, broken = b"atsiApplicationId,rawStatus\n", b'"a,b\n'
    assert Imported(header + b"a,b\n\n" * 3).scanned.rows == 3
    assert Imported(header + b"a,b\n" + broken).scanned.rows == 2
    with pytest.raises(RefusedFile, match="more than 3 rows"):
        Imported(header + b"a,b\n" * 4)
    with pytest.raises(RefusedFile, match="more than 1 rows with wrong quotes"):
        Imported(header + broken * 2)


def test_lines_are_counted_as_an_editor_counts_them() -> None:
    """A row has the number of its first line; empty lines and lines inside quotes count."""
    text = b'atsiApplicationId,"raw\nStatus",rawStatus\n\na,,b\r\nc,,"\n\n"\rd,,e\n"\nf,,g'
    assert [(row.line, row.next_line) for row in Imported(text).rows()] == [(4, 5), (5, 8), (8, 9), (9, 10), (10, 10)]


@pytest.mark.parametrize("ends", [b"\n", b"\r\n", b"\r"], ids=["lf", "crlf", "cr"])
@pytest.mark.parametrize("quote", [b"", b'"'], ids=["plain", "quoted"])
@pytest.mark.parametrize("compressed", [False, True], ids=["original", "gzip"])
def test_a_very_long_row_is_refused_alone(ends: bytes, quote: bytes, *, compressed: bool) -> None:
    """A row of 10 MB is never in memory as a whole, and is not stored."""
    long_row = quote + b"x" * 10 * MIB + ends
    data = HEADER + ends.join([b"a,b,c,d", long_row + b"e,f,g,h"])
    imported = Imported(gzip.compress(data) if compressed else data, chunk_bytes=20_000, block_bytes=100_000)
    assert imported.cells() == [("a", "b", "c", "d"), None, ("e", "f", "g", "h")]
    assert [row.line for row in imported.rows()] == [2, 3, 4]
    assert "longer than 16 KiB" in (imported.rows()[1].problem or "")
    assert sum(map(len, imported.stored.values())) < 20_000
    for size in (16 * 1024, 16 * 1024 + 1):
        row = b"a,b,c," + b"x" * (size - 6)
        for block_bytes in (1, 4096, 100_000):
            small = Imported(HEADER + row + ends + b"e,f,g,h", block_bytes=block_bytes)
            assert [bool(cells) for cells in small.cells()] == [size == 16 * 1024, True]


def reference(content: bytes, columns: int, first_line: int, limit: int) -> list[tuple[int, int, object]]:
    """Read rows one character after the other, by the rules in the module's docstring."""
    found: list[tuple[int, int, object]] = []
    at, line = 0, first_line
    while at < len(content):
        stop = at
        while content[stop : stop + 1] not in (b"\r", b"\n", b""):
            stop += 1
        cells, end = parsed_row(content, at) if stop - at <= limit else (None, 0)
        if cells is None or (end != stop and (end - at > limit or len(cells) != columns)):
            cells, end = None, stop
        after = end + (2 if content[end : end + 2] == b"\r\n" else 1)
        is_good = cells is not None and len(cells) == columns and 0 not in content[at:end] and is_utf_8(content[at:end])
        if end > at:
            found.append((line, min(after, len(content)), [*map(bytes.decode, cells or [])] if is_good else None))
        line += content[at:after].replace(b"\r\n", b"\n").replace(b"\r", b"\n").count(b"\n")
        at = after
    return found


def parsed_row(content: bytes, at: int) -> tuple[list[bytes] | None, int]:
    cells = []
    while True:
        end = at
        while content[end : end + 1] == b" ":
            end += 1
        if content[end : end + 1] == b'"':
            cell, end = b"", end + 1
            while content[end : end + 1] != b'"' or content[end : end + 2] == b'""':
                if end >= len(content):
                    return None, end
                cell += content[end : end + 1]
                end += 2 if content[end : end + 1] == b'"' else 1
            end += 1
            while content[end : end + 1] == b" ":
                end += 1
            if content[end : end + 1] not in (b",", b"\r", b"\n", b""):
                return None, end
        else:
            while content[end : end + 1] not in (b",", b"\r", b"\n", b""):
                end += 1
            cell = content[at:end]
        cells.append(cell)
        if content[end : end + 1] != b",":
            return cells, end
        at = end + 1


def is_utf_8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


PIECES = [
    b'"',
    b'""',
    b",",
    b"\n",
    b"\r",
    b"\r\n",
    b" ",
    b"a",
    b"\0",
    b"\xff",
    "ä".encode(),
    b"a,b\r\n",
    b'"a\n",b\r',
    b"x" * 9,
]
CONTENTS = (st.binary(max_size=20) | st.binary(min_size=100, max_size=200)).map(
    lambda chosen: b"".join(PIECES[each % len(PIECES)] for each in chosen)
)
SHORT_HEADER = "\ufeffrawStatus,atsiApplicationId\r\n".encode()


@settings(deadline=None, max_examples=1500)
@given(CONTENTS | st.binary(), st.integers(1, 100), st.integers(27, 50), st.integers(1, 100), st.booleans())
def test_chunks_hold_the_rows_of_a_simple_reader(
    content: bytes, block_bytes: int, limit: int, chunk_bytes: int, compressed: bool
) -> None:
    """Whatever the bytes, blocks and chunks: no row is lost, read twice or cut, and each has its line number."""
    data = SHORT_HEADER + content
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv_format, "ROW_LIMIT_BYTES", limit)
        patch.setattr(upload, "BLOCK_BYTES", max(block_bytes, len(SHORT_HEADER)))
        imported = Imported(gzip.compress(data) if compressed else data, chunk_bytes)
        found = imported.rows()
        offsets = [
            chunk.start + row.end - len(SHORT_HEADER)
            for chunk, (line, part) in zip(imported.scanned.chunks, imported.chunks(), strict=True)
            for row in rows([part], line, imported.layout, imported.scanned.encoding)
        ]
    expected = reference(content, 2, 2, limit)
    assert [(row.line, row.cells and [*row.cells]) for row in found] == [(line, cells) for line, _, cells in expected]
    assert imported.scanned.rows == len(expected)
    assert all((row.cells is None) != (row.problem is None) for row in found)
    if not compressed:
        chunks = imported.scanned.chunks
        assert offsets == [end for _, end, _ in expected]
        assert [0, *(each.end - len(SHORT_HEADER) for each in chunks)] == [
            *(each.start - len(SHORT_HEADER) for each in chunks),
            len(content),
        ]
        for chunk in chunks[:-1]:
            enough = chunk.start + chunk_bytes - len(SHORT_HEADER)
            assert not [end for _, end, _ in expected if enough <= end < chunk.end - len(SHORT_HEADER)]
            assert chunk.end - chunk.start >= chunk_bytes


@settings(deadline=None, max_examples=100)
@given(CONTENTS, st.integers(1, 100), st.integers(1, 100), st.integers(1, 100))
def test_blocks_do_not_change_the_chunks(content: bytes, one: int, other: int, chunk_bytes: int) -> None:
    """So a second scan of the same upload finds the same chunks."""
    found = []
    for block_bytes in (one, other):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(csv_format, "ROW_LIMIT_BYTES", 40)
            patch.setattr(upload, "BLOCK_BYTES", max(block_bytes, len(SHORT_HEADER)))
            found.append(Imported(SHORT_HEADER + content, chunk_bytes).scanned)
    assert found[0] == found[1]


@settings(deadline=None, max_examples=100)
@given(CONTENTS, st.integers(0, 60))
def test_reading_can_go_on_after_any_row(content: bytes, done: int) -> None:
    """From where the row ends, with the number of the next line."""
    imported = Imported(SHORT_HEADER + content)
    if 0 < done <= len(imported.rows()):
        (chunk,) = imported.scanned.chunks
        last = imported.rows()[done - 1]
        rest = imported.data[chunk.start + last.end : chunk.end]
        again = rows([rest], last.next_line, imported.layout, imported.scanned.encoding)
        assert [row[:1] + row[2:] for row in again] == [row[:1] + row[2:] for row in imported.rows()[done:]]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"], ids=["comma", "semicolon", "tab"])
def test_cells_contain_the_other_delimiters(delimiter: str) -> None:
    """Only the header's delimiter separates cells."""
    cells = [ID, "a,b;c\td\ne"]
    text = delimiter.join(["atsiApplicationId", "rawStatus"]) + "\n" + delimiter.join(f'"{cell}"' for cell in cells)
    assert Imported(text.encode()).cells() == [tuple(cells)]


@pytest.fixture
def peak() -> Iterator[Callable[[], float]]:
    """Return a function that returns the peak of memory since its last call, in MB."""

    def since_last() -> float:
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.reset_peak()
        return most / MIB

    tracemalloc.start()
    yield since_last
    tracemalloc.stop()


class TestGzip:
    data = HEADER + f"{ID},Interview,INTERVIEW,\n".encode() * 20_000

    def test_members_and_padding(self) -> None:
        """Several members are one file, as gzip concatenates them; zeros may come between and after them."""
        middle = len(self.data) // 2
        parts = gzip.compress(self.data[:middle]), bytes(9000), gzip.compress(self.data[middle:]), bytes(9000)
        for block_bytes in (1, 777, 100_000):
            imported = Imported(b"".join(parts), block_bytes=block_bytes)
            assert imported.scanned.rows == 20_000
            assert b"".join(imported.stored.values()) == self.data[len(HEADER) :]

    def test_many_small_members(self) -> None:
        """They are read in one pass, however many there are."""
        lines = [f"{ID},Interview,INTERVIEW,{number}\n".encode() for number in range(5000)]
        imported = Imported(gzip.compress(HEADER) + b"".join(map(gzip.compress, lines)), block_bytes=200_000)
        assert imported.scanned.rows == 5000

    @pytest.mark.parametrize("cut", [1, 8, 9, 1000])
    def test_an_incomplete_file_is_refused(self, cut: int) -> None:
        """Also if only the checksum at its end is missing."""
        whole = gzip.compress(self.data)
        assert "incomplete" in reason(whole[:-cut])

    def test_a_damaged_file_is_refused(self) -> None:
        """By its checksum, or what follows the last member."""
        whole = bytearray(gzip.compress(self.data))
        assert "damaged" in reason(bytes(whole) + b"junk")
        whole[-6] ^= 1
        assert "damaged" in reason(bytes(whole))
        assert "damaged" in reason(b"\x1f\x8bjunk")

    def test_a_bomb_is_bounded(self, monkeypatch: pytest.MonkeyPatch, peak: Callable[[], float]) -> None:
        """It is refused as soon as it exceeds the limit, in little memory, also if it is one endless row."""
        monkeypatch.setattr(upload, "MAX_BYTES", 64 * MIB)
        packer = zlib.compressobj(9, wbits=31)
        bomb = packer.compress(HEADER) + b"".join(packer.compress(b"x" * MIB) for _ in range(65)) + packer.flush()
        assert len(bomb) < 100_000
        assert "expands to more than 1 GiB" in reason(bomb)
        assert peak() < 4


PLAIN = f"{ID},Interview,INTERVIEW,2026-11-02\n"
QUOTED = f'"{ID}","Gespräch, ""zweites""",,2026-11-02T10:00:00Z\r\n'
JOINED = f'{ID},"Angebot\ngeschickt",OFFER,\n'
BLOCK = f'{PLAIN * 2000}{QUOTED * 1000}{JOINED * 10}\nx,"y\n{"z" * 20_000}\n'.encode()
ROWS = 2000 + 1000 + 10 + 2


def stream() -> Iterator[bytes]:
    """Generate 64 MB: rows in quotes or of several lines, an empty line, an open quote, and a row that is too long."""
    yield HEADER
    yield from repeat(BLOCK, 64 * MIB // len(BLOCK))


def not_stored(number: int, content: bytes) -> None:
    assert (number, content) is not None


def test_memory_is_flat(peak: Callable[[], float]) -> None:
    """A stream of 64 MB is scanned in less than 5 MB, and its rows are read in as little."""
    scanned = scan(stream(), 2 * MIB, not_stored)
    assert scanned.rows == 64 * MIB // len(BLOCK) * ROWS
    assert peak() < 5
    content = islice(stream(), 1, 20)
    assert sum(1 for _ in rows(content, 2, scanned.layout, scanned.encoding)) == 19 * ROWS
    assert peak() < 5


def test_memory_of_a_compressed_file_is_flat(peak: Callable[[], float]) -> None:
    """It needs a chunk more."""
    packer = zlib.compressobj(1, wbits=31)
    with pytest.raises(RefusedFile, match="incomplete"):
        scan(map(packer.compress, stream()), 2 * MIB, not_stored)
    assert peak() < 8
