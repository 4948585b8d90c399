"""The bytes of an upload: expands them, detects their encoding, and refuses what is not text.

Upload       an upload that is read once, in blocks
RefusedFile  the upload is no CSV file that is accepted
"""

import codecs
import hashlib
import re
import zlib
from collections.abc import Iterable, Iterator
from itertools import chain

MAX_BYTES = 1024**3
"""The maximum size of an upload, and of what a compressed one expands to."""

UTF_8, WINDOWS_1252 = "utf-8", "cp1252"

BLOCK_BYTES = 256 * 1024
_GZIP_SLICE_BYTES = 8 * 1024  # zlib copies what follows a member, and a file can have many small ones
_BYTES_OF_CHARACTER = 2  # of UTF-8, beyond ASCII, at least
_SNIFFED_BYTES = 128
_GZIP = b"\x1f\x8b"
_EMPTY = "The file is empty. Send a CSV file whose first line has the names of the columns."
_EXCEL = "In Excel, choose Save As and the type CSV UTF-8."
_PACKED = "Send the CSV file in it as it is, or compressed with gzip."
_AS_CSV = "Export it as CSV."
_OTHER_FORMATS = (
    (
        rb"PK\x03\x04(?s:.){0,4096}?(?:\[Content_Types\]|_rels/|docProps/|xl/)",
        "an Excel workbook (XLSX) or another Office document",
        _EXCEL,
    ),
    (rb"PK\x03\x04(?s:.){0,128}?opendocument", "an OpenDocument spreadsheet (ODS)", _AS_CSV),
    (rb"PK\x03\x04|PK\x05\x06", "a ZIP archive", _PACKED),
    (rb"\xd0\xcf\x11\xe0", "an old Excel workbook (XLS) or another Office document", _EXCEL),
    (rb"%PDF", "a PDF document", _AS_CSV),
    (rb"PAR1", "a Parquet file", _AS_CSV),
    (rb"BZh[1-9]", "compressed with bzip2", _PACKED),
    (rb"\xfd7zXZ\0", "compressed with xz", _PACKED),
    (rb"\x28\xb5\x2f\xfd", "compressed with Zstandard", _PACKED),
    (rb"7z\xbc\xaf\x27\x1c|Rar!", "a 7-Zip or RAR archive", _PACKED),
    (rb"(?s:.){257}ustar", "a tar archive", _PACKED),
    (_GZIP, "compressed twice with gzip", "Compress it once."),
    (rb"\xff\xfe\0\0|\0\0\xfe\xff", "in UTF-32", "Save it in UTF-8."),
    (rb"(?:\xef\xbb\xbf)?\s*(?i:<!doctype html|<html|<head|<body|<table)", "an HTML page", _AS_CSV),
    (rb"(?:\xef\xbb\xbf)?\s*<[?!a-zA-Z]", "an XML document", _AS_CSV),
    (rb"(?:\xef\xbb\xbf)?\s*(?:\{|\[\s*[\[{\"\]])", "a JSON document", _AS_CSV),
)
"""Patterns of the first bytes of files that are no CSV, what such a file is, and what to do."""


class RefusedFile(Exception):
    """The upload is no file that is accepted; the text says what was found and what to send instead."""


class Upload:
    """An upload that is read once, in blocks; it may be compressed with gzip.

    Attributes:
        size: in bytes, as far as it was read.
        is_original: whether the content is that of the upload: neither compressed nor in UTF-16.
    """

    def __init__(self, blocks: Iterable[bytes]) -> None:
        self.size = 0
        self.is_original = True
        self._digest = hashlib.sha256()
        self._blocks = blocks
        self._encoding = _EncodingCheck()

    @property
    def sha256(self) -> str:
        """The digest of what was read, in hexadecimal."""
        return self._digest.hexdigest()

    @property
    def encoding(self) -> str:
        """The encoding of the content, after all of it was read; content in UTF-16 is converted to UTF-8."""
        return UTF_8 if self._encoding.is_utf_8 else WINDOWS_1252

    def content(self) -> Iterator[bytes]:
        """Read the upload, and return its text in blocks of BLOCK_BYTES or more; only the last one may be smaller.

        Raises:
            RefusedFile: the upload is empty, of another format, damaged, or expands to more than MAX_BYTES.
        """
        first, content = _peek(self._raw(), _SNIFFED_BYTES)
        if first.startswith(_GZIP):
            self.is_original = False
            content = regrouped(_at_most(MAX_BYTES, _expanded(content)))
        first, content = _peek(content, BLOCK_BYTES)
        if not first:
            raise RefusedFile(_EMPTY)
        for pattern, name, remedy in _OTHER_FORMATS:
            if re.match(pattern, first):
                raise RefusedFile(f"The file is {name}, not CSV. {remedy}")
        if codec := _utf_16(first):
            self.is_original = False
            content = regrouped(_from_utf_16(content, codec))
        return self._encoding.watch(content, is_utf_8=codec is not None or first.startswith(codecs.BOM_UTF8))

    def _raw(self) -> Iterator[bytes]:
        for block in regrouped(self._blocks):
            self.size += len(block)
            self._digest.update(block)
            yield block


