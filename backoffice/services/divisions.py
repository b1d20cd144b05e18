"""Administrative divisions (行政区划): local zones are added, names follow the official list, nothing is deleted."""

from __future__ import annotations

import re

import sqlalchemy as sa

from .. import audit, scoping
from ..actor import Actor
from ..audit import AuditAction
from ..database import db
from ..errors import Conflict
from ..models import Division, MeasuringInstrument
from ..permissions import Permission, require
from ..states import Level
from .reference_checks import Problems

CODE = re.compile(r"[1-9][0-9]{5}")
LEVELS_BELOW = {Level.PROVINCE: (Level.CITY, Level.COUNTY), Level.CITY: (Level.COUNTY,)}
"""Which levels may lie directly below a level; counties under a province are governed by it directly."""
ADDED_BY_HAND = "manual"


def add(actor: Actor, *, code: str, name: str, parent_code: str | None, level: str | None) -> Division:
    """Add a division below a city or province; raises `Invalid`, `Forbidden`."""
    require(actor, Permission.ALL_REFERENCE_EDIT)
    problems = Problems()
    code = problems.text("code", code, limit=6, required=True)
    if code and not CODE.fullmatch(code):
        problems.add("code", "division_code_malformed")
    elif (known := db.session.get(Division, code)) is not None:
        problems.add("code", "already_exists", existing=str(known))
    name = problems.text("name", name, limit=64, required=True)
    parent = problems.row(actor, "parent_code", Division, parent_code)
    wanted = problems.code("level", level, Level)
    if parent is not None:
        _check_place(problems, parent, wanted, name)
    problems.refuse()
    division = Division(
        code=code,
        name=name,
        level=wanted,
        parent_code=parent.code,  # type: ignore[union-attr]
        path=f"{parent.path}{code}/",  # type: ignore[union-attr]
        source=ADDED_BY_HAND,
        is_retired=False,
    )
    db.session.add(division)
    db.session.flush()
    audit.record(actor, AuditAction.REFERENCE_CREATED, division, after=audit.values_of(division))
    return division


def rename(actor: Actor, code: str, *, name: str) -> Division:
    """Change the name; the code and the place in the tree stay. Raises `Invalid`, `Forbidden`."""
    division = _editable(actor, code)
    problems = Problems()
    words = problems.text("name", name, limit=64, required=True)
    if division.parent_code is not None:
        _check_name(problems, division.parent_code, words, but=division.code)
    problems.refuse()
    division.name = words
    audit.record_change(actor, AuditAction.REFERENCE_CHANGED, division)
    return division


def retire(actor: Actor, code: str, *, reason: str) -> Division:
    """撤销: cannot be chosen any more; rows that name it stay, areas that name it still cover what they covered.

    Raises `Conflict` while a division below it is active.
    """
    division = _editable(actor, code)
    active = active_children(code)
    if active:
        raise Conflict("division_has_children", count=active)
    return _switch(actor, division, is_retired=True, reason=reason)


def restore(actor: Actor, code: str, *, reason: str) -> Division:
    """Take 撤销 back; raises `Conflict` while the division above is retired."""
    division = _editable(actor, code)
    if division.parent is not None and division.parent.is_retired:
        raise Conflict("parent_retired", parent=division.parent.name)
    return _switch(actor, division, is_retired=False, reason=reason)


def active_children(code: str) -> int:
    """How many active divisions lie directly below."""
    statement = sa.select(sa.func.count()).where(Division.parent_code == code, Division.is_retired.is_(False))
    return db.session.scalar(statement) or 0


def instruments_in(code: str) -> int:
    """How many instruments are used in exactly this division."""
    return db.session.scalar(sa.select(sa.func.count()).where(MeasuringInstrument.division_code == code)) or 0


def _editable(actor: Actor, code: str) -> Division:
    require(actor, Permission.ALL_REFERENCE_EDIT)
    division: Division = scoping.find(actor, Division, code, lock=True)
    return division


def _check_place(problems: Problems, parent: Division, level: Level | None, name: str) -> None:
    if parent.is_retired:
        problems.add("parent_code", "divisions_retired", names=[parent.name])
    allowed = LEVELS_BELOW.get(parent.level, ())
    if not allowed:
        problems.add("parent_code", "division_too_low", parent=parent.name)
    elif level is not None and level not in allowed:
        problems.add("level", "level_not_below", parent=parent.name)
    _check_name(problems, parent.code, name)


def _check_name(problems: Problems, parent_code: str, name: str, *, but: str = "") -> None:
    same = sa.select(Division).where(Division.parent_code == parent_code, Division.name == name, Division.code != but)
    if (known := db.session.scalars(same.limit(1)).first()) is not None:
        problems.add("name", "already_exists", existing=str(known))


def _switch(actor: Actor, division: Division, *, is_retired: bool, reason: str) -> Division:
    problems = Problems()
    words = problems.reason(reason)
    problems.refuse()
    if division.is_retired == is_retired:
        raise Conflict("changed_meanwhile")
    division.is_retired = is_retired
    db.session.flush()
    audit.record(
        actor,
        AuditAction.REFERENCE_CHANGED,
        division,
        before={"is_retired": not is_retired},
        after={"is_retired": is_retired, "reason": words},
    )
    return division
