"""What is offered to a person who says which column of a list is what: its columns, guesses, and what it lacks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..models import ImportRun
from ..workbooks.beginnings import Beginning
from ..workbooks.choices import KIND_FROM, Choice
from ..workbooks.columns import REQUIRED, Column, Content
from ..workbooks.header_guesses import Guess, guess_columns, guess_header_row
from ..workbooks.ledger_headers import is_kind, ledger_vocabulary
from ..workbooks.reference import Reference
from . import ledger_reference
from .ledger_import_mapping import BY_NAME, NEVER_THE_SAME, OFFERED, Picked, choice_of

SAMPLES = 3


@dataclass(frozen=True, slots=True)
class OfferedColumn:
    """A column of the file; `code` is what is selected, `is_guess` whether nobody has said so."""

    letter: str
    header: str
    samples: Sequence[str]
    code: str
    is_guess: bool


@dataclass(frozen=True, slots=True)
class AbsentColumn:
    """A required column that no column of the file is taken for, and the value every row would get.

    `options` are all values there are, `suggestions` some; `is_the_same` is False where each row must have its own.
    """

    column: Column
    value: str
    is_guess: bool
    options: Mapping[str, str]
    suggestions: Sequence[str]
    is_the_same: bool


@dataclass(frozen=True, slots=True)
class Offer:
    """One header row of the file with its columns; `rows` are those that may be chosen in its place."""

    header_row: int
    columns: Sequence[OfferedColumn]
    absent: Sequence[AbsentColumn]
    rows: Mapping[int, str]


def offer(run: ImportRun, *, header_row: int | None = None, picked: Picked | None = None) -> Offer:
    """What the page shows: what was `picked` on it, else what was chosen before, else guesses.

    A row that the file does not have counts as none asked for.
    """
    beginning, reference = Beginning.restored(run.headers or {}), ledger_reference.load()
    chosen = choice_of(run)
    vocabulary = ledger_vocabulary(reference)
    asked = header_row if header_row in beginning.rows else None
    row = asked or (chosen.header_row if chosen else guess_header_row(beginning, vocabulary)) or min(beginning.rows)
    if picked is None and chosen is not None and chosen.header_row == row:
        picked = _picked(chosen)
    guesses = {} if picked else guess_columns(beginning, row, vocabulary)
    columns = _columns(beginning, row, picked, guesses)
    return Offer(row, columns, _absent(run, columns, picked, reference), _rows(beginning))


def _picked(choice: Choice) -> Picked:
    by_name = {"kind_code": BY_NAME} if choice.kind_from_name else {}
    return Picked(choice.header_row, choice.columns, {**choice.fills, **by_name})


def _rows(beginning: Beginning) -> dict[int, str]:
    return {number: " | ".join(cells.values()) for number, cells in beginning.rows.items()}


def _columns(
    beginning: Beginning, row: int, picked: Picked | None, guesses: Mapping[str, Guess]
) -> list[OfferedColumn]:
    words, offered = beginning.words(row), {column.code for column in OFFERED}
    found = []
    for letter in beginning.letters(row):
        guess = guesses.get(letter)
        code = picked.columns.get(letter, "") if picked else guess.code if guess else ""
        is_guess = guess is not None and not guess.is_certain
        samples = beginning.samples(row, letter)[:SAMPLES]
        known = code if picked or code in offered else ""
        found.append(OfferedColumn(letter, words.get(letter, ""), samples, known, is_guess and bool(known)))
    return found


def _absent(
    run: ImportRun, columns: Sequence[OfferedColumn], picked: Picked | None, reference: Reference
) -> list[AbsentColumn]:
    there = {each.code for each in columns}
    proposed = {} if picked else _proposed(run, columns, reference)
    typed = picked.fills if picked else proposed
    siblings = _siblings(run.owner.division_code, reference)
    return [
        AbsentColumn(
            column,
            typed.get(column.code, ""),
            column.code in proposed,
            _options(column, reference),
            siblings if column.content is Content.DIVISION else (),
            column.code not in NEVER_THE_SAME,
        )
        for column in REQUIRED
        if column.code not in there
    ]


def _proposed(run: ImportRun, columns: Sequence[OfferedColumn], reference: Reference) -> dict[str, str]:
    """Values that hold for most: one instrument a row, used where the enterprise is; kinds that the names say."""
    owner = run.owner
    found = {"quantity": "1", "place_of_use": owner.address}
    if not reference.active_children.get(owner.division_code):
        found["division_code"] = reference.label_of_division(owner.division_code)
    names = next((each.samples for each in columns if each.code == KIND_FROM), ())
    if names and all(is_kind(name, reference) for name in names):
        found["kind_code"] = BY_NAME
    return found


def _options(column: Column, reference: Reference) -> dict[str, str]:
    """Words for each value that may be sent, where all of them are known."""
    if column.content is Content.KIND:
        return {kind.code: kind.label for kind in reference.kinds.values() if kind.may_be_in_ledger}
    if column.content is Content.CHOICE:
        return {label: label for label in reference.choices(column.code).values()}
    return {}


def _siblings(code: str, reference: Reference) -> list[str]:
    """The divisions beside this one, as they may be typed."""
    division = reference.divisions.get(code)
    beside = reference.active_children.get(division.parent_code or "", []) if division else []
    return [reference.label_of_division(each) for each in sorted(beside)]
