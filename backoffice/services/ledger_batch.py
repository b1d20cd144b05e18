"""批量新增: many instruments that differ in their numbers only, entered at once or not at all.

The numbers come as a pasted list, as the first and last of a row of numbers, or as the nozzles of one instrument.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from .. import audit, clock
from ..actor import Actor
from ..audit import AuditAction
from ..database import db
from ..errors import Conflict, FieldProblem, Invalid
from ..models import MeasuringInstrument
from ..workbooks.cells import folded
from . import ledger, ledger_reference, on_behalf

MOST_AT_ONCE = 500
MOST_NAMED = 5
"""Numbers named one by one in a refusal; the rest is counted."""

LONGEST = {"numbers": 40_000, "first_number": 64, "last_number": 64, "serial_number": 64, "nozzles": 2_000}
"""Characters that may be typed: 500 of the longest numbers, one number, 500 nozzles."""
NUMBER_FIELDS = tuple(LONGEST)

_separators = re.compile(r"[\s,，、;；|｜]+")
_counted = re.compile(r"(.*?)([0-9]{1,18})([^0-9]*)")
_span = re.compile(r"([0-9]{1,6})-([0-9]{1,6})")
_until = re.compile(r"\s*(?:-|–|—|－|~|～|至|到)\s*")
"""How people write from–to: “1-48”, “1 ～ 48”."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbering:
    """How the numbers were typed; exactly one of the three ways.

    `numbers` is a list; `first_number` and `last_number` its ends, with the same prefix; `serial_number` with `nozzles`
    (“1-48”, “1,2,5”) one instrument with a row per nozzle.
    """

    numbers: str = ""
    first_number: str = ""
    last_number: str = ""
    serial_number: str = ""
    nozzles: str = ""


Pair = tuple[str, str]
"""出厂编号 and 分号 of a row."""


def read_numbers(numbering: Numbering) -> list[Pair]:
    """The numbers in the order typed; raises `Invalid` beside the field that is wrong."""
    for name, limit in LONGEST.items():
        if (length := len(getattr(numbering, name) or "")) > limit:
            raise Invalid.one(name, "too_long", limit=limit, length=length)
    typed = Numbering(**{name: folded(getattr(numbering, name) or "").strip() for name in NUMBER_FIELDS})
    ways = [
        bool(typed.numbers),
        bool(typed.first_number or typed.last_number),
        bool(typed.serial_number or typed.nozzles),
    ]
    if sum(ways) != 1:
        raise Invalid.one("numbers", "batch_no_numbers" if not any(ways) else "batch_one_way")
    if typed.numbers:
        return [(each, "") for each in _listed(typed.numbers)]
    if ways[1]:
        return [(each, "") for each in _counted_up(typed.first_number, typed.last_number)]
    for name in ("serial_number", "nozzles"):
        if not getattr(typed, name):
            raise Invalid.one(name, "required")
    return [(typed.serial_number, each) for each in _nozzles(typed.nozzles)]


def check(actor: Actor, enterprise_id: int, values: Mapping[str, Any], numbering: Numbering) -> list[dict[str, Any]]:
    """The rows that would be entered, by column; raises `Invalid` with every problem, `Forbidden`, `NotFound`.

    `values` are typed as for `ledger.create`, without the numbers.
    """
    enterprise = on_behalf.ledger_of(actor, enterprise_id).enterprise
    problems: dict[str, FieldProblem] = {}
    pairs: list[Pair] = []
    try:
        pairs = read_numbers(numbering)
    except Invalid as refused:
        problems.update(refused.problems)
    rows = _rows(values, pairs or [("0", "")], _number_field(numbering), problems)
    if not problems:
        _refuse_existing(enterprise.id, rows, numbering)
    if problems:
        raise Invalid(problems)
    return rows


def create(actor: Actor, enterprise_id: int, values: Mapping[str, Any], numbering: Numbering) -> list[int]:
    """Enter them all with one statement, each with its audit row; returns their keys in the order typed.

    Raises as `check`; `Conflict` where somebody entered one of them at the same moment.
    """
    rows = check(actor, enterprise_id, values, numbering)
    acting = on_behalf.ledger_of(actor, enterprise_id)
    common = {"enterprise_id": acting.enterprise.id, "filed_at": clock.now(), **acting.stamp("added_by")}
    statement = sa.insert(MeasuringInstrument).returning(MeasuringInstrument, sort_by_parameter_order=True)
    try:
        with db.session.begin_nested():
            made = list(db.session.scalars(statement, [{**row, **common} for row in rows]))
    except IntegrityError as refused:
        _refuse_existing(acting.enterprise.id, rows, numbering)
        raise Conflict("changed_meanwhile") from refused
    ledger.refuse_outside_area(actor, made[0])
    for row in made:
        audit.record(actor, AuditAction.INSTRUMENT_CREATED, row, after=audit.values_of(row))
    db.session.flush()
    return [row.id for row in made]


def _listed(text: str) -> list[str]:
    found = [each for each in _separators.split(text) if each]
    if not found:
        raise Invalid.one("numbers", "batch_no_numbers")
    _refuse_too_many("numbers", len(found))
    if twice := _repeated(found):
        raise Invalid.one("numbers", "batch_number_twice", **_named(twice))
    return found


