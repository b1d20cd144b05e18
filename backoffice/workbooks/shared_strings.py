"""The table of texts of a workbook, read for its words alone.

LibreOffice writes a text of Chinese and Latin letters as runs with a font each; openpyxl makes objects of all of them,
only to throw the fonts away: ten seconds for a full file, of which reading its words takes one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from openpyxl.xml.constants import SHEET_MAIN_NS
from openpyxl.xml.functions import iterparse

_STRING, _TEXT, _RUN = (f"{{{SHEET_MAIN_NS}}}{name}" for name in ("si", "t", "r"))


def read_words(source: Any) -> list[str]:
    """The texts in order, without their looks and their pronunciation, as openpyxl's own reader gives them."""
    words: list[str] = []
    table: Any = None
    for event, element in iterparse(source, events=("start", "end")):
        if table is None:
            table = element
        if event == "end" and element.tag == _STRING:
            words.append("".join(_parts_of(element)).replace("x005F_", ""))
            del table[:]
    return words


def _parts_of(string: Any) -> Iterator[str]:
    for part in string:
        if part.tag == _TEXT:
            yield part.text or ""
        elif part.tag == _RUN:
            yield from (each.text or "" for each in part if each.tag == _TEXT)
