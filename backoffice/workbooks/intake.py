"""The first look at an uploaded file: what it is and whether it may be opened at all.

Cheap and safe enough for a web request: it reads the file's first bytes and, of a zip archive, the list of its parts,
after making sure that this list is short. Nothing is unpacked.
"""

from __future__ import annotations

import codecs
import zipfile
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from backoffice.workbooks.problems import FileProblemCode, FileProblemError

MEGABYTE = 1024 * 1024
TENTH = MEGABYTE // 10
"""Sizes are told in tenths; a file that is too large must not seem to have just the size allowed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a file may cost. Sizes in bytes, times in seconds.

    `wait_seconds` counts only the time somebody waits for the reading process, `cpu_seconds` what that process
    computes. A full sheet of 50,000 rows has a part of some 22 to 40 MB.
    """

    file_bytes: int = 15 * MEGABYTE
    unpacked_bytes: int = 160 * MEGABYTE
    part_bytes: int = 96 * MEGABYTE
    parts: int = 200
    rows: int = 50_000
    memory_bytes: int = 400 * MEGABYTE
    cpu_seconds: int = 90
    wait_seconds: int = 120


class FileKind(Enum):
    """What a file turned out to be."""

    WORKBOOK = "workbook"
    TEXT = "text"


_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OLD_BIFF = (b"\x09\x00\x04\x00", b"\x09\x02\x06\x00", b"\x09\x04\x06\x00", b"\x09\x08")
_OTHER_TEXT = (b"<", b"%PDF", b"{\\rtf", b"%!PS")
_END_OF_PARTS = b"PK\x05\x06"
_ZIP64_LOCATOR = b"PK\x06\x07"
_MOST_BYTES_PER_PART_ENTRY = 1024
_TEXT_CONTROLS = frozenset(range(0x20)) - frozenset(b"\t\n\r\x0c")
_LOOKED_AT = 65_536


def check_file(path: Path, limits: Limits) -> FileKind:
    """Say what the file is, or raise `FileProblemError` for one that must not be opened."""
    size = path.stat().st_size
    if size == 0:
        raise FileProblemError(FileProblemCode.EMPTY_FILE)
    if size > limits.file_bytes:
        raise FileProblemError(
            FileProblemCode.TOO_LARGE, size_mb=_megabytes(size + TENTH - 1), max_mb=_megabytes(limits.file_bytes)
        )
    with path.open("rb") as stream:
        start = stream.read(_LOOKED_AT)
    if start.startswith(_ZIP):
        _check_archive(path, limits)
        return FileKind.WORKBOOK
    if start.startswith(_OLE):
        raise FileProblemError(_what_ole_is(path))
    if start.startswith(_OLD_BIFF):
        raise FileProblemError(FileProblemCode.OLD_XLS)
    if not _looks_like_text(start):
        raise FileProblemError(FileProblemCode.NOT_A_WORKBOOK)
    return FileKind.TEXT


def _megabytes(size: int) -> str:
    return f"{size // TENTH / 10:.1f}".removesuffix(".0")


def _what_ole_is(path: Path) -> FileProblemCode:
    """A compound document holds an encrypted workbook, an old one, or something else; its stream names tell."""
    content = path.read_bytes()
    if "EncryptedPackage".encode("utf-16-le") in content:
        return FileProblemCode.ENCRYPTED
    if any(name.encode("utf-16-le") + b"\0\0" in content for name in ("Workbook", "Book")):
        return FileProblemCode.OLD_XLS
    return FileProblemCode.NOT_A_WORKBOOK


def _looks_like_text(start: bytes) -> bool:
    body = start.removeprefix(codecs.BOM_UTF8).lstrip()
    return not body.startswith(_OTHER_TEXT) and _TEXT_CONTROLS.isdisjoint(start)


def _check_archive(path: Path, limits: Limits) -> None:
    _check_list_of_parts_is_short(path, limits)
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        raise FileProblemError(FileProblemCode.BROKEN) from None
    if len(parts) > limits.parts:
        raise FileProblemError(FileProblemCode.UNPACKED_TOO_LARGE)
    _check_kind_of_archive({part.filename for part in parts})
    if any(part.flag_bits & 0x1 for part in parts):
        raise FileProblemError(FileProblemCode.ENCRYPTED)
    # The declared sizes can be trusted as upper limits: zipfile never unpacks more of a part than it declares.
    if sum(part.file_size for part in parts) > limits.unpacked_bytes:
        raise FileProblemError(FileProblemCode.UNPACKED_TOO_LARGE)
    if any(part.file_size > limits.part_bytes for part in parts):
        raise FileProblemError(FileProblemCode.UNPACKED_TOO_LARGE)


def _check_list_of_parts_is_short(path: Path, limits: Limits) -> None:
    """Look at the record at the archive's end before zipfile reads a list of perhaps 300,000 parts into memory."""
    with path.open("rb") as stream:
        stream.seek(max(0, path.stat().st_size - _LOOKED_AT))
        end = stream.read()
    at = end.rfind(_END_OF_PARTS)
    if at < 0 or len(end) - at < 22 or _ZIP64_LOCATOR in end[max(0, at - 20) : at]:
        raise FileProblemError(FileProblemCode.BROKEN)
    count = int.from_bytes(end[at + 10 : at + 12], "little")
    list_bytes = int.from_bytes(end[at + 12 : at + 16], "little")
    if count > limits.parts or list_bytes > limits.parts * _MOST_BYTES_PER_PART_ENTRY:
        raise FileProblemError(FileProblemCode.UNPACKED_TOO_LARGE)


def _check_kind_of_archive(names: set[str]) -> None:
    lowered = {name.lower() for name in names}
    if any(name.endswith("vbaproject.bin") or name.startswith("xl/macrosheets/") for name in lowered):
        raise FileProblemError(FileProblemCode.MACROS)
    if "xl/workbook.bin" in lowered or ("mimetype" in lowered and "content.xml" in lowered):
        raise FileProblemError(FileProblemCode.OTHER_WORKBOOK_FORMAT)
    if "[content_types].xml" not in lowered or not any(name.startswith("xl/") for name in lowered):
        raise FileProblemError(FileProblemCode.NOT_A_WORKBOOK)
