"""Line breaking for cells of fixed width.

xhtml2pdf either never breaks Chinese text or cuts anywhere, also inside a number. Here a line may end only where a
Chinese typesetter would end it (GB/T 15834 and CLREQ: no closing mark begins a line, no opening mark ends one), and
numbers, units and models stay whole as long as they fit.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator

Measure = Callable[[str], float]
"""Width of a text, in the unit of the width that is to be filled."""

OPENING_MARKS = frozenset("（《“‘【〔［｛「『〈(<[{￥$#№")
CLOSING_MARKS = frozenset("，。、；：？！）》”’】〕］｝」』〉％‰℃℉°′″…—·,.;:?!)]}>%‐–")
WORD_RANGES = (
    (0x00A1, 0x024F),  # Latin with accents, ± ° ² ³ µ ×
    (0x0370, 0x03FF),  # Greek
    (0x0400, 0x04FF),  # Cyrillic
    (0x1E00, 0x1EFF),  # more Latin
    (0x2070, 0x209F),  # ₂ ⁻¹
    (0x2100, 0x214F),  # ℃ №
    (0x2160, 0x217F),  # Ⅱ
    (0x2200, 0x22FF),  # ≤
)
WORD_MARKS = frozenset("～×")
"""Marks that hold a measuring range together, besides all printable ASCII."""

SOFT_END = re.compile(r".+?(?:[-/_,.;:~～)）(=&@]|(?<=[0-9])(?=[A-Za-z])|$)")
"""A piece of an over-long word: up to a mark after which a cut hurts least, or from digits to letters."""


def break_lines(text: str, *, max_width: float, measure: Measure) -> list[str]:
    """The text in lines that are at most `max_width` wide; an empty text is one empty line."""
    pieces = [piece for word in split_words(text) for piece in fit_word(word, max_width=max_width, measure=measure)]
    return join_lone_character(fill_lines(pieces, max_width=max_width, measure=measure))


def split_words(text: str) -> list[str]:
    """The text cut at every place where a line may end. A run of blanks becomes a word of one space."""
    words: list[str] = []
    for char in " ".join(text.split()):
        if words and not may_break_between(words[-1][-1], char):
            words[-1] += char
        else:
            words.append(char)
    return words


def may_break_between(left: str, right: str) -> bool:
    """May a line end after `left` and the next begin with `right`?"""
    if left == " " or right == " ":
        return True
    if right in CLOSING_MARKS or left in OPENING_MARKS or unicodedata.combining(right):
        return False
    return not (belongs_to_word(left) and belongs_to_word(right))


def belongs_to_word(char: str) -> bool:
    """Is this a letter, digit or mark of a number, unit or model, which stay together?"""
    code = ord(char)
    return 0x21 <= code <= 0x7E or char in WORD_MARKS or any(first <= code <= last for first, last in WORD_RANGES)


def fit_word(word: str, *, max_width: float, measure: Measure) -> Iterator[str]:
    """The word itself if it fits on a line, else pieces of it that do."""
    if measure(word) <= max_width:
        yield word
        return
    for piece in SOFT_END.findall(word):
        while measure(piece) > max_width:
            cut = longest_start(piece, max_width=max_width, measure=measure)
            if cut >= len(piece):
                break  # one character wider than the cell: it has to hang over
            yield piece[:cut]
            piece = piece[cut:]
        yield piece


def longest_start(piece: str, *, max_width: float, measure: Measure) -> int:
    """How many characters fit on a line, at least one; one fewer where a closing mark would begin the next line."""
    width = 0.0
    for count, char in enumerate(piece):
        width += measure(char)
        if count and width > max_width:
            return count - 1 if count > 1 and char in CLOSING_MARKS else count
    return len(piece)


def fill_lines(pieces: list[str], *, max_width: float, measure: Measure) -> list[list[str]]:
    """The pieces put on lines, as many on each as fit; blanks at either end of a line vanish."""
    lines: list[list[str]] = [[]]
    width = 0.0
    for piece in pieces:
        piece_width = measure(piece)
        if lines[-1] and piece != " " and width + piece_width > max_width:
            lines.append([])
            width = 0.0
        if piece != " " or lines[-1]:
            lines[-1].append(piece)
            width += piece_width
    return lines


def join_lone_character(lines: list[list[str]]) -> list[str]:
    """The lines as text; a last line of one single character gets a companion from the line above."""
    if len(lines) > 1 and len("".join(lines[-1])) == 1 and len(lines[-2]) > 2 and lines[-2][-1] != " ":
        lines[-1].insert(0, lines[-2].pop())
    return ["".join(line).strip() for line in lines]
