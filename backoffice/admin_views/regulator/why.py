"""The why-matrix in words: candidates, every filter with both values, and the one step that would help."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask import url_for
from flask_babel import gettext as _

from ... import scoping
from ...actor import Actor
from ...database import db
from ...matching.explain import Cell, Row
from ...messages import label
from ...messages import matching as words
from ...models import AppointmentItem, Capability, Institution, MatchingAttempt, MatchingDecision
from ...services import assignments, capabilities, institutions
from ...states import InstitutionType, MatchTrigger
from ..institution import why as one_sentence
from ..institution.look_ups import division_names
from ..records import Button

CURED_IN_CAPABILITY = frozenset({"VALID", "SCOPE", "PLACE", "RANGE", "ACCURACY", "DELIVERY"})


@dataclass(frozen=True, slots=True)
class WhyCell:
    """One filter of one candidate. `tone`: y passed, n failed, u not compared."""

    label: str
    tone: str
    offered: str
    wanted: str


@dataclass(frozen=True, slots=True)
class WhyRow:
    """One candidate: an institution with one of its capabilities."""

    institution: Institution
    capability_id: int | None
    note: str
    won: bool
    cells: tuple[WhyCell, ...]


@dataclass(frozen=True, slots=True)
class Cure:
    """What stands between the item and an institution, and the button that leads to the mending."""

    sentence: str
    button: Button | None = None


@dataclass(frozen=True, slots=True)
class Matrix:
    """A decision with everything that led to it, as it was then."""

    revision: int
    decided_at: datetime
    filters: tuple[str, ...]
    rows: tuple[WhyRow, ...]
    cure: Cure


def nearest_candidate(decision: MatchingDecision) -> Mapping[str, Any] | None:
    """The candidate with the fewest failed filters; none when nobody was looked at."""
    failed = [row for row in decision.candidates if row["failed"]]
    return min(failed, key=lambda row: (len(row["failed"]), row["institution"], row["capability"] or 0), default=None)


def matrix_of(actor: Actor, item: AppointmentItem) -> Matrix:
    """The matrix of the item's latest decision, made again from its stored facts and rules."""
    decision = item.decision
    if decision is None:
        raise LookupError("an item without a decision has no matrix")
    found = assignments.explain(decision)
    names = _names(item, found.rows)
    return Matrix(
        revision=decision.rule_revision,
        decided_at=_decided_at(item, decision),
        filters=tuple(words.filter_label(code) for code in words.FILTER_LABELS),
        rows=tuple(_row(row, found.institutions[row.institution], names) for row in found.rows),
        cure=_cure(actor, item, decision, found, names),
    )


def _decided_at(item: AppointmentItem, decision: MatchingDecision) -> datetime:
    """When it was decided for this item: the same facts may have been decided for another one before."""
    attempted = sa.select(sa.func.max(MatchingAttempt.attempted_at)).where(
        MatchingAttempt.item_id == item.id, MatchingAttempt.decision_id == decision.id
    )
    return db.session.scalar(attempted) or decision.created_at


def outcome_words(item: AppointmentItem, matrix: Matrix) -> str:
    """What the strip says of an item that is no longer unmatched."""
    said = one_sentence.sentence(item)
    return said or _("这台器具现在是“%(state)s”。", state=label(item.status))


def attempt_words(attempt: MatchingAttempt, names: Mapping[int, str]) -> str:
    """One line of the history of matching."""
    decision = attempt.decision
    parts = [label(attempt.trigger)]
    if attempt.trigger is not MatchTrigger.BY_HAND:
        parts.append(_("规则版本 %(version)s", version=decision.rule_revision))
        parts.append(_outcome(decision, names))
    return " · ".join(parts)


def _outcome(decision: MatchingDecision, names: Mapping[int, str]) -> str:
    if decision.institution_id is not None:
        return names.get(decision.institution_id, "—")
    return _("台账信息有误") if decision.outcome == "bad_data" else _("无机构")


