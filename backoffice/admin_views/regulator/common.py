"""What the regulator's pages share: history from the audit, division names, states by days."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import g
from flask_babel import gettext as _
from markupsafe import Markup
from sqlalchemy import select

from ... import clock
from ...actor import Actor
from ...database import db
from ...messages import reference as words
from ...models import AuditEvent, Division
from ...permissions import Permission
from ...scoping import area_codes
from ...services import record_history
from ..base import Event
from ..formatting import badge
from ..reference_forms import RecordForms

P = Permission
RULES, BUSINESS, SYSTEM = "规则", "业务", "系统"
SOON_DAYS = 60
HISTORY_COLUMNS = 4
WHOLE_COUNTRY_NAME = "全国"


@dataclass(frozen=True, slots=True)
class Change:
    """One line of a before/after table."""

    label: str
    before: str
    after: str


class RecordView(RecordForms):
    """A list and records of the regulator's panel, each record with its history."""

    @property
    def create_heading(self) -> str:
        return _("新增%(what)s", what=self.title)

    def history(self, row: Any) -> Sequence[Event] | None:
        return [
            Event(at=each.at, text=event_words(each), who=each.actor_name)
            for each in record_history.of(self.actor, row)
        ]


def changes_of(event: AuditEvent) -> list[Change]:
    """Every recorded column of an audit row, old and new, in words."""
    before, after = event.before or {}, event.after or {}
    names = [name for name in dict.fromkeys([*before, *after]) if name not in ("id", "path")]
    return [
        Change(
            label=words.column_words(event.subject_type, name),
            before=_value(event.subject_type, name, before.get(name)) if name in before else "",
            after=_value(event.subject_type, name, after.get(name)) if name in after else "",
        )
        for name in names
    ]


def event_words(event: AuditEvent) -> str:
    """One line of a record's history: what was done and, for a change, the first few old and new values."""
    done = words.action_words(event.action)
    if not (event.before and event.after):
        return done
    told = []
    changes = changes_of(event)
    for change in changes[:HISTORY_COLUMNS]:
        told.append(
            f"{change.label} {change.before} → {change.after}" if change.before else f"{change.label} {change.after}"
        )
    if len(changes) > HISTORY_COLUMNS:
        told.append(_("等 %(count)s 项", count=len(changes)))
    return f"{done}：{'；'.join(told)}"


def _value(table: str, column: str, value: Any) -> str:
    if column == "areas" and isinstance(value, list):
        return area_words(value)
    name = record_history.name_of(table, column, value)
    return name or words.value_words(column, value, record_history.codes_of(table, column))


def remember_divisions(codes: Iterable[str]) -> dict[str, str]:
    """Names of divisions by code, each asked of the database once per request."""
    known: dict[str, str] = g.setdefault("division_names", {"000000": WHOLE_COUNTRY_NAME})
    missing = set(codes) - set(known)
    if missing:
        found = db.session.execute(select(Division.code, Division.name).where(Division.code.in_(missing)))
        known.update(dict(found.tuples().all()))
    return known


def area_words(codes: Sequence[str]) -> str:
    """Service areas by name: 张店区、临淄区."""
    names = remember_divisions(codes)
    return "、".join(names.get(code, code) for code in codes)


def in_area(query: Any, actor: Actor) -> Any:
    """Divisions of the actor's area that are not retired, in the order of their codes."""
    chosen = query.where(Division.code.in_(area_codes(actor.division_code or "")), Division.is_retired.is_(False))
    return chosen.order_by(Division.code)


def period_badge(first: date | None, last: date | None) -> Markup:
    """Whether a period is in force today: 有效, 60 天内到期, 未生效, 已结束."""
    today = clock.today()
    if last is not None and last < today:
        return badge(_("已结束"), "end")
    if first is not None and first > today:
        return badge(_("未生效"), "")
    if last is not None and (last - today).days <= SOON_DAYS:
        return badge(_("%(days)s 天后到期", days=(last - today).days) if last > today else _("今天到期"), "warn")
    return badge(_("有效"), "ok")
