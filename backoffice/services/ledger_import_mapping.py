"""Which column of an uploaded list is what: asked where headers do not say it, stored on the run, remembered later.

A file whose columns are all known by name never comes here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from .. import audit, scoping
from ..actor import Actor
from ..audit import AuditAction
from ..database import db
from ..errors import Conflict, FieldProblem, Invalid
from ..messages.ledger import problem_code
from ..models import ImportRun
from ..permissions import Permission, require
from ..states import ImportState
from ..workbooks.beginnings import Beginning
from ..workbooks.checks import checked_values
from ..workbooks.choices import KIND_FROM, Choice
from ..workbooks.columns import BY_CODE, COLUMNS, REQUIRED, Column, Content
from ..workbooks.header_guesses import guess_columns, guess_header_row
from ..workbooks.ledger_headers import ledger_vocabulary
from ..workbooks.problems import FileProblem, FileProblemCode
from ..workbooks.reference import Reference
from . import ledger_reference
from .ledger_import_again import IS_OF_EARLIER_FILE, start_over

MAPPABLE = (ImportState.MAPPING, ImportState.READY, ImportState.REFUSED)
"""States in which a person may say which column is what, where the file's beginning is known."""
CAN_BE_MENDED = (FileProblemCode.HEADER_NOT_FOUND, FileProblemCode.COLUMN_MISSING)
REMEMBERED_IN = (ImportState.READY, ImportState.APPLYING, ImportState.DONE)
MOST_REMEMBERED = 20
BY_NAME = "by_name"
"""Said instead of a kind: each row's kind is what its name says."""
NEVER_THE_SAME = frozenset({"serial_number"})
"""Required columns that cannot be the same in every row."""
OFFERED: tuple[Column, ...] = tuple(column for column in COLUMNS if column.content is not Content.INSTITUTION_ONLY)
"""Columns that may be chosen; what only institutions write is not among them."""


@dataclass(frozen=True, slots=True)
class Picked:
    """What was chosen on the page: codes by letter (none for a column left out), values for all rows by code."""

    header_row: int
    columns: Mapping[str, str]
    fills: Mapping[str, str] = field(default_factory=dict)


def choice_of(run: ImportRun) -> Choice | None:
    """How the run's file is to be read, where a person has said so."""
    if not run.mapping or run.mapping.get(IS_OF_EARLIER_FILE):
        return None
    return Choice.restored(run.mapping["choice"])


def may_be_mapped(run: ImportRun) -> bool:
    return run.state in MAPPABLE and run.headers is not None


def choose(actor: Actor, run_id: int, picked: Picked) -> ImportRun:
    """Store which column is what and have the file checked with it, from its beginning.

    Raises `Invalid` with a problem beside each field (`column_B`, `fill_purpose`, `header_row`), `Conflict` where the
    run is past that, `NotFound`, `Forbidden`.
    """
    require(actor, Permission.OWN_LEDGER_IMPORT)
    run: ImportRun = scoping.find(actor, ImportRun, run_id, lock=True)
    if not may_be_mapped(run):
        raise Conflict("import_not_mappable", state=run.state)
    choice = _chosen(Beginning.restored(run.headers or {}), picked, ledger_reference.load())
    before = run.mapping
    run.mapping = {"choice": choice.stored()}
    start_over(run)
    told = {"header_row": choice.header_row, "mapping": _in_words(choice)}
    audit.record(actor, AuditAction.IMPORT_MAPPED, run, before=_before(before), after=told)
    return run


