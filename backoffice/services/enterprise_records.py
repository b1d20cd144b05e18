"""What a regulator does with the users of instruments of its area: enter on behalf (代办), correct, suspend.

Only the regulator of the registered division may; others that see an enterprise (it uses instruments there) only read.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from .. import audit, clock, scoping
from ..actor import Actor
from ..audit import AuditAction
from ..database import db
from ..errors import Conflict, Forbidden
from ..models import Division, Enterprise, User
from ..permissions import Permission, may, require
from ..states import EnterpriseStatus, EnterpriseType
from . import uscc as codes
from . import users
from .divisions import active_children
from .reference_checks import Problems, assign, outside_area
from .registration_fields import enterprise_with

EDITABLE = (EnterpriseStatus.APPROVED, EnterpriseStatus.SUSPENDED)
TYPES = tuple(each for each in EnterpriseType if each is not EnterpriseType.BRANCH)
"""A branch's code is drawn when it registers itself; the rest has a code of its own."""


def may_edit(actor: Actor, enterprise: Enterprise) -> bool:
    """Whether the enterprise is registered in this regulator's area and past its review."""
    return (
        may(actor, Permission.AREA_ENTERPRISES_EDIT)
        and enterprise.status in EDITABLE
        and not outside_area(actor, [enterprise.division_code])
    )


def create(
    actor: Actor,
    *,
    uscc: str,
    type: str,
    name: str,
    division_code: str | None,
    address: str,
    principal: str,
    contact: str,
    mobile: str,
    email: str = "",
) -> Enterprise:
    """代办: enter an enterprise of the actor's area, in force at once; the audit names who did. Raises `Invalid`."""
    typed = locals()
    require(actor, Permission.AREA_ENTERPRISES_EDIT)
    problems = Problems()
    code = _uscc(problems, actor, uscc)
    values = _checked(problems, actor, None, typed)
    enterprise = Enterprise(
        uscc=code,
        status=EnterpriseStatus.APPROVED,
        approved_at=clock.now(),
        registered_by_division_code=actor.division_code,
        **values,
    )
    db.session.add(enterprise)
    db.session.flush()
    after = {**audit.values_of(enterprise), "on_behalf_by": actor.name}
    audit.record(actor, AuditAction.ENTERPRISE_CREATED, enterprise, after=after)
    return enterprise


def update(
    actor: Actor,
    enterprise_id: int,
    *,
    type: str,
    name: str,
    division_code: str | None,
    address: str,
    principal: str,
    contact: str,
    mobile: str,
    email: str = "",
) -> Enterprise:
    """Correct an enterprise's particulars; the code never changes here. Raises `Invalid`, `NotFound`."""
    typed = locals()
    enterprise = _editable(actor, enterprise_id)
    assign(enterprise, _checked(Problems(), actor, enterprise, typed))
    audit.record_change(actor, AuditAction.ENTERPRISE_CHANGED, enterprise)
    return enterprise


def suspend(actor: Actor, enterprise_id: int, *, reason: str) -> Enterprise:
    """停用: its people see only why, and are signed out at once; what is booked goes on. Raises `Invalid`."""
    enterprise = _switch(
        actor, enterprise_id, EnterpriseStatus.APPROVED, EnterpriseStatus.SUSPENDED, reason, keep_reason=True
    )
    people = db.session.scalars(sa.select(User.id).where(User.enterprise_id == enterprise.id))
    users.end_sessions(list(people))
    return enterprise


def reinstate(actor: Actor, enterprise_id: int, *, reason: str) -> Enterprise:
    """恢复 after 停用."""
    return _switch(
        actor, enterprise_id, EnterpriseStatus.SUSPENDED, EnterpriseStatus.APPROVED, reason, keep_reason=False
    )


def _editable(actor: Actor, enterprise_id: int) -> Enterprise:
    require(actor, Permission.AREA_ENTERPRISES_EDIT)
    enterprise: Enterprise = scoping.find(actor, Enterprise, enterprise_id, lock=True)
    if outside_area(actor, [enterprise.division_code]):
        raise Forbidden
    if enterprise.status not in EDITABLE:
        raise Conflict("enterprise_not_in_force", status=enterprise.status)
    return enterprise


def _switch(
    actor: Actor,
    enterprise_id: int,
    source: EnterpriseStatus,
    target: EnterpriseStatus,
    reason: str,
    *,
    keep_reason: bool,
) -> Enterprise:
    enterprise = _editable(actor, enterprise_id)
    problems = Problems()
    words = problems.reason(reason)
    problems.refuse()
    if enterprise.status is not source:
        raise Conflict("enterprise_not_in_force", status=enterprise.status)
    enterprise.status = target
    enterprise.status_reason = words if keep_reason else ""
    db.session.flush()
    audit.record(
        actor,
        AuditAction.ENTERPRISE_SUSPENDED if target is EnterpriseStatus.SUSPENDED else AuditAction.ENTERPRISE_CHANGED,
        enterprise,
        before={"status": source},
        after={"status": target, "reason": words},
    )
    return enterprise


def _checked(problems: Problems, actor: Actor, enterprise: Enterprise | None, typed: dict[str, Any]) -> dict[str, Any]:
    wanted = problems.code("type", typed["type"], EnterpriseType)
    was_branch = enterprise is not None and enterprise.is_branch
    if wanted is not None and (wanted is EnterpriseType.BRANCH) != was_branch:
        problems.add("type", "branch_type_fixed")
    values = {
        "type": wanted,
        "name": problems.text("name", typed["name"], limit=100, required=True),
        "division_code": _division(problems, actor, enterprise, typed["division_code"]),
        "address": problems.text("address", typed["address"], limit=200, required=True),
        "principal": problems.text("principal", typed["principal"], limit=50, required=True),
        "contact": problems.text("contact", typed["contact"], limit=50, required=True),
        "mobile": problems.text("mobile", typed["mobile"], limit=20, required=True),
        "email": problems.text("email", typed["email"], limit=100),
    }
    problems.refuse()
    return values


def _division(problems: Problems, actor: Actor, enterprise: Enterprise | None, code: str | None) -> str | None:
    division = problems.row(actor, "division_code", Division, code)
    if division is None:
        return None
    problems.within_area(actor, "division_code", [division.code])
    if enterprise is None or enterprise.division_code != division.code:
        if division.is_retired:
            problems.add("division_code", "divisions_retired", names=[division.name])
        if active_children(division.code):
            problems.add("division_code", "division_not_lowest", division=division.name)
    return str(division.code)


def _uscc(problems: Problems, actor: Actor, typed: str) -> str:
    """The folded code with the right check character (GB 32100), not in use yet; by whom is told within the area."""
    code = codes.fold(typed)
    found = codes.problem(code)
    if found is not None:
        problems.add("uscc", found.code, **found.facts)
        return code
    codes.lock(code)
    known = enterprise_with(code)
    if known is not None and outside_area(actor, [known.division_code]):
        problems.add("uscc", "uscc_taken", uscc=code)
    elif known is not None:
        problems.add("uscc", "uscc_in_use", name=known.name)
    return code
