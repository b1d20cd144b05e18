"""From checked values to the columns of a ledger row, for the form and the import alike.

Belongs here: which columns an enterprise writes, which decide matching, what is read out of the texts, the key. Does
not belong here: the rules of a row (`workbooks.checks`), rows of the database.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from operator import itemgetter
from typing import Any

import sqlalchemy as sa

from ..matching.quantities import read_accuracy, read_range
from ..models import MeasuringInstrument
from ..workbooks.columns import BY_CODE, NO_SERIAL_NUMBER
from ..workbooks.problems import Problem, ProblemCode

TYPED_COLUMNS = (
    "name",
    "kind_code",
    "model",
    "measuring_range",
    "accuracy_class",
    "serial_number",
    "sub_number",
    "manufacturer",
    "origin",
    "place_of_use",
    "division_code",
    "department",
    "purpose",
    "delivery_mode",
    "management_number",
)
"""What an enterprise types; certificate columns are never among them."""

READ_COLUMNS = ("serial_key", "range_low", "range_high", "range_unit", "accuracy")
"""What is made of it."""

LEDGER_COLUMNS = (*TYPED_COLUMNS, *READ_COLUMNS)

OPTIONAL_COLUMNS = (
    "purchased_on",
    "oil_product",
    "stall_number",
    "stall_operator",
    "stall_phone",
    "season",
    "production_code",
    "repair_code",
    "verification_code",
    "seal_number",
)
"""What an enterprise may add to a row; nothing is decided by it."""

DECLARED_COLUMNS = (
    "declared_verified_on",
    "declared_valid_until",
    "declared_certificate_number",
    "declared_institution",
)
"""企业自报（未核实）: an earlier certificate in the enterprise's own words, until the first recorded result."""

FURTHER_COLUMNS = (*OPTIONAL_COLUMNS, *DECLARED_COLUMNS)
"""What stands beside the typed columns where somebody knows it."""

DECIDING_COLUMNS = frozenset(
    {
        "kind_code",
        "model",
        "measuring_range",
        "accuracy_class",
        "serial_number",
        "sub_number",
        "manufacturer",
        "division_code",
        "delivery_mode",
    }
)
"""They decide matching, or tell an institution which instrument it is: what waits is matched anew when one changes."""

KEY_PARTS = ("kind_code", "manufacturer", "serial_key", "sub_number")
"""The ledger's key but for the enterprise."""

_LIMITS = {
    name: int(column.type.length or 0)
    for name, column in sa.inspect(MeasuringInstrument).columns.items()
    if name in TYPED_COLUMNS
    and isinstance(column.type, sa.String)
    and not isinstance(column.type, sa.Enum)
    and (column.type.length or 0) < BY_CODE[name].max_length
}
"""Where the rules of a row let through more characters than the ledger's column holds."""


_range_of = lru_cache(maxsize=2_000)(read_range)
_accuracy_of = lru_cache(maxsize=2_000)(read_accuracy)
"""A ledger repeats a few of them in all of its rows."""


def with_readings(values: Mapping[str, Any]) -> dict[str, Any]:
    """The typed columns of checked values with what is read out of them; numbers as `Decimal`."""
    columns = {name: values.get(name, "") for name in TYPED_COLUMNS}
    quantity = _range_of(columns["measuring_range"])
    is_numberless = columns["serial_number"] == NO_SERIAL_NUMBER
    columns["serial_key"] = columns["management_number"] if is_numberless else columns["serial_number"]
    columns["range_low"] = quantity.low if quantity else None
    columns["range_high"] = quantity.high if quantity else None
    columns["range_unit"] = quantity.unit if quantity else None
    columns["accuracy"] = _accuracy_of(columns["accuracy_class"])
    return columns


_key_parts: Callable[[Mapping[str, Any]], tuple[str, ...]] = itemgetter(*KEY_PARTS)


def key_of(columns: Mapping[str, Any]) -> tuple[str, ...]:
    """The key of a row of one enterprise."""
    return _key_parts(columns)


def too_long_for_ledger(values: Mapping[str, Any], *, row: int | None, letters: Mapping[str, str]) -> list[Problem]:
    """Values the rules let through but the ledger's columns cannot hold."""
    return [
        Problem(
            row=row,
            field=name,
            column_letter=letters.get(name),
            header=BY_CODE[name].name,
            found=values[name][:80],
            code=ProblemCode.TOO_LONG,
            facts={"length": len(values[name]), "max": limit},
        )
        for name, limit in _LIMITS.items()
        if len(values.get(name, "")) > limit
    ]


def locked_columns(serial_number: str) -> frozenset[str]:
    """The columns a slip locks from 待受理 on, for a row with this 出厂编号: what is held there, and where it stands.

    管理编号 is among them only where it takes the place of the serial number.
    """
    named = {"management_number"} if serial_number == NO_SERIAL_NUMBER else set()
    return DECIDING_COLUMNS | {"place_of_use"} | named


def changed_columns(columns: Mapping[str, Any], current: Mapping[str, Any]) -> list[str]:
    """Columns an enterprise writes whose value differs from the ledger's; of the further ones those both know."""
    known = [name for name in FURTHER_COLUMNS if name in columns and name in current]
    return [name for name in (*TYPED_COLUMNS, *known) if columns[name] != current[name]]


def replaced_by_result(changed: Iterable[str], columns: Mapping[str, Any], current: Mapping[str, Any]) -> list[str]:
    """Declared columns that would be written although a result is recorded: it has taken their place."""
    if current["verified_on"] is None:
        return []
    return [name for name in changed if name in DECLARED_COLUMNS and columns[name]]
