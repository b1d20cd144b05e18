"""Items in words, for every panel: why this institution, what a state means and who acts next, what a receipt says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _

from .. import clock, matching, messages
from ..database import db
from ..messages.wording import N_, day_with_weekday
from ..models import (
    AppointmentItem,
    Capability,
    Designation,
    Division,
    Institution,
    InstrumentKind,
    MatchingDecision,
    MeasuringInstrument,
    Receipt,
    Slip,
)
from ..models.reference import WHOLE_COUNTRY
from ..services import areas, arrangements
from ..states import DOUBTED_FIELDS, RETURN_FIELDS, DeliveryMode, ItemStatus, SlipStatus

MOST_NEAREST = 3
EXCLUDED = "EXCLUDED"
"""The filter of institutions that returned the instrument as 超出能力."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A decision about one instrument, stored or only expected, with the facts needed to word it."""

    outcome: str
    institution_id: int | None
    capability_id: int | None
    decided_by: str | None
    field: str | None
    kind_code: str
    division_code: str
    delivery: str
    day: date
    candidates: tuple[matching.Candidate, ...]

    @property
    def passing(self) -> set[int]:
        return {row.institution for row in self.candidates if not row.failed}

    def nearest(self) -> list[matching.Candidate]:
        """The institutions that failed fewest filters, each once."""
        best: dict[int, matching.Candidate] = {}
        for row in sorted(self.candidates, key=lambda row: (len(row.failed), row.institution)):
            if row.failed:
                best.setdefault(row.institution, row)
        return list(best.values())[:MOST_NEAREST]


def stored_answer(decision: MatchingDecision) -> Answer:
    """The answer of a stored decision."""
    facts = decision.facts
    return Answer(
        outcome=decision.outcome,
        institution_id=decision.institution_id,
        capability_id=decision.capability_id,
        decided_by=decision.decided_by,
        field=decision.field,
        kind_code=facts["kind"] or "",
        division_code=facts["division"] or "",
        delivery=facts["delivery"] or "",
        day=date.fromisoformat(facts["day"]),
        candidates=tuple(
            matching.Candidate(row["institution"], row["capability"], tuple(row["failed"]))
            for row in decision.candidates
        ),
    )


def expected_answer(instrument: MeasuringInstrument, decision: matching.Decision) -> Answer:
    """The answer an instrument would get if it were booked now."""
    return Answer(
        outcome=decision.outcome,
        institution_id=decision.institution,
        capability_id=decision.capability,
        decided_by=decision.decided_by,
        field=decision.field,
        kind_code=instrument.kind_code,
        division_code=instrument.division_code,
        delivery=instrument.delivery_mode.value,
        day=clock.today(),
        candidates=decision.candidates,
    )


