"""Technical institutions, their laboratories (检定室) and the days on which they take nothing (暂停受理).

Read by every regulator of the province; changed by the regulator in whose area the institution's seat lies.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa

from .. import audit, clock, scoping
from ..actor import Actor
from ..audit import AuditAction
from ..database import db
from ..errors import Conflict, Forbidden
from ..models import Capability, Institution, InstitutionSuspension, Laboratory, MatchingDecision
from ..permissions import Permission, may, require
from ..states import InstitutionType, Level
from .reference_checks import Problems, assign, outside_area, references_to, refuse_if_referred_to

GREATEST_PRIORITY = 999


def may_edit(actor: Actor, institution: Institution) -> bool:
    """Whether the institution's seat lies in this regulator's area."""
    return may(actor, Permission.AREA_INSTITUTIONS_EDIT) and not outside_area(actor, [institution.seat_division_code])


def create(
    actor: Actor,
    *,
    name: str,
    type: str,
    level: str,
    seat_division_code: str,
    address: str,
    phone: str,
    reception_place: str = "",
    contact: str = "",
    priority: int | None = 0,
) -> Institution:
    """Add an institution with its seat in the actor's area; raises `Invalid`, `Forbidden`."""
    require(actor, Permission.AREA_INSTITUTIONS_EDIT)
    values = _checked(actor, None, locals())
    institution = Institution(**values, is_active=True)
    db.session.add(institution)
    db.session.flush()
    audit.record(actor, AuditAction.REFERENCE_CREATED, institution, after=audit.values_of(institution))
    return institution


def update(
    actor: Actor,
    institution_id: int,
    *,
    name: str,
    type: str,
    level: str,
    seat_division_code: str,
    address: str,
    phone: str,
    reception_place: str = "",
    contact: str = "",
    priority: int | None = 0,
) -> Institution:
    """Change an institution of the actor's area; raises `Invalid`, `NotFound`."""
    values = locals()
    institution = _editable(actor, institution_id)
    assign(institution, _checked(actor, institution, values))
    audit.record_change(actor, AuditAction.REFERENCE_CHANGED, institution)
    return institution


def stop(actor: Actor, institution_id: int, *, reason: str) -> Institution:
    """停用: nothing is matched to it any more; what it has accepted stays with it. Raises `Invalid`, `Conflict`."""
    return _switch(actor, institution_id, is_active=False, reason=reason)


def start_again(actor: Actor, institution_id: int, *, reason: str) -> Institution:
    """启用 after 停用."""
    return _switch(actor, institution_id, is_active=True, reason=reason)


def remove(actor: Actor, institution_id: int) -> None:
    """Delete an institution nothing refers to; raises `Conflict` otherwise."""
    institution = _editable(actor, institution_id)
    refuse_if_referred_to(uses(institution))
    before = audit.values_of(institution)
    audit.record(actor, AuditAction.REFERENCE_REMOVED, institution, before=before)
    db.session.delete(institution)
    db.session.flush()


def uses(institution: Institution) -> int:
    """How many rows refer to an institution, past decisions that considered it included; its suspensions do not."""
    considered = sa.select(sa.func.count()).where(
        MatchingDecision.candidates.contains([{"institution": institution.id}])
    )
    return references_to(institution, but={"institution_suspension"}) + (db.session.scalar(considered) or 0)


def suspend(
    actor: Actor, *, institution_id: int, starts_on: date | None, ends_on: date | None = None, reason: str
) -> InstitutionSuspension:
    """暂停受理 from a day to a day, both included; open-ended without `ends_on`. Raises `Invalid`."""
    institution = _editable(actor, institution_id)
    values = _checked_suspension(institution, None, starts_on=starts_on, ends_on=ends_on, reason=reason)
    suspension = InstitutionSuspension(institution=institution, **values)
    db.session.add(suspension)
    db.session.flush()
    audit.record(actor, AuditAction.REFERENCE_CREATED, suspension, after=audit.values_of(suspension))
    return suspension


def change_suspension(
    actor: Actor, suspension_id: int, *, starts_on: date | None, ends_on: date | None = None, reason: str
) -> InstitutionSuspension:
    """Change the days or the reason of a suspension; raises `Invalid`."""
    suspension = _suspension(actor, suspension_id)
    values = _checked_suspension(
        suspension.institution, suspension, starts_on=starts_on, ends_on=ends_on, reason=reason
    )
    assign(suspension, values)
    audit.record_change(actor, AuditAction.REFERENCE_CHANGED, suspension)
    return suspension


def end_suspension(actor: Actor, suspension_id: int) -> None:
    """恢复受理 from today on: what has begun ends yesterday, what begins today or later is taken away."""
    suspension = _suspension(actor, suspension_id)
    today = clock.today()
    if suspension.ends_on is not None and suspension.ends_on < today:
        raise Conflict("suspension_over", day=suspension.ends_on)
    if suspension.starts_on >= today:
        audit.record(actor, AuditAction.REFERENCE_REMOVED, suspension, before=audit.values_of(suspension))
        db.session.delete(suspension)
        db.session.flush()
        return
    suspension.ends_on = today - timedelta(days=1)
    audit.record_change(actor, AuditAction.REFERENCE_CHANGED, suspension)


def add_laboratory(actor: Actor, *, institution_id: int, name: str, phone: str = "") -> Laboratory:
    """Add a 检定室; its name is unique within the institution. Raises `Invalid`."""
    institution = _editable(actor, institution_id)
    laboratory = Laboratory(institution=institution, **_checked_laboratory(institution, None, name=name, phone=phone))
    db.session.add(laboratory)
    db.session.flush()
    audit.record(actor, AuditAction.REFERENCE_CREATED, laboratory, after=audit.values_of(laboratory))
    return laboratory


