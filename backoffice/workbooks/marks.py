"""What is to be marked in a checked workbook, as plain words: the job writes it down, the marking process reads it.

A file of JSON lines: the sheet first, then a line for each row in the order of the sheet.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

RESULT_HEADER = "检查结果"
"""The column put behind the table; nothing is read from it when the file comes back."""
ERROR_SHEET = "错误清单"
ERROR_HEADERS = ("行", "单元格", "项目", "填写的内容", "问题", "允许填写", "可能是")
COPIED_NOTE = "文件较大，这里只有器具表的内容和检查结果；其他工作表和格式请看原文件。"
RUN_PROPERTY = "导入编号"
"""Custom document property with the run the file belongs to. It is a hint from a stranger, never a permission."""
DIVIDER = "—— 检查结果 ——"
"""Stands above our words in a comment, so that the clerk's own words above it stay."""

BAD, WARN = "bad", "warn"
COLOURS = {BAD: "FFF9C7C3", WARN: "FFFDE3B1"}
"""Fills of marked cells. No palette offers them, so a fill of this colour is one of ours."""

Listed = Sequence[str]
"""A line of the error sheet: column letter, then the texts of `ERROR_HEADERS` from the third on."""


@dataclass(frozen=True, slots=True)
class SheetMarks:
    """Which sheet of the file was read, where its header stands, and the run's stamp."""

    sheet: str
    header_row: int
    stamp: str


@dataclass(frozen=True, slots=True)
class RowMarks:
    """A row's result; its cells to mark as (letter, tone, words of the comment); its lines of the error sheet.

    `mended` are cells as (letter, text) that were put right in the browser: the file has the new text.
    """

    row: int
    result: str
    tone: str
    cells: Sequence[tuple[str, str, str]]
    listed: Sequence[Listed]
    mended: Sequence[tuple[str, str]] = ()


def write_marks(path: Path, sheet: SheetMarks, rows: Iterable[RowMarks]) -> None:
    """Write everything down, a line at a time: 50,000 rows must not stand in memory."""
    with path.open("w", encoding="utf-8") as stream:
        stream.write(json.dumps(asdict(sheet), ensure_ascii=False) + "\n")
        for row in rows:
            stream.write(json.dumps(asdict(row), ensure_ascii=False) + "\n")


def read_sheet(path: Path) -> SheetMarks:
    with path.open(encoding="utf-8") as stream:
        return SheetMarks(**json.loads(stream.readline()))


def read_rows(path: Path) -> Iterator[RowMarks]:
    with path.open(encoding="utf-8") as stream:
        next(stream)
        for line in stream:
            found: dict[str, Any] = json.loads(line)
            yield RowMarks(**found)