class WhyWords:
    """Sentences for a set of answers; everything they name is loaded at once, whatever their number."""

    def __init__(self, answers: Iterable[Answer]) -> None:
        answers = list(answers)
        named = {row.institution_id for row in answers if row.institution_id}
        named.update(row.institution for answer in answers if not answer.institution_id for row in answer.nearest())
        self.institutions = _by_key(Institution, named)
        self._capabilities = _by_key(Capability, {row.capability_id for row in answers if row.capability_id})
        self._kinds = _by_key(InstrumentKind, {row.kind_code for row in answers})
        self._divisions = _divisions_and_ancestors({row.division_code for row in answers})
        self._designations = _designations({row.institution_id for row in answers if row.decided_by == "designation"})

    def name(self, institution_id: int | None) -> str:
        found = self.institutions.get(institution_id) if institution_id else None
        return found.name if found else "—"

    def why(self, answer: Answer) -> str:
        """One sentence: why this institution, or why none."""
        if answer.outcome == "bad_data":
            return messages.sentence(f"why.bad_{answer.field}", {"kind": self.kind_name(answer)})
        if answer.institution_id is None:
            return _but_for(self.excluded(answer)) + messages.sentence("why.nobody", {"kind": self.kind_name(answer)})
        if answer.decided_by == "designation":
            return self._designated(answer)
        if answer.decided_by == "preferred":
            return messages.sentence("why.preferred")
        facts = {"area": self._area(answer), "level": self.institutions[answer.institution_id].level}
        is_only = answer.decided_by == "area" and len(answer.passing) == 1
        return messages.sentence("why.area_only" if is_only else f"why.{answer.decided_by}", facts)

    def kind_name(self, answer: Answer) -> str:
        found = self._kinds.get(answer.kind_code)
        return found.name if found else answer.kind_code

    def nearest(self, answer: Answer) -> list[tuple[str, str]]:
        """The nearest institutions that cannot take it: name, and the conditions that are not met."""
        return [(self.name(row.institution), self.failures(answer, row)) for row in answer.nearest()]

    def excluded(self, answer: Answer) -> list[str]:
        """Institutions that fulfil every condition but returned it as 超出能力."""
        return [self.name(row.institution) for row in answer.nearest() if row.failed == (EXCLUDED,)]

    def nearest_sentence(self, answer: Answer) -> str:
        """The nearest institution and what it lacks; empty where nobody comes near."""
        for name, reasons in self.nearest(answer)[:1]:
            return messages.sentence("why.nearest", {"institution": name, "reasons": reasons})
        return ""

    def failures(self, answer: Answer, candidate: matching.Candidate) -> str:
        """The filters a candidate failed, in words."""
        place = self._divisions.get(answer.division_code)
        facts = {
            "kind": self.kind_name(answer),
            "division": place.name if place else answer.division_code,
            "delivery": DeliveryMode(answer.delivery) if answer.delivery else "",
        }
        return "；".join(messages.sentence(f"filter.{code}", facts) for code in candidate.failed)

    def _ancestors(self, answer: Answer) -> list[str]:
        place = self._divisions.get(answer.division_code)
        return list(reversed(place.path.strip("/").split("/"))) if place else []

    def _area(self, answer: Answer) -> str:
        """The most specific service area that covers the place."""
        capability = self._capabilities.get(answer.capability_id)
        covered = capability.areas if capability else []
        code = next((code for code in self._ancestors(answer) if code in covered), None)
        if code is None:
            return _("全国") if WHOLE_COUNTRY in covered else _("上级")
        return self._divisions[code].name

    def _designated(self, answer: Answer) -> str:
        """The designation nearest to the place, for the kind before its item, that was in force on the day."""
        kind = self._kinds.get(answer.kind_code)
        for code in self._ancestors(answer):
            here = [
                row
                for row in self._designations.get((answer.institution_id or 0, code), [])
                if (row.kind_code == answer.kind_code or (kind is not None and row.item_code == kind.item_code))
                and (row.valid_from is None or row.valid_from <= answer.day)
                and (row.valid_until is None or row.valid_until >= answer.day)
            ]
            if here:
                row = min(here, key=lambda row: (row.kind_code is None, row.id))
                facts = {"division": self._divisions[code].name, "document": row.document_number}
                return messages.sentence("why.designation", facts)
        return messages.sentence("why.designation_ended")


def _by_key(model: type[Any], keys: Iterable[Any]) -> dict[Any, Any]:
    wanted = set(keys)
    if not wanted:
        return {}
    column: Any = sa.inspect(model).primary_key[0]
    rows: Iterable[Any] = db.session.scalars(sa.select(model).where(column.in_(wanted))).unique()
    return {getattr(row, column.key): row for row in rows}


def _divisions_and_ancestors(codes: Iterable[str]) -> dict[str, Division]:
    below = sa.orm.aliased(Division)
    statement = sa.select(Division).join(below, below.path.startswith(Division.path)).where(below.code.in_(set(codes)))
    return {row.code: row for row in db.session.scalars(statement.distinct())}


def _designations(institution_ids: set[int | None]) -> dict[tuple[int, str], list[Designation]]:
    found: dict[tuple[int, str], list[Designation]] = {}
    if institution_ids:
        statement = sa.select(Designation).where(Designation.institution_id.in_(institution_ids))
        for row in db.session.scalars(statement):
            found.setdefault((row.institution_id, row.division_code), []).append(row)
    return found


def why_of(item: AppointmentItem, words: WhyWords) -> str:
    """Why an item is where it is; assigned by hand, the regulator's reason."""
    if item.assignment_reason and item.status is not ItemStatus.UNMATCHED:
        return messages.sentence("why.by_hand", {"reason": item.assignment_reason})
    if item.decision is None:
        return messages.sentence("why.not_decided")
    return words.why(stored_answer(item.decision))


@dataclass(frozen=True, slots=True)
class Office:
    """The competent regulator's office, for people to call; without one the name says so."""

    name: str
    phone: str = ""


def office_of(division_code: str) -> Office:
    """The office competent for a place of use."""
    user = areas.regulator_office(areas.competent_division(division_code))
    if user is None:
        return Office(name=_("监管部门"))
    return Office(name=user.organisation or user.name, phone=user.phone)


@dataclass(frozen=True, slots=True)
class StateWords:
    """A state explained: since when, who acts next by when, what to do, the guide's sentence, whom to call."""

    since: datetime
    who: str
    what: str
    guide: str
    phone: str = ""
    is_late: bool = False