def change_laboratory(actor: Actor, laboratory_id: int, *, name: str, phone: str = "") -> Laboratory:
    """Rename a 检定室 or change its telephone; raises `Invalid`."""
    laboratory = _laboratory(actor, laboratory_id)
    assign(laboratory, _checked_laboratory(laboratory.institution, laboratory, name=name, phone=phone))
    audit.record_change(actor, AuditAction.REFERENCE_CHANGED, laboratory)
    return laboratory


def remove_laboratory(actor: Actor, laboratory_id: int) -> None:
    """Delete a 检定室 no capability names; raises `Conflict` otherwise."""
    laboratory = _laboratory(actor, laboratory_id)
    count = db.session.scalar(sa.select(sa.func.count()).where(Capability.laboratory_id == laboratory.id)) or 0
    if count:
        raise Conflict("laboratory_in_use", count=count)
    audit.record(actor, AuditAction.REFERENCE_REMOVED, laboratory, before=audit.values_of(laboratory))
    db.session.delete(laboratory)
    db.session.flush()


def suspension_on(institution: Institution, day: date) -> InstitutionSuspension | None:
    """The suspension in force on a day."""
    for each in institution.suspensions:
        if each.starts_on <= day and (each.ends_on is None or day <= each.ends_on):
            return each
    return None


def _editable(actor: Actor, institution_id: int) -> Institution:
    require(actor, Permission.AREA_INSTITUTIONS_EDIT)
    institution: Institution = scoping.find(actor, Institution, institution_id, lock=True)
    if not may_edit(actor, institution):
        raise Forbidden
    return institution


def _laboratory(actor: Actor, laboratory_id: int) -> Laboratory:
    laboratory: Laboratory = scoping.find(actor, Laboratory, laboratory_id)
    _editable(actor, laboratory.institution_id)
    return laboratory


def _suspension(actor: Actor, suspension_id: int) -> InstitutionSuspension:
    suspension: InstitutionSuspension = scoping.find(actor, InstitutionSuspension, suspension_id)
    _editable(actor, suspension.institution_id)
    return suspension


def _switch(actor: Actor, institution_id: int, *, is_active: bool, reason: str) -> Institution:
    institution = _editable(actor, institution_id)
    problems = Problems()
    words = problems.reason(reason)
    problems.refuse()
    if institution.is_active == is_active:
        raise Conflict("changed_meanwhile")
    institution.is_active = is_active
    db.session.flush()
    audit.record(
        actor,
        AuditAction.REFERENCE_CHANGED,
        institution,
        before={"is_active": not is_active},
        after={"is_active": is_active, "reason": words},
    )
    return institution


def _checked(actor: Actor, institution: Institution | None, typed: dict[str, Any]) -> dict[str, Any]:
    problems = Problems()
    values = {
        "name": problems.text("name", typed["name"], limit=100, required=True),
        "type": problems.code("type", typed["type"], InstitutionType),
        "level": problems.code("level", typed["level"], Level),
        "seat_division_code": problems.text("seat_division_code", typed["seat_division_code"], limit=6, required=True),
        "address": problems.text("address", typed["address"], limit=200, required=True),
        "phone": problems.text("phone", typed["phone"], limit=20, required=True),
        "reception_place": problems.text("reception_place", typed["reception_place"], limit=200),
        "contact": problems.text("contact", typed["contact"], limit=50),
        "priority": typed["priority"] or 0,
    }
    if abs(values["priority"]) > GREATEST_PRIORITY:
        problems.add("priority", "priority_out_of_bounds", limit=GREATEST_PRIORITY)
    if values["seat_division_code"]:
        problems.within_area(actor, "seat_division_code", [values["seat_division_code"]])
    same_name = sa.select(Institution.id).where(Institution.name == values["name"])
    if institution is not None:
        same_name = same_name.where(Institution.id != institution.id)
    if db.session.scalar(same_name) is not None:
        problems.add("name", "already_exists", existing=values["name"])
    problems.refuse()
    return values


def _checked_suspension(
    institution: Institution,
    suspension: InstitutionSuspension | None,
    *,
    starts_on: date | None,
    ends_on: date | None,
    reason: str,
) -> dict[str, Any]:
    problems = Problems()
    words = problems.reason(reason)
    if starts_on is None:
        problems.add("starts_on", "required")
    problems.days(starts_on, ends_on, field="ends_on")
    problems.refuse()
    for other in institution.suspensions:
        if other is not suspension and _overlap(other, starts_on, ends_on):
            problems.add("starts_on", "suspension_overlaps", first=other.starts_on, last=other.ends_on)
    problems.refuse()
    return {"starts_on": starts_on, "ends_on": ends_on, "reason": words}


def _overlap(other: InstitutionSuspension, starts_on: date | None, ends_on: date | None) -> bool:
    begins_before_end = ends_on is None or other.starts_on <= ends_on
    ends_after_begin = other.ends_on is None or (starts_on is not None and starts_on <= other.ends_on)
    return begins_before_end and ends_after_begin


def _checked_laboratory(
    institution: Institution, laboratory: Laboratory | None, *, name: str, phone: str
) -> dict[str, Any]:
    problems = Problems()
    values = {
        "name": problems.text("name", name, limit=50, required=True),
        "phone": problems.text("phone", phone, limit=20),
    }
    if any(other is not laboratory and other.name == values["name"] for other in institution.laboratories):
        problems.add("name", "already_exists", existing=values["name"])
    problems.refuse()
    return values
