"""The rows of a sheet told apart: those of a plain form, read from their characters, and all the rest, for openpyxl.

A full sheet has a million cells, and making an element of each takes longer than everything else that is done with
them. Nearly all stand in one of a few forms that every program writes. A row of nothing else is a whole element between
two others: leaving it out leaves the rest of the document as well or badly formed as it was, and what stands in it can
be told without a parser. Whatever is not surely such a row goes to the parser, and the parser's word counts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import IO, Any
from xml.etree.ElementTree import XMLPullParser

from openpyxl.xml.constants import SHEET_MAIN_NS

from backoffice.workbooks.plain_xml import beginning

ROWS, ROW = (f"{{{SHEET_MAIN_NS}}}{name}" for name in ("sheetData", "row"))
_READ_BYTES = 65_536
_LONGEST = 4 * 1024 * 1024
"""Bytes of a beginning, or of a row, that are held to be looked at; a row of all 16,384 columns has less than one."""
_LONGEST_GAP = 100
"""Bytes between two rows: a line break and some blanks."""
_MOST_LOOKS = 1_000
_ROWS_TAG = b"<sheetData>"
_ANY_ROW = re.compile(rb"[ \t\r\n]*<row[ \t\r\n/>]")
_PLAIN_TAG = re.compile(rb'[ \t\r\n]*<row r="([0-9]{1,12})"((?: [A-Za-z][A-Za-z0-9_:.-]*="[^"<>&]*")*)(/?)>')
_ROW_END = b"</row>"

Event = tuple[str, Any]


@dataclass(slots=True)
class PlainRow:
    """A row that was read without the parser; stands where openpyxl expects an element."""

    number: int
    cells: Sequence[Any]
    tag: str = ROW

    def clear(self) -> None:
        """There is nothing in it that an element would hold."""


class SheetSource:
    """A sheet as openpyxl's parser takes it: events in order, with a `PlainRow` where no element was made of a row.

    `read_cells` gives the cells between a row's tags, or None where any of them is of another form. The document has no
    DOCTYPE: `sheets` has refused every part that has one.
    """

    def __init__(self, stream: IO[bytes], read_cells: Callable[[str], Sequence[Any] | None]) -> None:
        self._stream, self._read_cells = stream, read_cells
        self._parser: Any = XMLPullParser(("start", "end"))
        self._content, self._at = b"", 0
        self._rows: Any = None
        self._depth = self._depth_of_rows = 0
        self._known_looks = {b""}
        """What stood behind the number of a row that the parser let pass: it knows which prefixes are declared."""

    def events(self) -> Iterator[Event]:
        """Ends of elements, as `iterparse` tells them. Raises `ParseError` where the document is broken."""
        yield from self._beginning()
        while self._is_between_rows() and (end := self._end_of_row()):
            tag = _PLAIN_TAG.match(self._content, self._at, end)
            if tag and (row := self._plain_row(tag, end)):
                self._at = end
                yield "end", row
            elif not (yield from self._other_row(tag, end)):
                break
        yield from self._rest()

    def _is_between_rows(self) -> bool:
        return self._rows is not None and self._depth == self._depth_of_rows

    def _beginning(self) -> Iterator[Event]:
        """What stands before the rows, where it is surely known where that ends."""
        while _ROWS_TAG not in self._content[-_READ_BYTES - len(_ROWS_TAG) :]:
            if len(self._content) > _LONGEST or not self._read_on():
                return
        if start := beginning(self._content, _ROWS_TAG):
            self._at = len(start)
            yield from self._told(start)

    def _end_of_row(self) -> int:
        """Where the row that comes next ends, once it is read whole; 0 where something else comes."""
        searched = self._at
        while True:
            tag = _PLAIN_TAG.match(self._content, self._at)
            if tag and tag[3]:
                return tag.end()
            held = len(self._content) - self._at
            is_row = _ANY_ROW.match(self._content, self._at)
            if is_row and (end := self._content.find(_ROW_END, searched)) >= 0:
                return end + len(_ROW_END)
            if held > (_LONGEST if is_row else _LONGEST_GAP) or not self._read_on():
                return 0
            searched = max(0, held - len(_ROW_END))

    def _plain_row(self, tag: re.Match[bytes], end: int) -> PlainRow | None:
        if tag[2] not in self._known_looks:
            return None
        if tag[3]:
            return PlainRow(int(tag[1]), ())
        try:
            cells = self._read_cells(self._content[tag.end() : end - len(_ROW_END)].decode())
        except UnicodeDecodeError:  # The parser has its own words for it.
            return None
        return None if cells is None else PlainRow(int(tag[1]), cells)

    def _other_row(self, tag: re.Match[bytes] | None, end: int) -> Generator[Event, None, bool]:
        """Let the parser read a row. Answers whether its end is surely the end of what the parser was told."""
        content = self._content[self._at : end]
        self._at = end
        is_told_whole = False
        for event, element in self._told(content):
            is_told_whole = element.tag == ROW
            yield event, element
        is_told_whole = is_told_whole and b"<!" not in content and b"<?" not in content and self._is_between_rows()
        if is_told_whole and tag and len(self._known_looks) < _MOST_LOOKS:
            self._known_looks.add(tag[2])
        return is_told_whole

    def _rest(self) -> Iterator[Event]:
        """All that is left, by the parser alone."""
        while self._at < len(self._content) or self._read_on():
            content, self._content, self._at = self._content[self._at :], b"", 0
            yield from self._told(content)
        self._parser.close()
        yield from self._parser.read_events()

    def _told(self, content: bytes) -> Iterator[Event]:
        """The ends of elements in this content. Rows are forgotten: a million empty ones took half a gigabyte."""
        self._parser.feed(content)
        for event, element in self._parser.read_events():
            if event == "start":
                self._depth += 1
                if element.tag == ROWS:
                    self._rows, self._depth_of_rows = element, self._depth
                continue
            self._depth -= 1
            yield event, element
            if self._rows is not None and element.tag == ROW:
                del self._rows[:]

    def _read_on(self) -> bool:
        """Hold some more of the document, and no more what has been told."""
        more = self._stream.read(_READ_BYTES)
        self._content, self._at = self._content[self._at :] + more, 0
        return bool(more)