def explain_state(item: AppointmentItem, *, office: Office | None = None) -> StateWords:
    """What an item's state means for its enterprise. `office` saves asking again for many items of one place."""
    code = f"progress.{item.status.value}"
    facts: dict[str, object] = {}
    phone, part = "", "who"
    if item.status is ItemStatus.AWAITING_ACCEPTANCE and item.slip is not None:
        is_late = item.slip.due_at <= clock.now()
        facts = {"institution": item.slip.institution.name, "due": day_with_weekday(areas.last_day(item.slip.due_at))}
        phone, part = item.slip.institution.phone, "late" if is_late else "who"
    elif item.status is ItemStatus.UNMATCHED:
        office = office or office_of(item.instrument.division_code)
        due = item.appointment.due_at or clock.now()
        facts = {"office": office.name, "due": day_with_weekday(areas.last_day(due))}
        phone, part = office.phone, "late" if due <= clock.now() else "who"
        if item.office_answered_at is not None:
            facts, part = {"office": office.name, "answer": item.office_answer}, "answered"
    elif item.status is ItemStatus.FAILED and item.is_resolved:
        part = "resolved"
    return StateWords(
        since=item.status_since,
        who=messages.sentence(f"{code}.{part}", facts),
        what="" if part == "resolved" else messages.sentence(f"{code}.do"),
        guide=messages.sentence(f"{code}.guide"),
        phone=phone,
        is_late=part == "late",
    )


def is_kept_by_exclusion(item: AppointmentItem) -> bool:
    """Whether an institution would take it, had it not returned it as 超出能力: a look at the ledger may help."""
    if item.status is not ItemStatus.UNMATCHED or item.decision is None:
        return False
    return any(row["failed"] == [EXCLUDED] for row in item.decision.candidates)


def unmatched_sentence(
    kind_name: str, office: Office, due_at: datetime | None, *, excluded: Sequence[str] = (), answer: str = ""
) -> str:
    """SPEC's sentence for what matched nowhere: whom it was handed to and by when that office answers.

    `excluded`: institutions that could but for their own return; saying that nobody can would not be true.
    `answer`: what the office said, once it did.
    """
    if answer:
        said = {"kind": kind_name, "office": office.name, "answer": answer}
        return _but_for(excluded) + messages.sentence("why.nobody_answered", said)
    due = due_at or clock.now()
    is_late = due <= clock.now()
    facts = {"kind": kind_name, "office": office.name, "due": day_with_weekday(areas.last_day(due))}
    return _but_for(excluded) + messages.sentence("why.nobody_late" if is_late else "why.nobody_handed_on", facts)


def _but_for(excluded: Sequence[str]) -> str:
    return messages.sentence("why.but_for", {"institutions": "、".join(excluded)}) if excluded else ""


def receipt_sentence(receipt: Receipt, slip: Slip) -> str:
    """A receipt in words: the sentence of the decision as it was told then, then the institution's own words."""
    if receipt.decision == "returned":
        facts = {"count": receipt.item_count, "return_code": receipt.return_code}
        return messages.sentence("receipt.returned", facts) + receipt.words
    # Receipts from before this was written down tell what is in force.
    said = _arranged(receipt.arrangement or arrangements.of(slip))
    return (
        _filled(f"receipt.{receipt.decision}", {"count": str(receipt.item_count), "arrangement": said}) + receipt.words
    )


def arrangement(slip: Slip) -> str:
    """When and where an accepted slip is done, and what the institution asks to bring or prepare."""
    return _arranged(arrangements.of(slip)) + slip.words


def _arranged(facts: Mapping[str, Any]) -> str:
    if facts["day"] is None and not facts["time"]:
        return messages.sentence("arrangement.by_phone")
    comes, goes = facts["send_in"], facts["on_site"]
    code = "arrangement.mixed" if comes and goes else "arrangement.on_site" if goes else "arrangement.dated"
    day = day_with_weekday(date.fromisoformat(facts["day"])) if facts["day"] else ""
    time = f" {facts['time']} " if facts["time"] and day else facts["time"]
    return _filled(code, {"day": day, "time": time, "place": facts["place"], "on_site": str(goes)})


def _filled(code: str, facts: Mapping[str, str]) -> str:
    """A sentence whose facts may be empty (no dash for what is not said)."""
    return _(messages.SENTENCES[code]) % facts


def slip_label(slip: Slip, items: Sequence[AppointmentItem]) -> str:
    """The slip's state in words, with what was returned: 已受理（退回 2 件）."""
    word = messages.label(slip.status)
    returned = sum(item.status is ItemStatus.FAILED for item in items)
    if returned and slip.status is not SlipStatus.RETURNED:
        return _("%(state)s（退回 %(count)s 件）", state=word, count=returned)
    return word


FIELD_WORDS = {
    "kind_code": N_("种别"),
    "division_code": N_("行政区划"),
    "serial_number": N_("出厂编号"),
    "model": N_("台账信息"),
    "measuring_range": N_("测量范围"),
}


def correction_of(item: AppointmentItem) -> tuple[str, str] | None:
    """The ledger field to correct for a returned item: its column and the words of the button, if it can be cured."""
    code = item.return_code
    field = (RETURN_FIELDS.get(code) or DOUBTED_FIELDS.get(code)) if code else None
    if field is None:
        return None
    return field, _("更正%(field)s", field=_(FIELD_WORDS[field]))
