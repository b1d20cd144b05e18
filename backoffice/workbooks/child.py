"""What the reading process does: opens one file under limits of memory and time, and writes its rows as JSON lines.

Started by `reader` through `reading_process`. What it writes, a line each: `{"head": …}`, any number of
`{"rows": [[number, {code: cell}]]}` and `{"end": {…}}`; or `{"problem": {"code": …, "facts": …}, …}` at any point.
Whatever else happens to it is a broken or too complex file to the reader. `lines` says how a cell stands there.
"""

from __future__ import annotations

import contextlib
import gc
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO
from xml.etree.ElementTree import ParseError
from xml.parsers.expat import ExpatError

from backoffice.workbooks.beginnings import beginning_of, read_beginning
from backoffice.workbooks.choices import Choice, chosen_table
from backoffice.workbooks.column_sets import SETS, ColumnSet
from backoffice.workbooks.intake import FileKind, Limits, check_file
from backoffice.workbooks.lines import line_of, line_of_rows, row_told
from backoffice.workbooks.problems import FileProblemCode, FileProblemError
from backoffice.workbooks.sheets import OpenedFile, open_text, open_workbook
from backoffice.workbooks.tables import Table, find_table

ROWS_A_LINE = 100
BYTES_A_LINE = 200_000
_PARSER_OUT_OF_MEMORY = 1


def limit_resources(limits: Limits, *, written_bytes: int = 0) -> None:
    """Let this process use no more than it may. Where the system knows no such limit the caller's clock remains."""
    try:
        import resource
    except ImportError:  # only Unix has it
        return
    wanted = {
        resource.RLIMIT_AS: limits.memory_bytes,
        resource.RLIMIT_CPU: limits.cpu_seconds,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: written_bytes,
    }
    for kind, value in wanted.items():
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(kind, (value, value))


def _collect_seldom() -> None:
    """Cells and their elements go by themselves; the collector would look through the table of texts for nothing."""
    gc.freeze()
    gc.set_threshold(20_000, 50)


def read(path: Path, limits: Limits, columns: ColumnSet, out: BinaryIO, choice: Choice | None = None) -> None:
    """Write the file's rows to `out`. Raises `FileProblemError`, or whatever a hostile file makes the library raise.

    `choice` says which column is what, where a person has said so.
    """
    opened = open_workbook(path) if check_file(path, limits) is FileKind.WORKBOOK else open_text(path)
    table = chosen_table(opened.sheets, choice) if choice else _found_table(opened, columns)
    counts = {"rows": 0, "blank": 0, "example": 0}
    lines = _lines_of_rows(table, limits, counts)
    first = next(lines, None)
    if first is None:
        raise FileProblemError(FileProblemCode.NO_ROWS)
    out.write(line_of({"head": _head(table, opened.properties)}))
    out.write(first)
    for line in lines:
        out.write(line)
    opened.finish()
    out.write(line_of({"end": counts}))


def _found_table(opened: OpenedFile, columns: ColumnSet) -> Table:
    """The table known by its headers; the refusal of one that is not says what the file begins with."""
    try:
        return find_table(opened.sheets, columns)
    except FileProblemError as refused:
        beginning = beginning_of(opened.sheets) if refused.problem.is_about_structure else None
        refused.beginning = beginning.stored() if beginning else None
        refused.properties = opened.properties
        raise


def _head(table: Table, properties: dict[str, str]) -> dict[str, Any]:
    return {
        "sheet": table.sheet.title,
        "header_row": table.header.row,
        "letters": table.header.letters(),
        "words": table.header.words,
        "unknown": table.header.unknown,
        "unread_sheets": table.unread_sheets,
        "properties": properties,
        "beginning": read_beginning(table.sheet).stored() if table.header.unknown else None,
    }


def _lines_of_rows(table: Table, limits: Limits, counts: dict[str, int]) -> Iterator[bytes]:
    """JSON lines of some hundred rows each; one line a row would cost the reader more than the rows themselves."""
    batch: list[bytes] = []
    size = 0
    for number, cells in _rows_with_content(table, counts):
        counts["rows"] += 1
        if counts["rows"] > limits.rows:
            raise FileProblemError(FileProblemCode.TOO_MANY_ROWS, max=limits.rows)
        batch.append(row_told(number, cells))
        size += len(batch[-1])
        if len(batch) >= ROWS_A_LINE or size >= BYTES_A_LINE:
            yield line_of_rows(batch)
            batch, size = [], 0
    if batch:
        yield line_of_rows(batch)


def _rows_with_content(table: Table, counts: dict[str, int]) -> Iterator[tuple[int, dict[str, Any]]]:
    positions = list(table.header.positions.items())
    for number, row in table.sheet.rows():
        if number <= table.header.row:
            continue
        width = len(row)
        cells = {code: row[at] for code, at in positions if at < width and row[at] is not None}
        if not cells:
            counts["blank"] += 1
        elif table.header.wanted.is_example(cells):
            counts["example"] += 1
        else:
            yield number, cells


def main(arguments: list[str]) -> int:
    """Read a file, and say what was found or what is wrong."""
    path, limits, columns = Path(arguments[0]), Limits(**json.loads(arguments[1])), SETS[arguments[2]]
    choice = Choice.restored(json.loads(arguments[3])) if len(arguments) > 3 else None
    limit_resources(limits)
    _collect_seldom()
    out = sys.stdout.buffer
    try:
        read(path, limits, columns, out, choice)
    except FileProblemError as refused:
        problem = {"code": refused.problem.code.value, "facts": dict(refused.problem.facts)}
        out.write(line_of({"problem": problem, "beginning": refused.beginning, "properties": refused.properties}))
    except (MemoryError, RecursionError):
        out.write(line_of({"problem": {"code": FileProblemCode.TOO_COMPLEX.value, "facts": {}}}))
    except Exception as error:
        # A library that meets a forged file raises anything at all; none of it may look like a fault of ours.
        is_out_of_memory = isinstance(error, (ParseError, ExpatError)) and error.code == _PARSER_OUT_OF_MEMORY
        code = FileProblemCode.TOO_COMPLEX if is_out_of_memory else FileProblemCode.BROKEN
        out.write(line_of({"problem": {"code": code.value, "facts": {}}}))
    out.flush()
    return 0
