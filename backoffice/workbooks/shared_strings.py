"""The table of texts of a workbook, read for its words alone, and no further than a cell asks for.

LibreOffice writes a text of Chinese and Latin letters as runs with a font each; openpyxl makes objects of all of them,
only to throw the fonts away: ten seconds for a full file, of which reading its words takes a half.
No element is made of the texts at all: the parser is told the words of many strings at a time, as far as they have the
forms nearly all have (`string_forms`), and whole strings where they do not.
"""

from __future__ import annotations

from itertools import zip_longest
from typing import IO, overload
from xml.etree.ElementTree import XMLParser

from openpyxl.xml.constants import SHEET_MAIN_NS

from backoffice.workbooks.plain_xml import beginning
from backoffice.workbooks.string_forms import BLANKS, ESCAPED_MARK, StringForms, is_balanced

_TABLE, _STRING, _TEXT, _RUN = (f"{{{SHEET_MAIN_NS}}}{name}" for name in ("sst", "si", "t", "r"))
_READ_BYTES = 65_536
_STRING_END = b"</si>"
_LONGEST = 1024 * 1024
"""Bytes of a string that are held until its end comes; what is longer is read as it comes."""


class Texts:
    """The texts in order, without their looks and their pronunciation, as openpyxl's own reader gives them.

    The document has no DOCTYPE: `sheets` has refused every part that has one. A text that is asked for raises what
    stands in its way: `IndexError` for one that is not there, the parser's error for a document broken before it.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._words = _Words()
        self._parser = XMLParser(target=self._words)  # noqa: S314 - entities can only be declared in a DOCTYPE
        self._forms = StringForms()
        self._held = b""
        self._is_begun = self._is_ended = self._is_odd = False

    @overload
    def __getitem__(self, which: int) -> str: ...
    @overload
    def __getitem__(self, which: slice[int, int, None]) -> list[str]: ...
    def __getitem__(self, which: int | slice[int, int, None]) -> str | list[str]:
        last = which.stop - 1 if isinstance(which, slice) else which
        while not self._is_ended and not 0 <= last < len(self._words.found):
            self._read_on()
        return self._words.found[which]

    def finish(self) -> None:
        """Read what nobody has asked for. Raises where it is broken."""
        while not self._is_ended:
            self._read_on()

    def _read_on(self) -> None:
        more = self._stream.read(_READ_BYTES)
        content, self._held = self._held + more, b""
        if not more:
            self._is_ended = True
            self._parser.feed(content)
            self._parser.close()
        elif self._is_odd:
            self._parser.feed(content)
        elif not self._is_begun:
            self._begin(content)
        else:
            self._read_strings(content)

    def _begin(self, content: bytes) -> None:
        """Read what stands before the first string; odd is whatever might make its end no end."""
        self._is_begun = True
        start = beginning(content, rb"<sst[^<>]*>") or b""
        self._parser.feed(start)
        self._is_odd = not self._words.is_between_strings
        self._held = content[len(start) :]

    def _read_strings(self, content: bytes) -> None:
        """Read as many strings as are there whole; the last one is held until its end comes."""
        end = content.rfind(_STRING_END) + len(_STRING_END)
        if end < len(_STRING_END):
            self._is_odd = len(content) > _LONGEST
            self._held = content
            return
        self._held, content = content[end:], content[:end]
        found = self._forms.strings_in(content)
        if found is None:
            self._told_whole(content)
            return
        others, texts = found
        if not b"".join(others).strip(BLANKS):
            self._words.found.extend(texts)
        else:
            self._read_mixed(others, texts)

    def _read_mixed(self, others: list[bytes], texts: list[str]) -> None:
        """Plain strings with others between them, in their order."""
        for other, text in zip_longest(others, texts):
            if other.strip(BLANKS):
                self._told_whole(other)
                self._forms.learn(other)
            if text is not None:
                self._words.found.append(text)

    def _told_whole(self, content: bytes) -> None:
        """Tell the parser strings as they stand; odd is what is not surely an end of them."""
        self._parser.feed(content)
        self._is_odd = not is_balanced(content)


class _Words:
    """What the parser tells: the words of each string stand in its `t`, or in the `t` of its runs, and nowhere else."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self._path: list[str] = [""]
        self._strings: list[list[str]] = []
        self._is_in_words = False

    @property
    def is_between_strings(self) -> bool:
        """Whether the table has begun and no string of it is open."""
        return len(self._path) == 2 and self._path[1] == _TABLE

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
            self.found.append("".join(self._strings.pop()).replace(ESCAPED_MARK, ""))

    def close(self) -> None:
        """Nothing is left to be told."""
