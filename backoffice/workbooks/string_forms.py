"""The forms in which nearly all strings of a table of texts stand: words alone, or runs of words with looks in front.

Strings of these forms are whole elements between two others. Leaving them out leaves the rest of the document as well
or badly formed as it was; and whether their words are well formed, a parser says that is told the words alone.
"""

from __future__ import annotations

import re
from xml.parsers import expat

ESCAPED_MARK = "x005F_"
"""What openpyxl leaves out of every text: it marks an underscore that is no escape."""
BLANKS = b" \t\r\n"
_TEXT = rb'<t(?: xml:space="preserve")?>'
_PLAIN = re.compile(rb"<si>(<r>)?" + _TEXT + rb"([^<]*)</t>(?(1)</r>)</si>")
_NEXT_RUNS = (b"</t></r><r><t>", b'</t></r><r><t xml:space="preserve">')
_PROPERTY = rb'<[A-Za-z]+(?: [A-Za-z]+="[^"<>&]*")*/>'
_LOOKS = re.compile(rb"<r>(<rPr>(?:" + _PROPERTY + rb")*</rPr>)")
_PRONUNCIATION = re.compile(rb'(<phoneticPr(?: [A-Za-z]+="[^"<>&]*")*/>)</si>')
_MOST_LOOKS = 20
_LONGEST_LOOK = 1_000
_WHOLE_TAGS = re.compile(rb'(?:[^<>]*<[^<>"\'!?]*(?:"[^<>"]*"[^<>"\'!?]*)*>)*[ \t\r\n]*')
_NEXT_STRING, _NEXT_RUN = "\ue000", "\ue001"
"""Put between words that are read together. They are no letters; where words hold one all the same, they are not."""
_STRING_MARK, _RUN_MARK = _NEXT_STRING.encode(), _NEXT_RUN.encode()

Found = tuple[list[bytes], list[str]]


class StringForms:
    """Knows the looks that a document's parser has let pass, to leave them out where they come again."""

    def __init__(self) -> None:
        self._looks: dict[bytes, bytes] = {}
        """Markup and what takes its place."""

    def strings_in(self, content: bytes) -> Found | None:
        """The words of the strings in whole strings, and what stands before, between and behind them.

        None where they cannot be told apart from what stands between them. Raises the parser's error for words that no
        document may hold.
        """
        if b"<!" in content or b"<?" in content or _STRING_MARK in content or _RUN_MARK in content:
            return None
        for markup, rest in self._looks.items():
            content = content.replace(markup, rest)
        runs = sum(content.count(mark) for mark in _NEXT_RUNS)
        for mark in _NEXT_RUNS:
            content = content.replace(mark, _RUN_MARK)
        parts = _PLAIN.split(content)
        others = parts[::3]
        if b"".join(others).strip(BLANKS):
            runs -= sum(part.count(_RUN_MARK) for part in others)
            others = [part.replace(_RUN_MARK, _NEXT_RUNS[0]) for part in others]
            if not all(map(is_balanced, others)):
                return None
        words = _words_of(parts[2::3], runs)
        return None if words is None else (others, words)

    def learn(self, content: bytes) -> None:
        """Know the looks in these strings, which the parser has let pass."""
        for look in _LOOKS.findall(content):
            self._know(b"<r>" + look, b"<r>")
        for look in _PRONUNCIATION.findall(content):
            self._know(look + b"</si>", b"</si>")

    def _know(self, markup: bytes, rest: bytes) -> None:
        if len(self._looks) < _MOST_LOOKS and len(markup) <= _LONGEST_LOOK:
            self._looks[markup] = rest


def is_balanced(content: bytes) -> bool:
    """Whether it is certain, once a parser has let it pass, that as many elements were ended as were begun."""
    ends = content.count(b"</")
    return content.count(b"<") == 2 * ends + content.count(b"/>") and _WHOLE_TAGS.fullmatch(content) is not None


def _words_of(contents: list[bytes], runs: int) -> list[str] | None:
    """Words as they stand in the document, read together; None where the marks between them are not only ours."""
    if not contents:
        return []
    read: list[str] = []
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    parser.CharacterDataHandler = read.append
    parser.Parse(b"<t>" + _STRING_MARK.join(contents) + b"</t>", True)
    words = "".join(read)
    if words.count(_NEXT_STRING) != len(contents) - 1 or words.count(_NEXT_RUN) != runs:
        return None
    return words.replace(_NEXT_RUN, "").replace(ESCAPED_MARK, "").split(_NEXT_STRING)
