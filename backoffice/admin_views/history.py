"""历史 of a record: its audit rows in words — who, when, old → new. Personal data is masked where it was stored."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import g
from flask_babel import gettext as _
from sqlalchemy import select

from ..actor import Actor
from ..audit import AuditAction
from ..database import Model, db
from ..messages import label
from ..messages import records as words
from ..models import AuditEvent, Capability, Division, MeasuringInstrument
from ..services import record_history
from ..services.ledger_values import READ_COLUMNS
from .records import Event

PAGE = 20
"""Events on a record's page; older ones are a link away."""
GREATEST_KEY = 2**63 - 1
WHOLE_COUNTRY_NAME = "全国"
MODELS_WITH_RANGE: Mapping[str, type[Any]] = {
    "measuring_instrument": MeasuringInstrument,
    "capability": Capability,
}


@dataclass(frozen=True, slots=True)
class History:
    """A page of a record's history as shown; `older` is the query that leads on, "" on the last page."""

    events: Sequence[Event]
    older: str = ""
    is_first: bool = True


@dataclass(frozen=True, slots=True)
class Change:
    """One line of a before/after table."""

    label: str
    before: str
    after: str


def history_page(actor: Actor, row: Model, before: str, *, columns: Collection[str] | None = None) -> History:
    """The newest events of a record, or those before event `before` as it stands in the address (nonsense: newest).

    With `columns` only changes of these are told, and of who made them only the role: for readers from outside.
    """
    place = int(before) if before.isascii() and before.isdecimal() and len(before) < 20 else None
    if place is not None and place > GREATEST_KEY:
        place = None
    page = record_history.page(actor, row, before=place, limit=PAGE)
    events = [
        Event(at=each.at, text=event_words(each, columns=columns), who=_who(each, is_outsider=columns is not None))
        for each in page.events
    ]
    return History(events, f"?before={page.older}#history" if page.older else "", place is None)


def changes_of(event: AuditEvent, columns: Collection[str] | None = None) -> list[Change]:
    """Every recorded column of an audit row (or those of `columns`), old and new, in words."""
    before, after = event.before or {}, event.after or {}
    recorded = [name for name in dict.fromkeys([*before, *after]) if name not in ("id", "path")]
    names = [name for name in recorded if columns is None or name in columns]
    units = _units_of(event, names)
    return [
        Change(
            label=words.column_words(event.subject_type, name),
            before=_value(event.subject_type, name, before.get(name), units) if name in before else "",
            after=_value(event.subject_type, name, after.get(name), units) if name in after else "",
        )
        for name in names
    ]


def _who(event: AuditEvent, *, is_outsider: bool) -> str:
    return label(event.actor_role) if is_outsider else event.actor_name


def event_words(event: AuditEvent, *, most: int | None = None, columns: Collection[str] | None = None) -> str:
    """One line of a record's history: what was done and, for a change, old and new values (at most `most` of them).

    `columns` are those whose values may be told; none means all.
    """
    done = words.action_words(event.action)
    if not (event.before and event.after):
        return done
    changes = changes_of(event, _told_columns(event, columns))
    if not changes:
        return done
    told = []
    for change in changes[:most]:
        told.append(
            f"{change.label} {change.before} → {change.after}" if change.before else f"{change.label} {change.after}"
        )
    if most is not None and len(changes) > most:
        told.append(_("等 %(count)s 项", count=len(changes)))
    return f"{done}：{'；'.join(told)}"


def _told_columns(event: AuditEvent, columns: Collection[str] | None) -> set[str]:
    """What a line of history tells of a change: what differs, in the words people typed and not in what was read of it.

    A corrected registration is recorded whole: only what has an old value was changed.
    """
    before, after = event.before or {}, event.after or {}
    hidden = READ_COLUMNS if event.subject_type == "measuring_instrument" else ()
    named = before if event.action == AuditAction.REGISTRATION_CORRECTED.value else {**before, **after}
    return {
        name
        for name in named
        if name not in hidden
        and (columns is None or name in columns)
        and (name not in before or before[name] != after.get(name, before[name]) or name not in after)
    }


def _units_of(event: AuditEvent, names: Collection[str]) -> dict[str, str]:
    """The unit of the recorded ends of a range: as recorded with them, else the record's present one."""
    ends = [name for name in ("range_low", "range_high") if name in names]
    if not ends:
        return {}
    unit = (event.after or {}).get("range_unit") or (event.before or {}).get("range_unit")
    model = MODELS_WITH_RANGE.get(event.subject_type)
    if not unit and model is not None and str(event.subject_id).isdecimal():
        row = db.session.get(model, int(event.subject_id))
        unit = row.range_unit if row is not None else ""
    return dict.fromkeys(ends, str(unit or ""))


def _value(table: str, column: str, value: Any, units: Mapping[str, str]) -> str:
    if value is not None and units.get(column):
        return f"{value} {units[column]}"
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