class _EncodingCheck:
    """Decides whether content is in UTF-8: it has no invalid bytes, or fewer than valid characters beyond ASCII.

    So a few damaged bytes cost their rows, and not the umlauts of the whole file.
    """

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self._bytes = self._valid_bytes = self._ascii = 0
        self._is_known = False

    def watch(self, blocks: Iterable[bytes], *, is_utf_8: bool) -> Iterator[bytes]:
        """Pass content on; `is_utf_8` if that is known."""
        self._is_known = is_utf_8
        for block in blocks:
            if not is_utf_8:
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
        beyond_ascii = (self._valid_bytes - self._ascii) // _BYTES_OF_CHARACTER
        return self._is_known or invalid == 0 or invalid < beyond_ascii


def _utf_16(first: bytes) -> str | None:
    """Return the codec of content in UTF-16: it has a byte order mark, or the zeros of ASCII in every second byte."""
    for mark, codec in ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")):
        if first.startswith(mark):
            return codec
    high, low = (first[place:_SNIFFED_BYTES:2].count(0) for place in (0, 1))
    if (high and low) or max(high, low) * 4 < min(len(first), _SNIFFED_BYTES):
        return None
    return "utf-16-be" if high else "utf-16-le"


def _from_utf_16(blocks: Iterable[bytes], codec: str) -> Iterator[bytes]:
    """Convert content to UTF-8; what is invalid stays invalid, so that only its row is refused."""
    decoder = codecs.getincrementaldecoder(codec)("surrogatepass")
    for block in blocks:
        yield decoder.decode(block).encode(errors="surrogatepass")
    if decoder.getstate()[0]:  # half a character
        yield b"\xff"


def _expanded(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Expand content that is compressed with gzip, in one or several members.

    Raises:
        RefusedFile: it is damaged or incomplete.

    https://www.rfc-editor.org/rfc/rfc1952#section-2.2
    """
    member = _member()
    try:
        for piece in _sliced(blocks, _GZIP_SLICE_BYTES):
            rest = piece
            while rest:
                if member.eof:
                    rest = rest.lstrip(b"\0")  # padding, as gzip programs accept it
                    member = _member() if rest else member
                else:
                    yield member.decompress(rest, BLOCK_BYTES)
                    rest = member.unused_data or member.unconsumed_tail
    except zlib.error:
        raise RefusedFile("The compressed file is damaged. Compress and upload it again.") from None
    if not member.eof:
        raise RefusedFile("The compressed file is incomplete: its end is missing. Compress and upload it again.")


def _member() -> "zlib._Decompress":
    return zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)


def _at_most(limit: int, blocks: Iterable[bytes]) -> Iterator[bytes]:
    size = 0
    for block in blocks:
        size += len(block)
        if size > limit:
            raise RefusedFile("The file expands to more than 1 GiB. Send it in several files.")
        yield block


def regrouped(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Return the same content in blocks of BLOCK_BYTES to twice as much; only the last one may be smaller."""
    small: list[bytes] = []
    size = 0
    for block in _sliced(blocks, BLOCK_BYTES):
        small.append(block)
        size += len(block)
        if size >= BLOCK_BYTES:
            yield b"".join(small)
            small.clear()
            size = 0
    if small:
        yield b"".join(small)


def _sliced(blocks: Iterable[bytes], size: int) -> Iterator[bytes]:
    for block in blocks:
        for start in range(0, len(block), size):
            yield block[start : start + size]


def _peek(blocks: Iterable[bytes], size: int) -> tuple[bytes, Iterator[bytes]]:
    """Return the first bytes, at least as many as `size` if there are, and all content with them as the first block."""
    rest = iter(blocks)
    first = b""
    while len(first) < size and (block := next(rest, None)) is not None:
        first += block
    return first, chain([first] if first else [], rest)
