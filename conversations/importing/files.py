"""Uploaded files of customers: where they lie, and what their first bytes say about encoding and delimiter.

What is found here is a guess that a person confirms on the mapping screen.
"""

import codecs
import csv
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, BinaryIO, cast
from uuid import uuid4

import chardet
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from connect.core.errors import Invalid, Terminal
from connect.core.models import Tenant

SAMPLE_BYTES = 256 * 1024
COPY_BYTES = 1024 * 1024
MOST_BYTES = 4 * 1024**3
FILE_NAME_CHARACTERS = 200

#: What a file may be written in. All others are refused; the words are for the mapping screen.
ENCODINGS = {
    "utf-8-sig": gettext_lazy("Unicode (UTF-8)"),
    "utf-16": gettext_lazy("Unicode (UTF-16)"),
    "utf-16-le": gettext_lazy("Unicode (UTF-16, little end first)"),
    "utf-16-be": gettext_lazy("Unicode (UTF-16, big end first)"),
    "cp1252": gettext_lazy("Western European (Windows-1252, Latin-1)"),
    "iso8859-15": gettext_lazy("Western European with € (ISO 8859-15)"),
    "mac-roman": gettext_lazy("Western European (old Macintosh)"),
    "cp1250": gettext_lazy("Central European (Windows-1250)"),
    "iso8859-2": gettext_lazy("Central European (ISO 8859-2)"),
    "cp1251": gettext_lazy("Cyrillic (Windows-1251)"),
    "cp1253": gettext_lazy("Greek (Windows-1253)"),
    "cp1254": gettext_lazy("Turkish (Windows-1254)"),
    "shift_jis": gettext_lazy("Japanese (Shift JIS)"),
    "gb18030": gettext_lazy("Chinese (GB 18030)"),
    "big5": gettext_lazy("Chinese (Big5)"),
    "euc_kr": gettext_lazy("Korean (EUC-KR)"),
}
DELIMITERS = {
    ",": gettext_lazy("Comma"),
    ";": gettext_lazy("Semicolon"),
    "\t": gettext_lazy("Tab"),
    "|": gettext_lazy("Bar"),
}
_FALLBACK = "cp1252"
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
#: How files begin that only look like tables on screen.
_OTHER_KINDS = (
    b"PK\x03\x04",
    b"\xd0\xcf\x11\xe0",
    b"%PDF",
    b"\x1f\x8b",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"7z\xbc\xaf",
    b"Rar!",
)
_LIKES_ZEROS = 0.2


class FileGone(Terminal):
    """The stored file isn't there any more."""


@dataclass(frozen=True)
class Guess:
    """What a file seems to be written in; `sure` where its first bytes leave no doubt."""

    encoding: str
    delimiter: str
    sure: bool


def keep_file(tenant: Tenant, stream: IO[bytes]) -> tuple[str, int]:
    """Store an upload under a random name below the tenant's folder. Returns its path and its size in bytes.

    Errors: Invalid naming `file` where it is empty, too large or no text.
    """
    head = stream.read(SAMPLE_BYTES)
    _refuse_other_kinds(head)
    stream.seek(0)
    # The folder is the tenant's, the name is nobody's: nothing of what the browser sent gets into the path.
    path = f"{tenant.pk}/imports/{uuid4().hex}.csv"
    try:
        path = default_storage.save(path, _Bounded(stream))
    except Invalid:
        forget_file(path)
        raise
    return path, default_storage.size(path)


class _Bounded(File):  # type: ignore[type-arg]  # Django's File isn't generic at run time
    """A stream that ends with an error where it grows beyond the limit, whatever size it claims."""

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
        """Hand out the stream piece by piece."""
        assert self.file is not None
        read = 0
        while piece := self.file.read(chunk_size or COPY_BYTES):
            read += len(piece)
            if read > MOST_BYTES:
                raise Invalid({"file": _("A file has at most 4 GB. Split it, each part with the header line.")})
            yield piece


def open_file(path: str) -> BinaryIO:
    """Open a stored file.

    Errors: FileGone.
    """
    try:
        return cast(BinaryIO, default_storage.open(path, "rb"))
    except FileNotFoundError as error:
        raise FileGone(path) from error


def forget_file(path: str) -> None:
    """Remove a stored file; nothing happens where it is gone already."""
    default_storage.delete(path)


def clean_name(raw: str) -> str:
    """Keep of an uploaded file's name what can be shown: no folders, no control or direction characters."""
    name = raw.replace("\\", "/").rpartition("/")[2]
    name = "".join(character for character in name if character.isprintable()).strip()
    return name[:FILE_NAME_CHARACTERS] or "customers.csv"


def guess_format(head: bytes) -> Guess:
    """Guess encoding and delimiter from the first bytes of a file."""
    encoding, sure = _guess_encoding(head)
    text = codecs.getincrementaldecoder(encoding)(errors="replace").decode(head)
    return Guess(encoding, guess_delimiter(text), sure)


def _refuse_other_kinds(head: bytes) -> None:
    if not head.strip():
        raise Invalid({"file": _("The file is empty.")})
    if head.startswith(_OTHER_KINDS):
        raise Invalid({"file": _("This isn't a CSV file. In a spreadsheet, choose “Save as” and “CSV UTF-8” first.")})
    if not head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) and _zero_side(head) is None:
        control = sum(head.count(byte) for byte in range(32) if byte not in b"\t\n\r\x00")
        if control > len(head) * _LIKES_ZEROS:
            raise Invalid({"file": _("This isn't a text file.")})


def _zero_side(head: bytes) -> str | None:
    """Tell on which side of each pair of bytes the zeros are, as in UTF-16 without its mark."""
    pairs = max(1, len(head) // 2)
    even, odd = head[0::2].count(0) / pairs, head[1::2].count(0) / pairs
    if max(even, odd) < _LIKES_ZEROS or min(even, odd) > max(even, odd) / 4:
        return None
    return "utf-16-be" if even > odd else "utf-16-le"


def _guess_encoding(head: bytes) -> tuple[str, bool]:
    for mark, encoding in _BOMS:
        if head.startswith(mark):
            return encoding, True
    side = _zero_side(head)
    if side:
        return side, True
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return _hint(head), False
    return "utf-8-sig", not head.isascii()


def _hint(head: bytes) -> str:
    found = chardet.detect(head[: 64 * 1024])["encoding"]
    if not found:
        return _FALLBACK
    try:
        name = codecs.lookup(found).name
    except LookupError:
        return _FALLBACK
    known = {codecs.lookup(encoding).name: encoding for encoding in ENCODINGS}
    # ISO 8859-1 is read as Windows-1252, which holds the same letters and more: browsers do the same.
    return _FALLBACK if name in {"iso8859-1", "ascii"} else known.get(name, _FALLBACK)


def guess_delimiter(text: str) -> str:
    """Guess what stands between the cells: what cuts the first lines into equally many cells, the more the better."""
    lines = [line for line in text[:20_000].splitlines() if line][:20]
    best, best_score = ",", (0.0, 0)
    for delimiter in DELIMITERS:
        widths = [len(row) for row in _split(lines, delimiter)]
        if not widths or widths[0] < 2:
            continue
        score = (sum(width == widths[0] for width in widths) / len(widths), widths[0])
        if score > best_score:
            best, best_score = delimiter, score
    return best


def _split(lines: list[str], delimiter: str) -> list[list[str]]:
    try:
        return list(csv.reader(lines, delimiter=delimiter))
    except csv.Error:
        return []
