"""Reading an upload in a process of its own, row by row.

A file from a stranger can cost a gigabyte or abort an interpreter. It does so in a child process with limits; here only
some hundred rows are held at a time, and whatever happens to the child is a problem of the file.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any, cast

from backoffice.workbooks import reading_processes
from backoffice.workbooks.checks import RawRow
from backoffice.workbooks.choices import Choice
from backoffice.workbooks.column_sets import LEDGER, ColumnSet
from backoffice.workbooks.intake import Limits, check_file
from backoffice.workbooks.lines import ToldCells, message_of
from backoffice.workbooks.problems import FileProblem, FileProblemCode, FileProblemError

_READ_BYTES = 65_536
_PIPE_BYTES = 1_048_576
"""A batch of rows: the child reads on while the ones before are checked. The usual pipe holds less than a hundred."""
_LONGEST_LINE = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class HeaderFound:
    """Where a column stands in the file and what its header says there."""

    letter: str
    text: str


class Upload:
    """An opened file: what its header says at once, its rows as they are asked for. Close it, or use `with`."""

    def __init__(self, process: subprocess.Popen[bytes], limits: Limits, choice: Choice | None = None) -> None:
        self._lines = _ChildLines(process, limits)
        self._choice = choice
        self._ended = False
        head = self._next_message()["head"]
        self.sheet: str = head["sheet"]
        self.header_row: int = head["header_row"]
        self.headers: dict[str, HeaderFound] = {
            code: HeaderFound(letter, head["words"][code]) for code, letter in head["letters"].items()
        }
        self.warnings: list[FileProblem] = _warnings(head)
        self.properties: dict[str, str] = head["properties"]
        self.beginning: dict[str, Any] | None = head["beginning"]
        """What the table begins with, where it has columns that are not known."""
        self.row_count = 0
        self.blank_rows = 0
        """Blank and format-only rows that were dropped; known once `rows()` has come to its end."""
        self.example_rows = 0
        """Example rows of the template that were skipped; known once `rows()` has come to its end."""

    @property
    def letters(self) -> dict[str, str]:
        """The letter of each column of the sheet, by column code; what `check_row` needs to name an empty cell."""
        return {code: found.letter for code, found in self.headers.items()}

    def rows(self) -> Iterator[RawRow]:
        """The rows with content, once. Raises `FileProblemError` where the file turns out to be broken or too long."""
        known = {code: ToldCells(letter) for code, letter in self.letters.items()}
        while not self._ended:
            message = self._next_message()
            for number, cells in message.get("rows", ()):
                read = {
                    code: known[code][cell] if cell.__class__ is str else known[code].other(cell)
                    for code, cell in cells.items()
                }
                yield RawRow(number, self._choice.completed(read) if self._choice else read)
            if "end" in message:
                self._finish(message["end"])

    def _finish(self, counts: Mapping[str, int]) -> None:
        self._ended = True
        self.row_count, self.blank_rows, self.example_rows = counts["rows"], counts["blank"], counts["example"]
        self.close()

    def _next_message(self) -> dict[str, Any]:
        try:
            message = message_of(self._lines.next_line())
        except ValueError:
            self.close()
            raise FileProblemError(FileProblemCode.BROKEN) from None
        except FileProblemError:
            self.close()
            raise
        if "problem" in message:
            self.close()
            refused = FileProblemError(FileProblemCode(message["problem"]["code"]), **message["problem"]["facts"])
            refused.beginning, refused.properties = message.get("beginning"), message.get("properties", {})
            raise refused
        return message

    def close(self) -> None:
        """End the reading process, wherever it is."""
        self._lines.close()

    def __enter__(self) -> Upload:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()


def open_upload(
    path: Path, limits: Limits | None = None, columns: ColumnSet = LEDGER, choice: Choice | None = None
) -> Upload:
    """Open an uploaded file of these columns. Raises `FileProblemError` for one that is refused as a whole.

    Returns once the header is understood and a first row was found. `choice` says which column is what, where a person
    has said so.
    """
    limits = limits or Limits()
    check_file(path, limits)
    arguments = [str(path.resolve()), _as_json(limits), columns.code]
    if choice:
        arguments.append(json.dumps(choice.stored()))
    return Upload(reading_processes.start(arguments), limits, choice)


def _as_json(limits: Limits) -> str:
    return json.dumps(asdict(limits))


def _warnings(head: Mapping[str, Any]) -> list[FileProblem]:
    found = []
    if head["unknown"]:
        found.append(FileProblem(FileProblemCode.UNKNOWN_COLUMN, {"headers": head["unknown"]}))
    if head["unread_sheets"]:
        facts = {"sheet": head["sheet"], "others": head["unread_sheets"]}
        found.append(FileProblem(FileProblemCode.SHEET_NOT_READ, facts))
    return found


class _ChildLines:
    """The child's lines. Only the time spent waiting for them counts against the limit, not the caller's own work."""

    def __init__(self, process: subprocess.Popen[bytes], limits: Limits) -> None:
        self._process = process
        self._descriptor = cast(IO[bytes], process.stdout).fileno()
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._descriptor, selectors.EVENT_READ)
        _widen(self._descriptor)
        self._seconds_left = float(limits.wait_seconds)
        self._buffer = bytearray()

    def next_line(self) -> bytes:
        searched = 0
        while (end := self._buffer.find(b"\n", searched)) < 0:
            searched = len(self._buffer)
            if searched > _LONGEST_LINE:
                raise FileProblemError(FileProblemCode.TOO_COMPLEX)
            self._buffer += self._more()
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        return line

    def _more(self) -> bytes:
        began = time.monotonic()
        ready = self._selector.select(max(0.0, self._seconds_left))
        self._seconds_left -= time.monotonic() - began
        content = os.read(self._descriptor, _READ_BYTES) if ready else b""
        if not content:
            # Silence: the time is over. An end without a last line: the system has stopped the child at a limit.
            raise FileProblemError(FileProblemCode.TOO_COMPLEX)
        return content

    def close(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        self._selector.close()
        if self._process.stdout is not None:
            self._process.stdout.close()


def _widen(descriptor: int) -> None:
    """Let a pipe hold more, where the system knows how and permits it."""
    try:
        import fcntl
    except ImportError:  # only Unix has it
        return
    with contextlib.suppress(AttributeError, OSError):
        fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
