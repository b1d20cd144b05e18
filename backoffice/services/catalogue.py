"""The mandatory catalogue (强检器具目录): its kinds, as the notice states them and as practice calls them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from .. import audit, scoping
from ..actor import Actor
from ..audit import AuditAction
from ..database import db
from ..errors import Conflict
from ..models import AppointmentItem, CatalogueItem, InstrumentKind, MeasuringInstrument
from ..models.instrument import FIRST_ONLY_SCHEME, ROTATION_SCHEME
from ..permissions import Permission, require
from ..states import OPEN_ITEMS, Purpose
from .reference_checks import Problems, assign, references_to, refuse_if_referred_to

CODE = re.compile(r"[0-9]{4}")
ALIAS_LENGTH = 64
MOST_ALIASES = 30
SUPERVISIONS = ("型式批准、强制检定", "强制检定", "型式批准")
"""The words of the notice; none is 待确认."""
SCHEMES = ("周期检定", ROTATION_SCHEME, FIRST_ONLY_SCHEME)
LONGEST_PERIOD = 240
"""Months; no regulation knows a verification period beyond twenty years."""


def add_kind(
    actor: Actor,
    *,
    code: str,
    item_code: str | None,
    name: str,
    aliases: Sequence[str] = (),
    supervision: str = "",
    verification_scheme: str = "",
    purposes: Sequence[str] = (),
    scope_note: str = "",
    default_period_months: int | None = None,
    external_code: str | None = None,
) -> InstrumentKind:
    """Add a kind; its confidence is `unconfirmed` until a source says more. Raises `Invalid`, `Forbidden`."""
    typed = locals()
    require(actor, Permission.ALL_REFERENCE_EDIT)
    kind = InstrumentKind(confidence="unconfirmed", **checked_new_kind(actor, typed))
    db.session.add(kind)
    db.session.flush()
    audit.record(actor, AuditAction.REFERENCE_CREATED, kind, after=audit.values_of(kind))
    return kind


def checked_new_kind(actor: Actor, typed: dict[str, Any]) -> dict[str, Any]:
    """The columns of a new kind out of what was typed; raises `Invalid` and writes nothing."""
    problems = Problems()
    code = problems.text("code", typed["code"], limit=4, required=True)
    if code and not CODE.fullmatch(code):
        problems.add("code", "kind_code_malformed")
    item = problems.row(actor, "item_code", CatalogueItem, typed["item_code"])
    if item is not None and not item.is_active:
        problems.add("item_code", "item_stopped", item=item.name)
    if (known := db.session.get(InstrumentKind, code)) is not None:
        problems.add("code", "already_exists", existing=str(known))
    values = checked_kind(None, typed, problems)
    return {"code": code, "item_code": item.code if item else None, **values}


def change_kind(
    actor: Actor,
    code: str,
    *,
    name: str,
    aliases: Sequence[str] = (),
    supervision: str = "",
    verification_scheme: str = "",
    purposes: Sequence[str] = (),
    scope_note: str = "",
    default_period_months: int | None = None,
    external_code: str | None = None,
) -> InstrumentKind:
    """Change what is known of a kind; code and item stay. Raises `Invalid`, `Forbidden`."""
    typed = locals()
    kind = _editable(actor, code)
    assign(kind, checked_kind(kind.code, typed))
    audit.record_change(actor, AuditAction.REFERENCE_CHANGED, kind)
    return kind


def retire_kind(actor: Actor, code: str, *, reason: str) -> InstrumentKind:
    """停用: ledgers keep their rows, but nothing of this kind can be booked or matched any more."""
    return _switch(actor, code, is_retired=True, reason=reason)


def restore_kind(actor: Actor, code: str, *, reason: str) -> InstrumentKind:
    """启用 after 停用."""
    return _switch(actor, code, is_retired=False, reason=reason)


def remove_kind(actor: Actor, code: str) -> None:
    """Delete a kind nothing refers to, as an undone import does; raises `Conflict` for every other."""
    kind = _editable(actor, code)
    refuse_if_referred_to(references_to(kind))
    audit.record(actor, AuditAction.REFERENCE_REMOVED, kind, before=audit.values_of(kind))
    db.session.delete(kind)
    db.session.flush()


def instruments_of(code: str) -> int:
    """How many instruments of all ledgers are of this kind."""
    return db.session.scalar(sa.select(sa.func.count()).where(MeasuringInstrument.kind_code == code)) or 0


def open_items_of(code: str) -> int:
    """How many booked instruments of this kind are still under way."""
    statement = (
        sa.select(sa.func.count())
        .select_from(AppointmentItem)
        .join(MeasuringInstrument, AppointmentItem.instrument_id == MeasuringInstrument.id)
        .where(MeasuringInstrument.kind_code == code, AppointmentItem.status.in_(OPEN_ITEMS))
    )
    return db.session.scalar(statement) or 0


def extent_of_item(code: str) -> dict[str, int]:
    """What hangs on an item: its kinds in force, instruments of them in ledgers, and those under way."""
    kinds = sa.select(InstrumentKind.code).where(InstrumentKind.item_code == code)
    in_force = kinds.where(InstrumentKind.is_retired.is_(False))
    instruments = sa.select(MeasuringInstrument.id).where(MeasuringInstrument.kind_code.in_(kinds))
    open_items = sa.select(AppointmentItem.id).where(
        AppointmentItem.instrument_id.in_(instruments), AppointmentItem.status.in_(OPEN_ITEMS)
    )
    return {
        name: db.session.scalar(sa.select(sa.func.count()).select_from(rows.subquery())) or 0
        for name, rows in (("kinds", in_force), ("all", instruments), ("open", open_items))
    }


def _editable(actor: Actor, code: str) -> InstrumentKind:
    require(actor, Permission.ALL_REFERENCE_EDIT)
    kind: InstrumentKind = scoping.find(actor, InstrumentKind, code, lock=True)
    return kind


def _switch(actor: Actor, code: str, *, is_retired: bool, reason: str) -> InstrumentKind:
    kind = _editable(actor, code)
    problems = Problems()
    words = problems.reason(reason)
    problems.refuse()
    if kind.is_retired == is_retired:
        raise Conflict("changed_meanwhile")
    if not is_retired and not kind.item.is_active:
        raise Conflict("kind_of_stopped_item", item=kind.item.name)
    kind.is_retired = is_retired
    db.session.flush()
    audit.record(
        actor,
        AuditAction.REFERENCE_CHANGED,
        kind,
        before={"is_retired": not is_retired},
        after={"is_retired": is_retired, "reason": words},
    )
    return kind


def checked_kind(code: str | None, typed: dict[str, Any], problems: Problems | None = None) -> dict[str, Any]:
    """The columns of a kind (`code`, or a new one) that may change; raises `Invalid` and writes nothing."""
    problems = problems or Problems()
    months = typed["default_period_months"]
    values = {
        "name": problems.text("name", typed["name"], limit=64, required=True),
        "aliases": _aliases(problems, typed["aliases"]),
        "supervision": problems.text("supervision", typed["supervision"], limit=32),
        "verification_scheme": problems.text("verification_scheme", typed["verification_scheme"], limit=64),
        "purposes": problems.codes("purposes", typed["purposes"], Purpose),
        "scope_note": problems.text("scope_note", typed["scope_note"], limit=300),
        "default_period_months": months,
        "external_code": problems.text("external_code", typed["external_code"], limit=16) or None,
    }
    if months is not None and not 1 <= months <= LONGEST_PERIOD:
        problems.add("default_period_months", "period_out_of_bounds", limit=LONGEST_PERIOD)
    same_name = sa.select(InstrumentKind.code).where(InstrumentKind.name == values["name"])
    if code is not None:
        same_name = same_name.where(InstrumentKind.code != code)
    if (owner := db.session.scalar(same_name)) is not None:
        problems.add("name", "already_exists", existing=f"{owner} {values['name']}")
    problems.refuse()
    return values


def _aliases(problems: Problems, texts: Sequence[str]) -> list[str]:
    aliases = list(dict.fromkeys(text.strip() for text in texts or () if text.strip()))
    if len(aliases) > MOST_ALIASES:
        problems.add("aliases", "too_many_entries", limit=MOST_ALIASES)
    for alias in aliases:
        if len(alias) > ALIAS_LENGTH:
            problems.add("aliases", "too_long", limit=ALIAS_LENGTH, length=len(alias))
    return aliases
