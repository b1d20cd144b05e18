"""What a row of an import means for the ledger: new, changed, the same, or an error; said against the earlier rows.

Reads the ledger as it stands, a batch at a time, and writes nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from ..database import db
from ..errors import FieldProblem
from ..models import MeasuringInstrument
from ..states import RowOutcome
from ..workbooks.checks import RawRow, check_row
from ..workbooks.columns import BY_CODE
from ..workbooks.duplicates import duplicate_problem, ledger_number_problem
from ..workbooks.known_cells import KnownCells
from ..workbooks.problems import Problem
from ..workbooks.reference import Reference
from .import_rows import JudgedRow
from .ledger import locking_slips
from .ledger_further import further_values, plain_further
from .ledger_values import (
    DECLARED_COLUMNS,
    FURTHER_COLUMNS,
    KEY_PARTS,
    TYPED_COLUMNS,
    changed_columns,
    key_of,
    locked_columns,
    replaced_by_result,
    too_long_for_ledger,
    with_readings,
)


@dataclass(slots=True)
class Seen:
    """What rows of the file were met so far: the first row of each key, 台账编号 and instrument.

    Where some rows are judged again, the first ones among all others stand beside.
    """

    keys: dict[tuple[str, ...], int] = field(default_factory=dict)
    instruments: dict[int, int] = field(default_factory=dict)
    keys_beside: dict[tuple[str, ...], int] = field(default_factory=dict)
    instruments_beside: dict[int, int] = field(default_factory=dict)

    def first_with_key(self, key: tuple[str, ...], number: int) -> int:
        first = self.keys.setdefault(key, number)
        return min(first, self.keys_beside.get(key, first))

    def first_of_instrument(self, instrument_id: int, number: int) -> int:
        first = self.instruments.setdefault(instrument_id, number)
        return min(first, self.instruments_beside.get(instrument_id, first))


@dataclass(frozen=True, slots=True)
class Known:
    """What the texts of earlier rows were read as: by the rules of a row, and by those of the further columns."""

    cells: KnownCells = field(default_factory=KnownCells)
    further: KnownCells = field(default_factory=KnownCells)


@dataclass(frozen=True, slots=True)
class PlacedRow:
    """A row that passed the rules of its own, with the instrument it is, if the ledger has it."""

    row: JudgedRow
    columns: dict[str, Any]
    ledger_number: str
    target: int | None
    current: Mapping[str, Any] | None


class Judge:
    """Rows against the rules, the ledger as it stands, and the earlier rows of the file."""

    def __init__(
        self,
        enterprise_id: int,
        reference: Reference,
        letters: Mapping[str, str],
        seen: Seen,
        known: Known | None = None,
        mended: Mapping[int, Collection[str]] | None = None,
    ) -> None:
        """`mended` are the columns that were put right in the browser, by row."""
        self._known, self._mended = known or Known(), mended or {}
        self._enterprise_id, self._reference, self._letters, self._seen = enterprise_id, reference, letters, seen
        self._further_in_file = [name for name in FURTHER_COLUMNS if name in letters]
        self._by_id: dict[int, Mapping[str, Any]] = {}
        self._by_key: dict[tuple[str, ...], int] = {}
        self._locks: dict[int, str | None] = {}

    def judge(self, raw_rows: Sequence[RawRow]) -> list[JudgedRow]:
        rows, placed = self.place(raw_rows)
        return self.decide(rows, placed)

    def place(self, raw_rows: Sequence[RawRow]) -> tuple[list[JudgedRow], list[PlacedRow]]:
        """Each row by the rules of its own, and where those that pass stand in the ledger."""
        checked = [self._check(raw) for raw in raw_rows]
        self._load_existing([columns for _row, columns, _number in checked if columns is not None], checked)
        placed = [self._place(row, columns, number) for row, columns, number in checked if columns is not None]
        return [row for row, _columns, _number in checked], [each for each in placed if each is not None]

    def decide(self, rows: Sequence[JudgedRow], placed: Sequence[PlacedRow]) -> list[JudgedRow]:
        """What each row means beside the others of the file and for the ledger."""
        for each in placed:
            self._compare(each)
        for row in rows:
            if row.columns is None:
                row.outcome = RowOutcome.ERROR
        return list(rows)

    def _check(self, raw: RawRow) -> tuple[JudgedRow, dict[str, Any] | None, str]:
        """The rules of the row alone."""
        checked = check_row(raw, self._reference, letters=self._letters, known=self._known.cells)
        row = JudgedRow(raw.number, checked.found, raw.cells if checked.has_more else {})
        problems, values = checked.problems, checked.values
        if values is not None:
            problems += too_long_for_ledger(values, row=raw.number, letters=self._letters)
        if problems:
            row.problems = [problem.stored() for problem in problems]
            row.has_warning = any(not problem.is_error for problem in problems)
        further = self._further(row, values) if values is not None else {}
        if values is None or len(row.problems) > len(problems) or any(each.is_error for each in problems):
            return row, None, ""
        return row, {**with_readings(values), **further}, values["ledger_number"]

    def _further(self, row: JudgedRow, values: Mapping[str, Any]) -> dict[str, str]:
        """Optional and declared columns the file has, by the rules of the form; notes what is wrong with them."""
        mended = self._mended.get(row.number)
        names = [name for name in FURTHER_COLUMNS if self._says(row, name)] if mended else self._further_in_file
        filled = {name: values[name] for name in names if values[name]}
        if not filled:
            return dict.fromkeys(names, "")
        refused: dict[str, FieldProblem] = {}
        read = further_values(filled, refused, self._known.further)
        for name, problem in refused.items():
            self._note(row, name, problem.code.removeprefix("row."), **problem.facts)
        return {**dict.fromkeys(names, ""), **plain_further(read)}

    def _says(self, row: JudgedRow, name: str) -> bool:
        """Whether the row itself says anything of a column: it stands in the file, or was mended in."""
        return name in self._letters or name in self._mended.get(row.number, ())

    def _load_existing(self, good: Sequence[dict[str, Any]], checked: Iterable[tuple[Any, Any, str]]) -> None:
        numbers = [int(number) for _row, _columns, number in checked if _is_id(number)]
        self._by_id = {row["id"]: row for row in _existing_by_id(self._enterprise_id, numbers)}
        for found in _existing_by_key(self._enterprise_id, [key_of(columns) for columns in good]):
            self._by_id[found["id"]] = found
            self._by_key[key_of(found)] = found["id"]
        self._locks = locking_slips(list(self._by_id))

    def _place(self, row: JudgedRow, columns: dict[str, Any], ledger_number: str) -> PlacedRow | None:
        """Which ledger row it is, and the key it has there."""
        named = int(ledger_number) if _is_id(ledger_number) else None
        if ledger_number and named not in self._by_id:
            self._note(row, "ledger_number", "ledger_number_unknown")
            return None
        target = named if named is not None else self._by_key.get(key_of(columns))
        current = self._by_id[target] if target is not None else None
        if current is not None:
            columns = self._with_absent_columns(row, columns, current)
            if current["verified_on"] is not None:  # An empty cell does not take away what a result has replaced.
                columns = {name: value for name, value in columns.items() if value or name not in DECLARED_COLUMNS}
        row.key = key_of(columns)
        return PlacedRow(row, columns, ledger_number, target, current)

    def _compare(self, placed: PlacedRow) -> None:
        """Whether it is the first of its kind in the file, and what it would change."""
        row, columns, target = placed.row, placed.columns, placed.target
        key = key_of(columns)
        if self._is_repeated(row, key, target, placed.ledger_number):
            return
        owner = self._by_key.get(key)
        if owner is not None and owner != target:
            other = self._by_id[owner]
            facts = {"existing": f"{other['name']} {other['serial_number']}", "ledger_number": str(owner)}
            self._note(row, "serial_number", "ledger_duplicate", **facts)
            return
        self._decide(row, columns, target, placed.current)

    def _with_absent_columns(
        self, row: JudgedRow, columns: dict[str, Any], current: Mapping[str, Any]
    ) -> dict[str, Any]:
        """A column the file does not have says nothing: the ledger's value stays."""
        absent = {name: current[name] for name in TYPED_COLUMNS if not self._says(row, name)}
        return {**columns, **with_readings({**columns, **absent})} if absent else columns

    def _is_repeated(self, row: JudgedRow, key: tuple[str, ...], target: int | None, ledger_number: str) -> bool:
        earlier = self._seen.first_with_key(key, row.number)
        if earlier != row.number:
            serial = row.found.get("serial_number", "")
            letter = self._letters.get("serial_number")
            problem = duplicate_problem(row=row.number, earlier_row=earlier, serial_number=serial, column_letter=letter)
            row.problems.append(problem.stored())
            return True
        if target is None:
            return False
        row.claimed_id = target
        earlier = self._seen.first_of_instrument(target, row.number)
        if earlier == row.number:
            return False
        row.problems.append(self._same_instrument(row, earlier, ledger_number).stored())
        return True

    def _same_instrument(self, row: JudgedRow, earlier: int, ledger_number: str) -> Problem:
        if ledger_number:
            letter = self._letters.get("ledger_number")
            return ledger_number_problem(
                row=row.number, earlier_row=earlier, ledger_number=ledger_number, column_letter=letter
            )
        letter, serial = self._letters.get("serial_number"), row.found.get("serial_number", "")
        return duplicate_problem(row=row.number, earlier_row=earlier, serial_number=serial, column_letter=letter)

    def _decide(
        self, row: JudgedRow, columns: dict[str, Any], target: int | None, current: Mapping[str, Any] | None
    ) -> None:
        if current is None or target is None:
            row.columns = columns
            return
        changed = changed_columns(columns, current)
        locks = locked_columns(current["serial_number"]) if target in self._locks else frozenset()
        if locked := [name for name in changed if name in locks]:
            for name in locked:
                self._note(row, name, "ledger_locked", slip=self._locks[target])
            return
        if replaced := replaced_by_result(changed, columns, current):
            for name in replaced:
                self._note(row, name, "declared_replaced")
            return
        row.columns, row.instrument_id = columns, target
        row.outcome = RowOutcome.UPDATED if changed else RowOutcome.SAME
        row.before = {name: current[name] for name in changed} or None

    def _note(self, row: JudgedRow, name: str, code: str, **facts: Any) -> None:
        """A problem only the ledger can have."""
        row.problems.append(
            {
                "row": row.number,
                "field": name,
                "column": self._letters.get(name),
                "header": BY_CODE[name].name,
                "found": row.found.get(name, ""),
                "code": code,
                "facts": facts,
                "suggestion": None,
            }
        )