def _before(mapping: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if not mapping:
        return None
    earlier = Choice.restored(mapping["choice"])
    return {"header_row": earlier.header_row, "mapping": _in_words(earlier)}


def _in_words(choice: Choice) -> str:
    columns = [f"{letter} {BY_CODE[code].name}" for letter, code in choice.columns.items()]
    fills = [f"{BY_CODE[code].name}={text}" for code, text in choice.fills.items()]
    by_name = [f"{BY_CODE['kind_code'].name}={BY_CODE[KIND_FROM].name}"] if choice.kind_from_name else []
    return "；".join([*columns, *fills, *by_name])


def _chosen(beginning: Beginning, picked: Picked, reference: Reference) -> Choice:
    if picked.header_row not in beginning.rows:
        raise Invalid.one("header_row", "mapping_row_unknown")
    letters = beginning.letters(picked.header_row)
    columns = {letter: picked.columns[letter] for letter in letters if picked.columns.get(letter)}
    fills = {
        column.code: text
        for column in REQUIRED
        if column.code not in columns.values() and (text := picked.fills.get(column.code, "").strip())
    }
    choice = Choice(
        sheet=beginning.sheet,
        header_row=picked.header_row,
        columns=columns,
        fills={code: text for code, text in fills.items() if text != BY_NAME},
        kind_from_name=fills.get("kind_code") == BY_NAME,
        words=beginning.words(picked.header_row),
    )
    if problems := dict(_problems(choice, reference)):
        raise Invalid(problems)
    return choice


def _problems(choice: Choice, reference: Reference) -> Iterator[tuple[str, FieldProblem]]:
    """What is wrong with a choice, each beside its field; where two columns are the same, beside both."""
    by_code: dict[str, list[str]] = defaultdict(list)
    for letter, code in choice.columns.items():
        by_code[code].append(letter)
        if code not in BY_CODE or BY_CODE[code] not in OFFERED:
            yield f"column_{letter}", FieldProblem("mapping_column_unknown")
    for code, letters in by_code.items():
        if len(letters) > 1 and code in BY_CODE:
            facts = {"column": BY_CODE[code].name, "letters": letters}
            yield from ((f"column_{letter}", FieldProblem("mapping_column_twice", facts)) for letter in letters)
    given = {*by_code, *choice.fills, *(("kind_code",) if choice.kind_from_name else ())}
    for column in REQUIRED:
        if column.code not in given:
            code = "mapping_column_needed" if column.code in NEVER_THE_SAME else "mapping_column_missing"
            yield f"fill_{column.code}", FieldProblem(code, {"column": column.name})
    yield from _problems_of_fills(choice.fills, reference)


def _problems_of_fills(fills: Mapping[str, str], reference: Reference) -> Iterator[tuple[str, FieldProblem]]:
    """What the check would say of these values in every single row."""
    for problem in checked_values(fills, reference).problems:
        if problem.is_error and problem.field in fills:
            facts = {**problem.facts, "found": problem.found, "suggestion": problem.suggestion}
            yield f"fill_{problem.field}", FieldProblem(problem_code(problem), facts)
    for code in NEVER_THE_SAME & fills.keys():
        yield f"fill_{code}", FieldProblem("mapping_column_needed", {"column": BY_CODE[code].name})


# --- asked and remembered during the check ---------------------------------------------------------------------------


def question(run: ImportRun, problem: FileProblem, reference: Reference) -> FileProblem | None:
    """What a person is asked about a file that was not understood: its missing columns; none where nobody can help.

    There must be a column in it that is not known: one that is simply not there is nowhere to be found.
    """
    if run.headers is None or problem.code not in CAN_BE_MENDED:
        return None
    beginning, vocabulary = Beginning.restored(run.headers), ledger_vocabulary(reference)
    row = guess_header_row(beginning, vocabulary)
    if row is None:
        return None
    known = {
        letter: guess.code for letter, guess in guess_columns(beginning, row, vocabulary).items() if guess.is_certain
    }
    if not any(beginning.samples(row, letter) for letter in beginning.letters(row) if letter not in known):
        return None
    missing = [column.header for column in REQUIRED if column.code not in known.values()]
    return FileProblem(FileProblemCode.COLUMN_MISSING, {"headers": missing})


def is_remembered(run: ImportRun, beginning: Mapping[str, Any] | None, reference: Reference) -> bool:
    """Note how a file begins; whether one with the very same headers was read before, and this one is read like it."""
    earlier = _earlier_choices(run) if beginning is not None else []
    run.headers, run.mapping = dict(beginning) if beginning is not None else None, None
    if beginning is None:
        return False
    known = Beginning.restored(beginning)
    for from_run, choice in earlier:
        row = next((row for row in known.rows if known.words(row) == choice.words), None)
        here = Choice(known.sheet, row or 0, choice.columns, choice.fills, choice.kind_from_name, choice.words)
        if row is not None and not dict(_problems(here, reference)):
            run.mapping = {"choice": here.stored(), "remembered_from": from_run}
            run.updated_at = run.created_at  # Nobody reads it in this way yet; the next check takes it at once.
            db.session.flush()
            return True
    return False


def _earlier_choices(run: ImportRun) -> Sequence[tuple[int, Choice]]:
    """What was said of this run's earlier file, then of this enterprise's other files, the latest first."""
    own = [(run.id, run.mapping)] if run.mapping else []
    others = db.session.execute(
        sa.select(ImportRun.id, ImportRun.mapping)
        .where(
            ImportRun.enterprise_id == run.enterprise_id,
            ImportRun.id != run.id,
            ImportRun.mapping.is_not(None),
            ImportRun.state.in_(REMEMBERED_IN),
        )
        .order_by(ImportRun.id.desc())
        .limit(MOST_REMEMBERED)
    )
    return [(number, Choice.restored(mapping["choice"])) for number, mapping in [*own, *others]]
