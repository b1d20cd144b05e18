"""Authorised kinds of institutions (授权检定项目): what matching asks first.

Edited by a regulator whose area contains all their areas, for any institution of the province (SPEC, Who edits what).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from .. import audit, clock, scoping
from ..actor import Actor
from ..audit import AuditAction
from ..database import db
from ..errors import Conflict, Forbidden
from ..matching import Quantity, read_accuracy, read_range
from ..models import Capability, Division, Institution, InstrumentKind, Laboratory, MatchingDecision
from ..permissions import Permission, may, require
from ..states import DeliveryMode
from .reference_checks import Problems, assign, outside_area, references_to, refuse_if_referred_to


def may_edit(actor: Actor, capability: Capability) -> bool:
    """Whether the regulator's area contains every service area of the capability."""
    return may(actor, Permission.AREA_CAPABILITIES_EDIT) and not outside_area(actor, capability.areas)


def create(
    actor: Actor,
    *,
    institution_id: int | None,
    kind_code: str | None,
    areas: Sequence[str],
    delivery_modes: Sequence[str],
    laboratory_id: int | None = None,
    valid_from: date | None = None,
    valid_until: date | None = None,
    measuring_range: str = "",
    accuracies: Sequence[str] = (),
    internal_units: Sequence[str] | None = None,
    document_number: str = "",
) -> Capability:
    """Authorise an institution for a kind. `internal_units` None is 面向社会. Raises `Invalid`, `Forbidden`."""
    typed = locals()
    require(actor, Permission.AREA_CAPABILITIES_EDIT)
    capability = Capability(**checked(actor, None, typed))
    db.session.add(capability)
    db.session.flush()
    audit.record(actor, AuditAction.REFERENCE_CREATED, capability, after=audit.values_of(capability))
    return capability


def update(
    actor: Actor,
    capability_id: int,
    *,
    institution_id: int | None,
    kind_code: str | None,
    areas: Sequence[str],
    delivery_modes: Sequence[str],
    laboratory_id: int | None = None,
    valid_from: date | None = None,
    valid_until: date | None = None,
    measuring_range: str = "",
    accuracies: Sequence[str] = (),
    internal_units: Sequence[str] | None = None,
    document_number: str = "",
) -> Capability:
    """Change a capability all of whose areas, before and after, lie in the actor's area; raises `Invalid`."""
    typed = locals()
    capability = _editable(actor, capability_id)
    assign(capability, checked(actor, capability, typed))
    audit.record_change(actor, AuditAction.REFERENCE_CHANGED, capability)
    return capability


def end(actor: Actor, capability_id: int, *, last_day: date | None, reason: str) -> Capability:
    """结束授权: `last_day` is the last day in force. Raises `Invalid`; `Conflict` when it ended earlier."""
    capability = _editable(actor, capability_id)
    if capability.valid_until is not None and capability.valid_until < clock.today():
        raise Conflict("ended_already", day=capability.valid_until)
    problems = Problems()
    words = problems.reason(reason)
    if last_day is None:
        problems.add("last_day", "required")
    problems.days(capability.valid_from, last_day, field="last_day")
    problems.refuse()
    before = {"valid_until": capability.valid_until}
    capability.valid_until = last_day
    db.session.flush()
    audit.record(
        actor,
        AuditAction.REFERENCE_CHANGED,
        capability,
        before=before,
        after={"valid_until": last_day, "reason": words},
    )
    return capability


def remove(actor: Actor, capability_id: int) -> None:
    """Delete a capability no decision ever considered; raises `Conflict` otherwise."""
    capability = _editable(actor, capability_id)
    refuse_if_referred_to(uses(capability))
    audit.record(actor, AuditAction.REFERENCE_REMOVED, capability, before=audit.values_of(capability))
    db.session.delete(capability)
    db.session.flush()


def uses(capability: Capability) -> int:
    """How many matching decisions considered it."""
    considered = sa.select(sa.func.count()).where(MatchingDecision.candidates.contains([{"capability": capability.id}]))
    return references_to(capability) + (db.session.scalar(considered) or 0)


def range_text(low: Decimal | None, high: Decimal | None, unit: str | None) -> str:
    """A stored range as `read_range` reads it back: 0～60 MPa; "" when it is not stated."""
    if unit is None:
        return ""
    if low is None:
        return f"≤{_plain(high)} {unit}" if high is not None else ""
    return f"≥{_plain(low)} {unit}" if high is None else f"{_plain(low)}～{_plain(high)} {unit}"


def range_of(capability: Capability) -> str:
    """The measuring range of a capability in words; "" when it is not stated."""
    return range_text(capability.range_low, capability.range_high, capability.range_unit)