def _names(item: AppointmentItem, rows: tuple[Row, ...]) -> words.Names:
    codes = {item.instrument.division_code}
    for row in rows:
        if row.designated:
            codes.add(row.designated["division"])
        for cell in row.cells:
            if cell.code == "PLACE":
                codes.update(cell.offered or ())
                codes.add(cell.wanted or "")
    return words.Names(divisions=division_names(codes), kind=item.instrument.kind.name)


def _row(row: Row, institution: Institution, names: words.Names) -> WhyRow:
    is_special = institution.type is InstitutionType.SPECIAL
    notes = [label(institution.type) if is_special else label(institution.level)]
    if row.designated:
        notes.append(_("%(place)s指定", place=names.place(row.designated["division"])))
    if row.preferred:
        notes.append(_("使用单位选定"))
    return WhyRow(
        institution=institution,
        capability_id=row.capability,
        note=" · ".join(notes),
        won=row.won,
        cells=tuple(_cell(cell, names) for cell in row.cells),
    )


def _cell(cell: Cell, names: words.Names) -> WhyCell:
    said = words.compared(cell, names)
    tone = {"passed": "y", "failed": "n", "not_compared": "u"}[cell.result]
    return WhyCell(label=words.filter_label(cell.code), tone=tone, offered=said.offered, wanted=said.wanted)


def _cure(
    actor: Actor, item: AppointmentItem, decision: MatchingDecision, found: assignments.Why, names: words.Names
) -> Cure:
    if decision.outcome == "bad_data":
        place = item.instrument.division_code
        return Cure(words.bad_data_sentence(decision.field or "kind", names, place=place))
    nearest = next((row for row in found.rows if not row.won), None)
    failed = [cell for cell in nearest.cells if cell.result == "failed"] if nearest else []
    if nearest is None or not failed:
        sentence = words.nobody_sentence(kind=names.kind, place=names.place(item.instrument.division_code))
        return Cure(sentence, replace(_new_capability(item), primary=True))
    institution = found.institutions[nearest.institution]
    if len(failed) > 1:
        near = words.missing_conditions(institution.name, [cell.code for cell in failed])
        return Cure(_("最接近的机构也差 %(count)s 项：%(near)s", count=len(failed), near=near))
    step = words.step_sentence(failed[0], names, institution=institution.name)
    return Cure(_("差一步：%(step)s", step=step), _mending(actor, item, failed[0], nearest, institution))


def _mending(actor: Actor, item: AppointmentItem, cell: Cell, row: Row, institution: Institution) -> Button | None:
    """The form that removes the failed filter, where this regulator may use it."""
    if cell.code == "AUTH":
        return replace(_new_capability(item, institution.id), primary=True)
    if cell.code == "ACTIVE":
        if not institutions.may_edit(actor, institution):
            return None
        return Button(_("查看该机构"), url_for("regulator_institutions.details_view", key=institution.id), primary=True)
    if cell.code not in CURED_IN_CAPABILITY or row.capability is None:
        return None
    capability = db.session.scalar(scoping.visible(actor, Capability).where(Capability.id == row.capability))
    may_edit = capability is not None and capabilities.may_edit(actor, capability)
    editable = {row.capability} if may_edit else set()
    return replace(mend_authorisation(item, cell.code, institution.id, row.capability, editable), primary=True)


def mend_authorisation(
    item: AppointmentItem, code: str, institution_id: int, capability_id: int | None, editable: Collection[int]
) -> Button:
    """The form of an authorisation that fails a filter: its own, or a new one where this regulator may not edit it.

    Only areas of its own: a district may authorise the institution for itself.
    """
    if capability_id not in editable or code not in CURED_IN_CAPABILITY:
        return _new_capability(item, institution_id)
    text = _("续期该授权") if code == "VALID" else _("修改该授权")
    return Button(text, url_for("regulator_capabilities.edit_view", key=capability_id))


def _new_capability(item: AppointmentItem, institution_id: int | None = None) -> Button:
    instrument = item.instrument
    known: dict[str, Any] = {"institution_id": institution_id} if institution_id else {}
    url = url_for(
        "regulator_capabilities.create_view",
        kind_code=instrument.kind_code,
        areas=instrument.division_code,
        delivery_modes=instrument.delivery_mode,
        **known,
    )
    return Button(_("新增授权"), url)
