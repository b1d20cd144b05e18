"""Designations (指定): the division names an institution for a kind or a whole item (计量法 article 9).

Edited by a regulator in whose area the division lies, for any institution of the province.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import sqlalchemy as sa

from .. import audit, clock, scoping
from ..actor import Actor
from ..audit import AuditAction
from ..database import db
from ..errors import Conflict, Forbidden
from ..models import CatalogueItem, Designation, Division, Institution, InstrumentKind
from ..permissions import Permission, may, require
from .reference_checks import Problems, assign, outside_area


def may_edit(actor: Actor, designation: Designation) -> bool:
    """Whether the designation's division lies in this regulator's area."""
    return may(actor, Permission.AREA_DESIGNATIONS_EDIT) and not outside_area(actor, [designation.division_code])


def has_begun(designation: Designation) -> bool:
    return designation.valid_from is None or designation.valid_from <= clock.today()


def create(
    actor: Actor,
    *,
    division_code: str | None,
    institution_id: int | None,
    document_number: str,
    kind_code: str | None = None,
    item_code: str | None = None,
    valid_from: date | None = None,
    valid_until: date | None = None,
) -> Designation:
    """Name an institution; exactly one of `kind_code` and `item_code`. Raises `Invalid`, `Forbidden`."""
    typed = locals()
    require(actor, Permission.AREA_DESIGNATIONS_EDIT)
    designation = Designation(**_checked(actor, None, typed))
    db.session.add(designation)
    db.session.flush()
    audit.record(actor, AuditAction.REFERENCE_CREATED, designation, after=audit.values_of(designation))
    return designation


def update(
    actor: Actor,
    designation_id: int,
    *,
    division_code: str | None,
    institution_id: int | None,
    document_number: str,
    kind_code: str | None = None,
    item_code: str | None = None,
    valid_from: date | None = None,
    valid_until: date | None = None,
) -> Designation:
    """Change a designation of the actor's area; raises `Invalid`."""
    typed = locals()
    designation = _editable(actor, designation_id)
    assign(designation, _checked(actor, designation, typed))
    audit.record_change(actor, AuditAction.REFERENCE_CHANGED, designation)
    return designation


def end(actor: Actor, designation_id: int, *, last_day: date | None, reason: str) -> Designation:
    """结束指定: `last_day` is the last day in force. Raises `Invalid`; `Conflict` when it ended earlier."""
    designation = _editable(actor, designation_id)
    if designation.valid_until is not None and designation.valid_until < clock.today():
        raise Conflict("ended_already", day=designation.valid_until)
    problems = Problems()
    words = problems.reason(reason)
    if last_day is None:
        problems.add("last_day", "required")
    problems.days(designation.valid_from, last_day, field="last_day")
    problems.refuse()
    before = {"valid_until": designation.valid_until}
    designation.valid_until = last_day
    db.session.flush()
    audit.record(
        actor,
        AuditAction.REFERENCE_CHANGED,
        designation,
        before=before,
        after={"valid_until": last_day, "reason": words},
    )
    return designation


def remove(actor: Actor, designation_id: int) -> None:
    """Delete a designation that has not begun, so that no decision rests on it; raises `Conflict` otherwise."""
    designation = _editable(actor, designation_id)
    if has_begun(designation):
        raise Conflict("designation_has_begun")
    audit.record(actor, AuditAction.REFERENCE_REMOVED, designation, before=audit.values_of(designation))
    db.session.delete(designation)
    db.session.flush()


def _editable(actor: Actor, designation_id: int) -> Designation:
    require(actor, Permission.AREA_DESIGNATIONS_EDIT)
    designation: Designation = scoping.find(actor, Designation, designation_id, lock=True)
    if not may_edit(actor, designation):
        raise Forbidden
    return designation


def _checked(actor: Actor, designation: Designation | None, typed: dict[str, Any]) -> dict[str, Any]:
    problems = Problems()
    institution = problems.row(actor, "institution_id", Institution, typed["institution_id"])
    values = {
        "division_code": _division(problems, actor, designation, typed["division_code"]),
        "institution_id": institution.id if institution else None,
        "document_number": problems.text("document_number", typed["document_number"], limit=64, required=True),
        "kind_code": typed["kind_code"] or None,
        "item_code": typed["item_code"] or None,
        "valid_from": typed["valid_from"],
        "valid_until": typed["valid_until"],
    }
    _check_subject(problems, actor, values)
    problems.days(values["valid_from"], values["valid_until"], field="valid_until")
    problems.refuse()
    if (same := _same(designation, values)) is not None:
        problems.add("institution_id", "already_exists", existing=same.document_number)
    problems.refuse()
    return values


def _division(problems: Problems, actor: Actor, designation: Designation | None, code: str | None) -> str | None:
    division = problems.row(actor, "division_code", Division, code)
    if division is None:
        return None
    problems.within_area(actor, "division_code", [division.code])
    if division.is_retired and (designation is None or designation.division_code != division.code):
        problems.add("division_code", "divisions_retired", names=[division.name])
    return str(division.code)


def _check_subject(problems: Problems, actor: Actor, values: dict[str, Any]) -> None:
    if (values["kind_code"] is None) == (values["item_code"] is None):
        problems.add("kind_code", "kind_or_item")
    elif values["kind_code"] is not None:
        problems.row(actor, "kind_code", InstrumentKind, values["kind_code"])
    else:
        problems.row(actor, "item_code", CatalogueItem, values["item_code"])


def _same(designation: Designation | None, values: dict[str, Any]) -> Designation | None:
    """A designation that says the same for some of the same days."""
    same = sa.select(Designation).where(
        Designation.division_code == values["division_code"],
        Designation.institution_id == values["institution_id"],
        Designation.kind_code.is_not_distinct_from(values["kind_code"]),
        Designation.item_code.is_not_distinct_from(values["item_code"]),
    )
    if designation is not None:
        same = same.where(Designation.id != designation.id)
    if values["valid_until"] is not None:
        same = same.where(sa.or_(Designation.valid_from.is_(None), Designation.valid_from <= values["valid_until"]))
    if values["valid_from"] is not None:
        same = same.where(sa.or_(Designation.valid_until.is_(None), Designation.valid_until >= values["valid_from"]))
    return db.session.scalars(same.limit(1)).first()
