"""Why the queue's rows wait: the reasons in words, each once, and for what is one step away the form of that step."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from flask import url_for
from flask_babel import gettext as _

from ... import scoping
from ...actor import Actor
from ...database import db
from ...messages import matching as words
from ...models import AppointmentItem, Capability, InstrumentKind, MatchingDecision
from ...services.regulator_work import is_unmatched
from ...states import ItemStatus
from ..institution.look_ups import institution_names
from ..records import Button
from . import why

MOST_CAUSES = 30
MOST_DECISIONS = 500
"""Decisions that are read for the drop-down: the same reason is decided anew with every change of the rules."""

Cause = tuple[str, str, int | None, tuple[str, ...]]


def cause_of(decision: MatchingDecision) -> Cause:
    """What two decisions have in common that say the same to a person: kind, outcome, the nearest and what it lacks."""
    found = why.nearest_candidate(decision)
    nearest = (found["institution"], tuple(found["failed"])) if found else (None, ())
    return (decision.facts["kind"] or "", decision.outcome, *nearest)


def causes(actor: Actor) -> list[tuple[int, str]]:
    """The reasons that hold most instruments back; the value is the oldest decision that gave it."""
    number = sa.func.count()
    statement = (
        sa.select(AppointmentItem.decision_id, number)
        .join(AppointmentItem.instrument)
        .where(is_unmatched(actor), AppointmentItem.decision_id.is_not(None))
        .group_by(AppointmentItem.decision_id)
        .order_by(number.desc(), AppointmentItem.decision_id)
        .limit(MOST_DECISIONS)
    )
    counts = dict(db.session.execute(statement).tuples().all())
    alike: dict[Cause, list[MatchingDecision]] = {}
    for row in _decisions(MatchingDecision.id.in_(counts)):
        alike.setdefault(cause_of(row), []).append(row)
    sums = {cause: sum(counts[row.id] for row in rows) for cause, rows in alike.items()}
    shown = sorted(alike, key=lambda cause: (-sums[cause], alike[cause][0].id))[:MOST_CAUSES]
    nearest = nearest_words([alike[cause][0] for cause in shown])
    names = dict(db.session.execute(sa.select(InstrumentKind.code, InstrumentKind.name)).tuples().all())
    return [
        (
            (first := alike[cause][0]).id,
            _(
                "%(kind)s · %(nearest)s（%(count)s）",
                kind=names.get(cause[0], cause[0]),
                nearest=nearest[first.id],
                count=sums[cause],
            ),
        )
        for cause in shown
    ]


def _decisions(*clauses: sa.ColumnElement[bool]) -> list[MatchingDecision]:
    return list(db.session.scalars(sa.select(MatchingDecision).where(*clauses).order_by(MatchingDecision.id)))


def alike(decision: MatchingDecision) -> list[int]:
    """Decisions of what is unmatched that say the same as this one, the oldest first."""
    waiting = sa.select(AppointmentItem.decision_id).where(AppointmentItem.status == ItemStatus.UNMATCHED)
    same_kind = MatchingDecision.facts["kind"].astext == decision.facts["kind"]
    cause = cause_of(decision)
    return [row.id for row in _decisions(MatchingDecision.id.in_(waiting), same_kind) if cause_of(row) == cause]


def of_cause(decision_id: int) -> sa.ColumnElement[bool]:
    decision = db.session.get(MatchingDecision, decision_id)
    return AppointmentItem.decision_id.in_(alike(decision) if decision is not None else [])


def nearest_words(decisions: Sequence[MatchingDecision]) -> dict[int, str]:
    """By decision: the institution that came nearest, and the conditions it does not meet."""
    nearest = {row.id: why.nearest_candidate(row) for row in decisions}
    names = institution_names({found["institution"] for found in nearest.values() if found})
    return {
        row.id: words.missing_conditions(names.get(found["institution"], "—"), found["failed"])
        if (found := nearest[row.id])
        else (_("台账信息有误") if row.outcome == "bad_data" else _("没有机构的授权覆盖此地"))
        for row in decisions
    }


def steps_of(actor: Actor, rows: Iterable[AppointmentItem]) -> dict[int, Button]:
    """By item that is one step away: the button that leads to the form of that step."""
    near = {row: found for row in rows if (found := _one_step(row))}
    ids = {found["capability"] for found in near.values() if found["capability"]}
    capabilities = {
        row.id: row
        for row in db.session.scalars(scoping.visible(actor, Capability).where(Capability.id.in_(ids)))
        if ids
    }
    own = set(db.session.scalars(scoping.area_codes(actor.division_code or ""))) if near else set()
    editable = {key for key, row in capabilities.items() if set(row.areas) <= own}
    return {row.id: _step(row, found, editable) for row, found in near.items()}


def _one_step(row: AppointmentItem) -> Any:
    found = why.nearest_candidate(row.decision) if row.decision is not None else None
    return found if found and len(found["failed"]) == 1 else None


def _step(row: AppointmentItem, found: Any, editable: set[int]) -> Button:
    (code,) = found["failed"]
    if code == "EXCLUDED":
        return Button(_("答复使用单位"), url_for("regulator_unmatched.do_answer", key=row.id))
    if code == "ACTIVE":
        return Button(_("查看该机构"), url_for("regulator_institutions.details_view", key=found["institution"]))
    return why.mend_authorisation(row, code, found["institution"], found["capability"], editable)