def _counted_up(first: str, last: str) -> list[str]:
    """From–to, prefix, ending and leading zeros kept: A0098, A0099, A0100 …"""
    start, digits, end = _parts("first_number", first)
    last_start, last_digits, last_end = _parts("last_number", last)
    if (start, end) != (last_start, last_end):
        raise Invalid.one("last_number", "batch_unlike", first=first, last=last)
    has_zero = digits.startswith("0") or last_digits.startswith("0")
    if has_zero and len(digits) != len(last_digits):
        raise Invalid.one("last_number", "batch_zeros_unlike", first=first, last=last)
    low, high = int(digits), int(last_digits)
    if high < low:
        raise Invalid.one("last_number", "batch_reversed", first=first, last=last)
    _refuse_too_many("last_number", high - low + 1)
    return [f"{start}{number:0{len(digits)}d}{end}" for number in range(low, high + 1)]


def _parts(name: str, number: str) -> tuple[str, str, str]:
    """What stands before the last digits, the digits, what stands after."""
    if not number:
        raise Invalid.one(name, "required")
    found = _counted.fullmatch(number)
    if found is None:
        raise Invalid.one(name, "batch_no_digits", found=number)
    return found[1], found[2], found[3]


def _nozzles(text: str) -> list[str]:
    found: list[str] = []
    for each in _separators.split(_until.sub("-", text)):
        span = _span.fullmatch(each)
        if span is None:
            if each and not any(mark.isalnum() for mark in each):
                raise Invalid.one("nozzles", "batch_number_unfit", **_named([each]))
            found += [each] if each else []
            continue
        low, high = int(span[1]), int(span[2])
        if high < low:
            raise Invalid.one("nozzles", "batch_reversed", first=span[1], last=span[2])
        _refuse_too_many("nozzles", len(found) + high - low + 1)
        width = len(span[1]) if span[1].startswith("0") else 0
        found += [f"{number:0{width}d}" for number in range(low, high + 1)]
    _refuse_too_many("nozzles", len(found))
    if twice := _repeated(found):
        raise Invalid.one("nozzles", "batch_number_twice", **_named(twice))
    return found


def _rows(
    values: Mapping[str, Any], pairs: Sequence[Pair], number_field: str, problems: dict[str, FieldProblem]
) -> list[dict[str, Any]]:
    """The columns of each row. What is wrong with a common field is said once, with a number beside the numbers."""
    reference = ledger_reference.load()
    rows: list[dict[str, Any]] = []
    bad: dict[str, list[str]] = {}
    for serial, sub in pairs:
        typed = {**values, "serial_number": serial, "sub_number": sub, "management_number": "", "quantity": "1"}
        try:
            rows.append(ledger.accepted(typed, reference))
        except Invalid as refused:
            for name, problem in refused.problems.items():
                if name not in ("serial_number", "sub_number", "management_number"):
                    problems.setdefault(name, problem)
                else:
                    code = "batch_numberless" if name == "management_number" else "batch_number_unfit"
                    bad.setdefault(code, []).append(sub if name == "sub_number" else serial)
    for code, numbers in bad.items():
        problems.setdefault(number_field, FieldProblem(code, _named(numbers)))
    return rows


def _refuse_existing(enterprise_id: int, rows: Sequence[Mapping[str, Any]], numbering: Numbering) -> None:
    """Name the numbers that are in the ledger already."""
    first = rows[0]
    statement = sa.select(MeasuringInstrument).where(
        MeasuringInstrument.enterprise_id == enterprise_id,
        MeasuringInstrument.kind_code == first["kind_code"],
        MeasuringInstrument.manufacturer == first["manufacturer"],
        sa.tuple_(MeasuringInstrument.serial_key, MeasuringInstrument.sub_number).in_(
            [(row["serial_key"], row["sub_number"]) for row in rows]
        ),
    )
    found = db.session.scalars(statement.order_by(MeasuringInstrument.id)).all()
    if found:
        words = [f"{row.full_serial}（{row.ledger_number}）" for row in found]
        raise Invalid.one(_number_field(numbering), "batch_numbers_there", **_named(words))


def _number_field(numbering: Numbering) -> str:
    """The field a wrong number is said beside."""
    if (numbering.first_number or "").strip():
        return "first_number"
    return "nozzles" if (numbering.serial_number or "").strip() else "numbers"


def _refuse_too_many(name: str, count: int) -> None:
    if count > MOST_AT_ONCE:
        raise Invalid.one(name, "batch_too_many", count=count, limit=MOST_AT_ONCE)


def _repeated(numbers: Iterable[str]) -> list[str]:
    seen: set[str] = set()
    twice: dict[str, None] = {}
    for each in numbers:
        if each in seen:
            twice[each] = None
        seen.add(each)
    return list(twice)


def _named(numbers: Sequence[str]) -> dict[str, Any]:
    """Facts that name the first of them and count them all."""
    return {"numbers": list(numbers[:MOST_NAMED]), "count": len(numbers)}