def _plain(number: Decimal | None) -> str:
    return "" if number is None else f"{number.normalize():f}"


def _editable(actor: Actor, capability_id: int) -> Capability:
    require(actor, Permission.AREA_CAPABILITIES_EDIT)
    capability: Capability = scoping.find(actor, Capability, capability_id, lock=True)
    if not may_edit(actor, capability):
        raise Forbidden
    return capability


def checked(actor: Actor, capability: Capability | None, typed: dict[str, Any]) -> dict[str, Any]:
    """The columns of a capability, or of a new one, out of what was typed; raises `Invalid` and writes nothing."""
    problems = Problems()
    institution = problems.row(actor, "institution_id", Institution, typed["institution_id"])
    values = {
        "institution_id": institution.id if institution else None,
        "laboratory_id": _laboratory(problems, actor, institution, typed["laboratory_id"]),
        "kind_code": _kind(problems, actor, capability, typed["kind_code"]),
        "areas": _areas(problems, actor, capability, typed["areas"]),
        "valid_from": typed["valid_from"],
        "valid_until": typed["valid_until"],
        "delivery_modes": problems.codes("delivery_modes", typed["delivery_modes"], DeliveryMode, required=True),
        "accuracies": _accuracies(problems, typed["accuracies"]),
        "internal_units": _internal_units(problems, typed["internal_units"]),
        "document_number": problems.text("document_number", typed["document_number"], limit=64),
        **_range(problems, capability, typed["measuring_range"]),
    }
    problems.days(values["valid_from"], values["valid_until"], field="valid_until")
    problems.refuse()
    return values


def _laboratory(
    problems: Problems, actor: Actor, institution: Institution | None, laboratory_id: int | None
) -> int | None:
    if laboratory_id is None or institution is None:
        return None
    laboratory = problems.row(actor, "laboratory_id", Laboratory, laboratory_id)
    if laboratory is None:
        return None
    if laboratory.institution_id != institution.id:
        problems.add("laboratory_id", "laboratory_of_another", institution=institution.name)
    return int(laboratory.id)


def _kind(problems: Problems, actor: Actor, capability: Capability | None, code: str | None) -> str | None:
    kind = problems.row(actor, "kind_code", InstrumentKind, code)
    if kind is None:
        return None
    if not kind.is_in_force and (capability is None or capability.kind_code != kind.code):
        problems.add("kind_code", "kind_retired", kind=kind.name)
    return str(kind.code)


def _areas(problems: Problems, actor: Actor, capability: Capability | None, codes: Sequence[str]) -> list[str]:
    wanted = sorted(set(codes or ()))
    if not wanted:
        problems.add("areas", "required")
        return []
    problems.within_area(actor, "areas", wanted)
    retired = sa.select(Division.name).where(
        Division.code.in_(set(wanted) - set(capability.areas if capability else ())), Division.is_retired
    )
    if names := list(db.session.scalars(retired)):
        problems.add("areas", "divisions_retired", names=names)
    return wanted


def _range(problems: Problems, capability: Capability | None, text: str) -> dict[str, Any]:
    """Low, high and unit read from the text; a text left as it was shown keeps what is stored."""
    text = (text or "").strip()
    if capability is not None and text == range_of(capability):
        names = ("range_low", "range_high", "range_unit")
        return {name: getattr(capability, name) for name in names}
    read: Quantity | None = read_range(text) if text else None
    if text and read is None:
        problems.add("measuring_range", "range_unreadable", found=text)
    return {
        "range_low": read.low if read else None,
        "range_high": read.high if read else None,
        "range_unit": read.unit if read else None,
    }


def _accuracies(problems: Problems, texts: Sequence[str]) -> list[str]:
    read: list[str] = []
    for text in texts or ():
        accuracy = read_accuracy(text)
        if accuracy is None:
            problems.add("accuracies", "accuracy_unreadable", found=text)
        elif accuracy not in read:
            read.append(accuracy)
    return read


def _internal_units(problems: Problems, codes: Sequence[str] | None) -> list[str] | None:
    """18 characters, or 20 for a branch; the list may name units that have not registered yet."""
    if codes is None:
        return None
    units = list(dict.fromkeys(unicodedata.normalize("NFKC", code).strip().upper() for code in codes))
    unlikely = [unit for unit in units if len(unit) not in (18, 20) or not unit.isascii() or not unit.isalnum()]
    if unlikely:
        problems.add("internal_units", "units_unlikely", codes=unlikely)
    if not units:
        problems.add("internal_units", "units_missing")
    return units
