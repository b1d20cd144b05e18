"""What a column with a header of its own words probably is: by its header and by its values, silent when in doubt.

A wrong guess that nobody notices fills a ledger with the wrong column; a missing one costs a click. What is known of
the columns comes as a `Vocabulary`, so that any set of columns can be guessed at.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cached_property

from rapidfuzz import fuzz, process

from backoffice.workbooks.beginnings import Beginning
from backoffice.workbooks.columns import Column, folded_header

SHORTEST_ALIKE = 4
CUTOFF = 85.0
AHEAD = 8.0
"""How far the best column must lie before the next one."""
_NUMBERED = re.compile(r"^\d{1,2}[./)]+")
_UNIT = re.compile(r"\((?:[台件个支只把块级元]|台/件|台件|年/?月/?日|yyyy\S*|[a-z%/°℃μΩ·³²\d.\-]+)\)$")

Fits = Callable[[str], bool]


class Sureness(IntEnum):
    """Why a column is taken for what it is, the surest last."""

    BY_VALUES = 1
    ALIKE = 2
    VAGUE = 3
    """A name the template's columns go by, but other things too: 编号, 等级."""
    LISTED = 4
    NAMED = 5
    EXACT = 6


@dataclass(frozen=True, slots=True)
class Guess:
    """A column's code; `is_certain` where the header is one of the names the column is always known by."""

    code: str
    sureness: Sureness

    @property
    def is_certain(self) -> bool:
        return self.sureness >= Sureness.NAMED


@dataclass(frozen=True)
class Vocabulary:
    """What is known of a set of columns.

    `more_names` are further headers by column code; `vague` known names that count less; `reserved` says of a word
    which columns alone may have it in a header that only resembles theirs; `fits` whether a value can stand in a
    column; `telling` are columns whose values say what they are, each with words of which the header must have one.
    """

    columns: Sequence[Column]
    more_names: Mapping[str, Sequence[str]] = field(default_factory=dict)
    vague: frozenset[str] = frozenset()
    reserved: Mapping[str, frozenset[str]] = field(default_factory=dict)
    fits: Mapping[str, Fits] = field(default_factory=dict)
    telling: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @cached_property
    def named(self) -> dict[str, str]:
        return {
            folded_header(name): column.code
            for column in self.columns
            for name in (column.header, column.code, *column.aliases)
        }

    @cached_property
    def exact(self) -> frozenset[str]:
        return frozenset(folded_header(column.header) for column in self.columns)

    @cached_property
    def listed(self) -> dict[str, str]:
        return {folded_header(name): code for code, names in self.more_names.items() for name in names}

    @cached_property
    def spellings(self) -> dict[str, str]:
        """All names long enough to be compared with."""
        found = {**self.listed, **self.named}
        return {name: code for name, code in found.items() if len(name) >= SHORTEST_ALIKE and not name.isascii()}

    def may_have(self, header: str, code: str) -> bool:
        return all(code in codes for word, codes in self.reserved.items() if word in header)


def guess_columns(beginning: Beginning, row: int, vocabulary: Vocabulary) -> dict[str, Guess]:
    """The columns of a sheet by letter, where this row is its header; those nobody can be sure of are left out.

    No code is given twice: where two columns could be the same, the surer one is, else neither.
    """
    by_code: dict[str, list[tuple[Sureness, str]]] = defaultdict(list)
    for letter, text in beginning.words(row).items():
        guess = _guess(text, beginning.samples(row, letter), vocabulary)
        if guess is not None:
            by_code[guess.code].append((guess.sureness, letter))
    settled = ((code, _surest(found)) for code, found in by_code.items())
    return {found[1]: Guess(code, found[0]) for code, found in settled if found is not None}


def _surest(found: Sequence[tuple[Sureness, str]]) -> tuple[Sureness, str] | None:
    best = max(sureness for sureness, _letter in found)
    letters = [letter for sureness, letter in found if sureness is best]
    return (best, letters[0]) if len(letters) == 1 else None


def guess_header_row(beginning: Beginning, vocabulary: Vocabulary) -> int | None:
    """The row that is most probably the header: the one that names the most columns, then the first."""
    rows = beginning.header_rows()
    return max(rows, key=lambda row: (len(guess_columns(beginning, row, vocabulary)), -row), default=None)


def _guess(text: str, samples: Sequence[str], vocabulary: Vocabulary) -> Guess | None:
    return next((each for each in _ways(text, samples, vocabulary) if each is not None), None)


def _ways(text: str, samples: Sequence[str], vocabulary: Vocabulary) -> Iterator[Guess | None]:
    """The ways to know a column, the surest first. One known by its name is not looked at in any other way."""
    header = folded_header(text)
    plain = _UNIT.sub("", _NUMBERED.sub("", header))
    if code := vocabulary.named.get(header) or vocabulary.named.get(plain):
        yield _named(code, header, plain, samples, vocabulary)
    elif code := vocabulary.listed.get(plain):
        yield Guess(code, Sureness.LISTED) if _fit(code, samples, vocabulary) else None
    else:
        yield _alike(plain, samples, vocabulary)
        yield _by_values(plain, samples, vocabulary)


def _named(code: str, header: str, plain: str, samples: Sequence[str], vocabulary: Vocabulary) -> Guess | None:
    if plain not in vocabulary.vague:
        return Guess(code, Sureness.EXACT if header in vocabulary.exact else Sureness.NAMED)
    return Guess(code, Sureness.VAGUE) if _fit(code, samples, vocabulary) else None


def _fit(code: str, samples: Sequence[str], vocabulary: Vocabulary) -> bool:
    """Whether the values can be the column's. Where it has a form of its own, there must be one to be seen."""
    fits = vocabulary.fits.get(code)
    return fits is None or (bool(samples) and all(map(fits, samples)))


def _alike(header: str, samples: Sequence[str], vocabulary: Vocabulary) -> Guess | None:
    if len(header) < SHORTEST_ALIKE:
        return None
    spellings = vocabulary.spellings
    scores: dict[str, float] = {}
    for spelling, score, _at in process.extract(header, spellings.keys(), scorer=fuzz.ratio, limit=None):
        found = 100.0 if header.endswith(spelling) else score
        code = spellings[spelling]
        scores[code] = max(found, scores.get(code, 0.0))
    ranked = sorted(scores.items(), key=lambda each: -each[1])
    if not ranked or ranked[0][1] < CUTOFF or (len(ranked) > 1 and ranked[1][1] > ranked[0][1] - AHEAD):
        return None
    code = ranked[0][0]
    is_possible = vocabulary.may_have(header, code) and _fit(code, samples, vocabulary)
    return Guess(code, Sureness.ALIKE) if is_possible else None


def _by_values(header: str, samples: Sequence[str], vocabulary: Vocabulary) -> Guess | None:
    codes = [
        code
        for code, hints in vocabulary.telling.items()
        if vocabulary.may_have(header, code)
        and (not hints or any(hint in header for hint in hints))
        and _fit(code, samples, vocabulary)
    ]
    return Guess(codes[0], Sureness.BY_VALUES) if len(codes) == 1 else None
