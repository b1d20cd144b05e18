"""The rules of one row, as a pure function of the row and the reference data. It finds every problem, not the first.

An imported row and the form for a single instrument go through the same rules.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from backoffice.workbooks.cells import CellKind, RawCell, Unreadable, date_of, easily_read, is_blank, shown, text_of
from backoffice.workbooks.column_sets import LEDGER, ColumnSet
from backoffice.workbooks.columns import BY_CODE, EXAMPLE_MARK, NO_SERIAL_NUMBER, Column, Content
from backoffice.workbooks.known_cells import KnownCells
from backoffice.workbooks.problems import Problem, ProblemCode
from backoffice.workbooks.reference import Reference
from backoffice.workbooks.resolve import (
    Resolved,
    joined,
    parts_of,
    resolve_area,
    resolve_choice,
    resolve_division,
    resolve_kind,
    resolve_name,
)

_TEXT = CellKind.TEXT

PLACEHOLDERS = frozenset({"/", "\\", "-", "--", "—", "——", "无编号", "没有", "不详", "无号", "N/A", "n/a"})
"""What people write where there is no serial number; each would make different instruments look like one."""


@dataclass(frozen=True, slots=True)
class RawRow:
    """A row of the file: its number in the spreadsheet and its cells by column code. Empty cells are absent."""

    number: int
    cells: Mapping[str, RawCell]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedRow:
    """`values` by column code (text, quantity an int, lists as codes; "" for empty); None if the row has an error.

    `found` is what the cells say, for people; `has_more` where that is not all of what stands in one of them.
    """

    row: int | None
    values: dict[str, Any] | None
    problems: list[Problem]
    found: dict[str, str]
    has_more: bool = False

    @property
    def is_good(self) -> bool:
        return self.values is not None


def check_row(
    raw_row: RawRow,
    reference: Reference,
    *,
    letters: Mapping[str, str] | None = None,
    columns: ColumnSet = LEDGER,
    known: KnownCells | None = None,
) -> CheckedRow:
    """Check one row of a file. `letters` gives the sheet's column of each code, so that an empty cell can be named.

    `known` is what earlier rows with the same reference and columns have taught; it changes no answer.
    """
    return _Check(raw_row.number, raw_row.cells, reference, letters or {}, columns, known or KnownCells()).done()


def checked_values(values: Mapping[str, str], reference: Reference) -> CheckedRow:
    """Check what was typed on a form (by column code; a missing field counts as empty)."""
    cells = {code: RawCell(text, CellKind.TEXT) for code, text in values.items() if code in BY_CODE and text}
    return _Check(None, cells, reference, {}).done()


def check_values(values: Mapping[str, str], reference: Reference) -> list[Problem]:
    """The problems of what was typed on a form; each names its `field`."""
    return checked_values(values, reference).problems


@dataclass(slots=True)
class _Check:
    row: int | None
    cells: Mapping[str, RawCell]
    reference: Reference
    letters: Mapping[str, str]
    columns: ColumnSet = LEDGER
    known: KnownCells = field(default_factory=KnownCells)
    values: dict[str, Any] = field(default_factory=dict)
    found: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    has_more: bool = False

    def done(self) -> CheckedRow:
        self.values = dict(self.columns.empty)
        self._read_cells()
        self._look_for_missing()
        if self.columns is LEDGER:
            del self.values["certificate_number"]
            self._check_serial_number()
            self._check_kind_purpose()
        has_error = any(problem.is_error for problem in self.problems)
        return CheckedRow(
            row=self.row,
            values=None if has_error else self.values,
            problems=self.problems,
            found=self.found,
            has_more=self.has_more,
        )

    def _read_cells(self) -> None:
        """The value of every cell and what it says. A full file has a million; most are texts earlier rows had too."""
        values, found, readings = self.values, self.found, self.known.readings
        for code, cell in self.cells.items():
            text, kind, _letter, _shown = cell
            known = readings[code].get(text) if kind is _TEXT else None
            if known is None:
                values[code], found[code] = self._read(code, cell)
            else:
                values[code], found[code] = known, cast(str, text)

    def _read(self, code: str, cell: RawCell) -> tuple[Any, str]:
        """The value of a cell and what it says, of a text met for the first time or of anything else.

        What a text was read as is kept where there is nothing to note and nothing else to be said of it.
        """
        column, text = self.columns.by_code[code], cast(str, cell.value)
        if cell.kind is not _TEXT:
            self.has_more = True
            return self._value_of(column), shown(cell)
        if (value := easily_read(text, column)) is not None:
            self.known.keep(code, text, value)
            return value, value
        noted = len(self.problems)
        value, words = self._value_of(column), shown(cell)
        if words != text:
            self.has_more = True
        elif len(self.problems) == noted:
            self.known.keep(code, text, value)
        return value, words

    def _look_for_missing(self) -> None:
        for column in self.columns.required:
            if column.code not in self.cells:
                self._note(column.code, ProblemCode.REQUIRED)
        if len(self.problems) > 1:
            self.problems.sort(key=lambda problem: self.columns.place_of[problem.field or ""])

    def _note(
        self,
        code: str,
        finding: ProblemCode,
        *,
        suggestion: str | None = None,
        facts: Mapping[str, Any] | None = None,
        found: str | None = None,
    ) -> None:
        """`found` is the part of the cell that is meant, where it has several."""
        cell = self.cells.get(code)
        self.problems.append(
            Problem(
                row=self.row,
                field=code,
                column_letter=cell.letter if cell else self.letters.get(code),
                header=self.columns.by_code[code].name,
                found=shown(cell) if found is None else found,
                code=finding,
                facts=facts or {},
                suggestion=suggestion,
            )
        )

    def _value_of(self, column: Column) -> Any:
        """The value of one column, or "" after noting why there is none."""
        cell = self.cells.get(column.code)
        if cell is None or is_blank(cell):
            if column.required:
                self._note(column.code, ProblemCode.REQUIRED)
            return ""
        try:
            return _READINGS[column.content](self, column, cell)
        except Unreadable as refused:
            self._note(column.code, refused.code, suggestion=refused.suggestion, facts=refused.facts)
            return ""

    def _read_free_text(self, column: Column, cell: RawCell) -> str:
        return text_of(cell, column)

    def _read_code_text(self, column: Column, cell: RawCell) -> str:
        text = text_of(cell, column)
        if column.code == "ledger_number" and text.startswith(EXAMPLE_MARK):
            raise Unreadable(ProblemCode.EXAMPLE_OVERWRITTEN)
        return text

    def _read_day(self, column: Column, cell: RawCell) -> str:
        day = date_of(cell)
        return day.isoformat() if day else ""

    def _read_quantity(self, column: Column, cell: RawCell) -> int:
        """Exactly one. The type is looked at first: TRUE equals 1 for Python, not for people."""
        if text_of(cell, column) != "1":
            raise Unreadable(ProblemCode.QUANTITY_NOT_ONE, suggestion="1")
        return 1

    def _read_kind(self, column: Column, cell: RawCell) -> str:
        name = shown(self.cells.get("name"))
        code = self._resolved(column, resolve_kind(text_of(cell, column), self.reference, instrument_name=name))
        if code and self.columns is LEDGER and self.reference.kinds[code].is_to_be_confirmed:
            label = self.reference.kinds[code].label
            self._note(column.code, ProblemCode.KIND_TO_BE_CONFIRMED, facts={"kind": label})
        return code

    def _read_division(self, column: Column, cell: RawCell) -> str:
        place = shown(self.cells.get("place_of_use"))
        return self._resolved(column, resolve_division(text_of(cell, column), self.reference, place_of_use=place))

    def _read_choice(self, column: Column, cell: RawCell) -> str:
        return self._resolved(column, resolve_choice(text_of(cell, column), column.code, self.reference))

    def _read_choices(self, column: Column, cell: RawCell) -> list[str]:
        choices = self.reference.choices(column.code)
        return self._each(
            column, cell, choices.values(), lambda part: resolve_choice(part, column.code, self.reference)
        )

    def _read_areas(self, column: Column, cell: RawCell) -> list[str]:
        return self._each(column, cell, (), lambda part: resolve_area(part, self.reference))

    def _each(
        self, column: Column, cell: RawCell, whole: Iterable[str], resolve: Callable[[str], Resolved]
    ) -> list[str]:
        """Several codes of one cell, each once; each part that means none is noted."""
        parts = parts_of(text_of(cell, column), whole)
        codes = []
        for at, part in enumerate(parts):
            meant = resolve(part)
            if meant.finding is not None:
                mended = joined([*parts[:at], meant.suggestion, *parts[at + 1 :]]) if meant.suggestion else None
                self._note(column.code, meant.finding, suggestion=mended, facts=meant.facts, found=part)
            codes.append(meant.code or "")
        return [code for code in dict.fromkeys(codes) if code]

    def _read_name(self, column: Column, cell: RawCell) -> str:
        return self._resolved(column, resolve_name(text_of(cell, column), column.code, self.reference))

    def _read_whole_number(self, column: Column, cell: RawCell) -> int:
        text = text_of(cell, column)
        if not (text.isascii() and text.isdigit()):
            raise Unreadable(ProblemCode.NOT_A_WHOLE_NUMBER)
        return int(text)

    def _resolved(self, column: Column, resolved: Resolved) -> str:
        if resolved.finding is not None:
            self._note(column.code, resolved.finding, suggestion=resolved.suggestion, facts=resolved.facts)
        return resolved.code or ""

    def _ignore_certificate(self, column: Column, cell: RawCell) -> str:
        self._note(column.code, ProblemCode.CERTIFICATE_NUMBER_IGNORED)
        return ""

    def _check_serial_number(self) -> None:
        serial_number = self.values["serial_number"]
        if serial_number in PLACEHOLDERS:
            self._note("serial_number", ProblemCode.SERIAL_NUMBER_PLACEHOLDER, suggestion=NO_SERIAL_NUMBER)
        is_named_already = any(problem.field == "management_number" for problem in self.problems)
        if serial_number == NO_SERIAL_NUMBER and not self.values["management_number"] and not is_named_already:
            self._note("management_number", ProblemCode.MANAGEMENT_NUMBER_REQUIRED)

    def _check_kind_purpose(self) -> None:
        kind = self.reference.kinds.get(self.values["kind_code"])
        purpose = self.values["purpose"]
        if kind is None or not purpose or not kind.purposes or purpose in kind.purposes:
            return
        labels = [self.reference.purposes.get(code, code) for code in kind.purposes]
        facts = {"kind": kind.name, "purposes": labels, "purpose": self.reference.purposes[purpose]}
        self._note("purpose", ProblemCode.PURPOSE_OUTSIDE_KIND, facts=facts)


_READINGS: Mapping[Content, Callable[[_Check, Column, RawCell], Any]] = {
    Content.FREE_TEXT: _Check._read_free_text,
    Content.CODE_TEXT: _Check._read_code_text,
    Content.DAY: _Check._read_day,
    Content.QUANTITY: _Check._read_quantity,
    Content.KIND: _Check._read_kind,
    Content.DIVISION: _Check._read_division,
    Content.CHOICE: _Check._read_choice,
    Content.INSTITUTION_ONLY: _Check._ignore_certificate,
    Content.CHOICES: _Check._read_choices,
    Content.AREAS: _Check._read_areas,
    Content.NAME: _Check._read_name,
    Content.WHOLE_NUMBER: _Check._read_whole_number,
}