def _is_id(ledger_number: str) -> bool:
    return ledger_number.isascii() and ledger_number.isdigit() and len(ledger_number) <= 18


_EXISTING = (
    MeasuringInstrument.id,
    MeasuringInstrument.serial_key,
    MeasuringInstrument.verified_on,
    *(getattr(MeasuringInstrument, name) for name in (*TYPED_COLUMNS, *FURTHER_COLUMNS)),
)


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**row, **plain_further(row)}


def _existing_by_id(enterprise_id: int, ids: Sequence[int]) -> list[dict[str, Any]]:
    if not ids:
        return []
    rows = db.session.execute(
        sa.select(*_EXISTING).where(MeasuringInstrument.enterprise_id == enterprise_id, MeasuringInstrument.id.in_(ids))
    )
    return [_plain(dict(row)) for row in rows.mappings()]


def _existing_by_key(enterprise_id: int, keys: Sequence[tuple[str, ...]]) -> list[dict[str, Any]]:
    if not keys:
        return []
    arrays = (sa.cast(list(values), ARRAY(sa.Text)) for values in zip(*keys, strict=True))
    wanted = sa.func.unnest(*arrays).table_valued(*KEY_PARTS, name="wanted").render_derived()
    same_key = [getattr(MeasuringInstrument, part) == wanted.c[part] for part in KEY_PARTS]
    rows = db.session.execute(
        sa.select(*_EXISTING)
        .join(wanted, sa.and_(*same_key))
        .where(MeasuringInstrument.enterprise_id == enterprise_id)
        .distinct()
    )
    return [_plain(dict(row)) for row in rows.mappings()]
