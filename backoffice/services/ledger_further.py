"""Rules of what a ledger row may have besides what every row must: optional columns and the declared certificate.

Only what was typed is looked at, so that a caller who knows nothing of these columns leaves them as they are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

import sqlalchemy as sa

from .. import clock
from ..errors import FieldProblem
from ..models import MeasuringInstrument
from ..workbooks.cells import CellKind, RawCell, Unreadable, cleaned, date_of, folded
from ..workbooks.known_cells import KnownCells
from .ledger_values import FURTHER_COLUMNS

DAYS = ("purchased_on", "declared_verified_on", "declared_valid_until")
PAST_DAYS = ("purchased_on", "declared_verified_on")
CODES = (
    "stall_number",
    "stall_phone",
    "production_code",
    "repair_code",
    "verification_code",
    "seal_number",
    "declared_certificate_number",
)
"""Numbers on paper and plate: full-width digits and letters are folded."""

FIRST_YEAR, LAST_YEAR = 1950, 2100
_telephone = re.compile(r"[0-9+][0-9 \-()]{5,19}")


def further_values(
    values: Mapping[str, Any], problems: dict[str, FieldProblem], known: KnownCells | None = None
) -> dict[str, Any]:
    """The typed optional and declared columns, as they are stored; adds to `problems` beside each field.

    `known` is what earlier rows have taught; it changes no answer.
    """
    known = known or KnownCells()
    read: dict[str, Any] = {}
    for name in FURTHER_COLUMNS:
        if name in values:
            typed = values[name]
            value = _EMPTY[name] if typed == "" else known.readings[name].get(typed)
            if value is not None or typed == "":
                read[name] = value
            else:
                _read(name, typed, read, problems, known)
    verified, until = read.get("declared_verified_on"), read.get("declared_valid_until")
    if verified and until and until < verified:
        problems.setdefault("declared_valid_until", FieldProblem("declared_reversed", {"day": verified}))
    return read


_EMPTY = {name: None if name in DAYS else "" for name in FURTHER_COLUMNS}
"""What is stored of a column nobody says anything about."""


def _read(name: str, typed: Any, read: dict[str, Any], problems: dict[str, FieldProblem], known: KnownCells) -> None:
    """Add what was typed to what was read, or what is wrong with it to the problems."""
    try:
        value = _day(typed) if name in DAYS else _text(name, typed)
    except Unreadable as refused:
        problems[name] = FieldProblem(f"row.{refused.code.value}", {"found": str(typed)[:80], **refused.facts})
        return
    read[name] = value
    if (problem := _problem(name, value)) is not None:
        problems[name] = problem
    elif isinstance(typed, str) and value is not None:
        known.keep(name, typed, value)


def plain_further(values: Mapping[str, Any]) -> dict[str, str]:
    """The same as texts, days as 2026-05-10 and nothing as "": how an import keeps and compares them."""
    return {name: str(value or "") for name, value in values.items() if name in _EMPTY}


def length_of(name: str) -> int:
    """How many characters the column holds."""
    kind: Any = sa.inspect(MeasuringInstrument).columns[name].type
    return int(kind.length)


def _day(value: Any) -> date | None:
    if value is None or isinstance(value, date):
        return value
    return date_of(RawCell(str(value), CellKind.TEXT))


def _text(name: str, value: Any) -> str:
    text = cleaned(str(value or ""))
    return folded(text).strip() if name in CODES else text


def _problem(name: str, value: Any) -> FieldProblem | None:
    if isinstance(value, date):
        if not FIRST_YEAR <= value.year <= LAST_YEAR:
            return FieldProblem("row.date_unreadable", {"found": value})
        return FieldProblem("day_in_future", {"day": value}) if name in PAST_DAYS and value > clock.today() else None
    if not value:
        return None
    if len(value) > length_of(name):
        return FieldProblem("row.too_long", {"length": len(value), "max": length_of(name)})
    if name == "stall_phone" and not _telephone.fullmatch(value):
        return FieldProblem("telephone_malformed", {"found": value})
    return None
