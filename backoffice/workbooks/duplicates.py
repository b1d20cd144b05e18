"""Rows of one file that are the same instrument: both are named, neither is chosen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from backoffice.workbooks.columns import BY_CODE, NO_SERIAL_NUMBER
from backoffice.workbooks.problems import Problem, ProblemCode

Key = tuple[str, ...]


def key_of(values: Mapping[str, Any]) -> Key:
    """The ledger's key of checked values, but for the enterprise: kind, manufacturer, 出厂编号, 分号.

    Where 出厂编号 is "无", 管理编号 takes its place; its mark keeps it apart from an equal serial number.
    """
    serial_number = values["serial_number"]
    if serial_number == NO_SERIAL_NUMBER:
        serial_number = f"{NO_SERIAL_NUMBER}\t{values['management_number']}"
    return (values["kind_code"], values["manufacturer"], serial_number, values["sub_number"])


class KeyIndex:
    """The keys met so far in a file, with the row that had each first."""

    def __init__(self) -> None:
        self._first_row: dict[Key, int] = {}

    def add(self, row_number: int, key: Key) -> int | None:
        """Remember the key; the earlier row with the same one, or None."""
        earlier = self._first_row.setdefault(key, row_number)
        return None if earlier == row_number else earlier


def duplicate_problem(*, row: int, earlier_row: int, serial_number: str, column_letter: str | None = None) -> Problem:
    """The row is the same instrument as an earlier one of the file."""
    return Problem(
        row=row,
        field="serial_number",
        column_letter=column_letter,
        header=BY_CODE["serial_number"].name,
        found=serial_number,
        code=ProblemCode.DUPLICATE_IN_FILE,
        facts={"earlier_row": earlier_row},
    )


def ledger_number_problem(
    *, row: int, earlier_row: int, ledger_number: str, column_letter: str | None = None
) -> Problem:
    """The row has the 台账编号 of an earlier one of the file."""
    return Problem(
        row=row,
        field="ledger_number",
        column_letter=column_letter,
        header=BY_CODE["ledger_number"].name,
        found=ledger_number,
        code=ProblemCode.LEDGER_NUMBER_TWICE,
        facts={"earlier_row": earlier_row},
    )
