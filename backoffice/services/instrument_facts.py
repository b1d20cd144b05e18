"""What a ledger row states, what it stated when an institution returned it, and whether it still does.

An institution that answered 超出能力 answered about these facts. Once the enterprise corrects one of them, the answer
is about an instrument that does not exist: the institution is asked again. The same snapshot lets a returned row go on
showing what was booked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..matching import Quantity
from ..models import AppointmentItem, MeasuringInstrument
from ..states import DOUBTED_FIELDS, RETURN_FIELDS, ItemStatus

SHOWN = (
    "name",
    "kind_code",
    "division_code",
    "serial_number",
    "sub_number",
    "model",
    "measuring_range",
    "accuracy_class",
    "manufacturer",
)
"""Columns of the ledger as they stood, in words."""


def stated_range(instrument: MeasuringInstrument) -> Quantity | None:
    """The range that was read out of the words of the ledger; none where nothing could be read."""
    if instrument.range_unit is None:
        return None
    return Quantity(instrument.range_low, instrument.range_high, instrument.range_unit)


def snapshot(instrument: MeasuringInstrument) -> dict[str, Any]:
    """The ledger row as it is stored on a returned item."""
    said = {name: getattr(instrument, name) for name in SHOWN}
    return {**said, "full_serial": instrument.full_serial, **_compared(instrument)}


def _compared(instrument: MeasuringInstrument) -> dict[str, Any]:
    """The facts an institution's capacity is compared with, named as in a decision's facts."""
    stated = stated_range(instrument)
    return {
        "kind": instrument.kind_code,
        "range": stated.to_json() if stated else None,
        "accuracy": instrument.accuracy,
    }


def still_hold(item: AppointmentItem) -> bool:
    """Whether an answer about the instrument's capacity is still about the same instrument.

    For items returned before snapshots were kept, the decision says what the institution was asked about.
    """
    then = item.returned_facts or (item.decision.facts if item.decision is not None else {})
    now = snapshot(item.instrument)
    names = ["kind", "range", "accuracy", "model"]
    # Words nothing could be read out of are compared as words.
    names += [words for read, words in (("range", "measuring_range"), ("accuracy", "accuracy_class")) if not now[read]]
    return all(then[name] == now[name] for name in names if name in then)


@dataclass(frozen=True, slots=True)
class Booked:
    """An instrument of an appointment in words: as it was returned, and for everything else as the ledger has it."""

    title: str
    serial: str
    changes: tuple[tuple[str, str], ...] = ()
    """What the enterprise changed since the return: column, and in words what it is now."""


def booked(item: AppointmentItem) -> Booked:
    """What was booked: the ledger's row may have been corrected since it was returned."""
    instrument, then = item.instrument, item.returned_facts
    if item.status is not ItemStatus.FAILED or then is None:
        return Booked(f"{instrument.name} {instrument.measuring_range}".strip(), instrument.full_serial)
    named = {"kind_code": instrument.kind.name, "division_code": instrument.division.name}
    changed = [name for name in SHOWN if then.get(name, "") != getattr(instrument, name)]
    changes = tuple((name, named.get(name) or getattr(instrument, name)) for name in changed)
    return Booked(f"{then['name']} {then['measuring_range']}".strip(), then["full_serial"], changes)


def is_as_returned(item: AppointmentItem) -> bool:
    """Whether nothing was done about what an institution returned, where a correction of the ledger could."""
    code, then = item.return_code, item.returned_facts
    field = (RETURN_FIELDS.get(code) or DOUBTED_FIELDS.get(code)) if code else None
    if field is None or then is None:
        return False
    # 信息有误 and 超出能力 leave open which field: any correction is one.
    named = [field] if field in ("kind_code", "division_code", "serial_number") else SHOWN
    return all(then.get(name, "") == getattr(item.instrument, name) for name in named)
