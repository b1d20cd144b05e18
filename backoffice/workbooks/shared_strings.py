"""The table of texts of a workbook, read for its words alone.

LibreOffice writes a text of Chinese and Latin letters as runs with a font each; openpyxl makes objects of all of them,
only to throw the fonts away: ten seconds for a full file, of which reading its words takes one.
No element is made of the texts at all: the parser tells what it meets, and only the words are kept.
"""

from __future__ import annotations

from typing import Any
from xml.etree.ElementTree import XMLParser

from openpyxl.xml.constants import SHEET_MAIN_NS

_STRING, _TEXT, _RUN = (f"{{{SHEET_MAIN_NS}}}{name}" for name in ("si", "t", "r"))
_READ_BYTES = 65_536


def read_words(source: Any) -> list[str]:
    """The texts in order, without their looks and their pronunciation, as openpyxl's own reader gives them.

    The document has no DOCTYPE: `sheets` has refused every part that has one.
    """
    words = _Words()
    parser = XMLParser(target=words)  # noqa: S314 - entities can only be declared in a DOCTYPE
    while content := source.read(_READ_BYTES):
        parser.feed(content)
    parser.close()
    return words.found


class _Words:
    """What the parser tells: the words of each string stand in its `t`, or in the `t` of its runs, and nowhere else."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self._path: list[str] = [""]
        self._strings: list[list[str]] = []
        self._is_in_words = False

    def start(self, tag: str, _attributes: dict[str, str]) -> None:
        path = self._path
        if tag == _TEXT:
            self._is_in_words = path[-1] == _STRING or (path[-1] == _RUN and path[-2] == _STRING)
        else:
            self._is_in_words = False
            if tag == _STRING:
                self._strings.append([])
        path.append(tag)

    def data(self, text: str) -> None:
        if self._is_in_words:
            self._strings[-1].append(text)

    def end(self, tag: str) -> None:
        self._is_in_words = False
        self._path.pop()
        if tag == _STRING:
            self.found.append("".join(self._strings.pop()).replace("x005F_", ""))

    def close(self) -> None:
        """Nothing is left to be told."""
