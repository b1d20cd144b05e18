"""After the two working days promised at submission: why an item still waits, and whom to call.

The promise runs from submission and never restarts; the slip's own clock runs from its arrival, and only it makes an
institution late. So an item matched late says when it arrived and until when the institution has time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _

from ... import clock, messages
from ...database import db
from ...messages.wording import day_with_weekday, moment
from ...models import Appointment, AppointmentItem, Slip
from ...services import areas, job_runs
from ...states import ItemStatus
from ..formatting import badge
from ..item_words import Office, office_of

S = ItemStatus


@dataclass(frozen=True, slots=True)
class Late:
    """The reason in one sentence, and name and telephone of who must act."""

    reason: str
    name: str
    phone: str

    @property
    def words(self) -> str:
        who = _("%(name)s，电话 %(phone)s", name=self.name, phone=self.phone) if self.phone else self.name
        return _("%(reason)s请联系%(who)s。", reason=self.reason, who=who)


def late(item: AppointmentItem, *, office: Office | None = None) -> Late | None:
    """Why an item waits longer than promised; `None` while it does not. `office` is the one of its place of use."""
    due = item.appointment.due_at
    if due is None or due > clock.now():
        return None
    if item.status is S.AWAITING_ACCEPTANCE and item.slip is not None:
        return _at_institution(item.slip)
    if item.status not in (S.UNMATCHED, S.MATCHING) or item.office_answered_at is not None:
        return None
    office = office or office_of(item.instrument.division_code)
    reason = _unmatched_reason(item, office) if item.status is S.UNMATCHED else _matching_reason()
    return Late(reason, office.name, office.phone)


def late_appointments(ids: Collection[int]) -> set[int]:
    """Which of these appointments have an item of which `late` says something: the list and the home mark them."""
    waits = sa.or_(
        AppointmentItem.status == S.AWAITING_ACCEPTANCE,
        sa.and_(AppointmentItem.status.in_((S.UNMATCHED, S.MATCHING)), AppointmentItem.office_answered_at.is_(None)),
    )
    statement = (
        sa.select(AppointmentItem.appointment_id)
        .join(Appointment, Appointment.id == AppointmentItem.appointment_id)
        .where(Appointment.id.in_(ids), Appointment.due_at <= clock.now(), waits)
    )
    return set(db.session.scalars(statement.distinct()))


def due_words(row: Appointment, *, is_late: bool = False) -> Any:
    """Until when an appointment is answered; marked once that day passed and something still waits."""
    if row.due_at is None:
        return "—"
    day = day_with_weekday(areas.last_day(row.due_at))
    return badge(_("已过 %(day)s", day=day), "bad") if is_late else day


def late_slip(slip: Slip) -> Late | None:
    """The same for a slip that still waits to be accepted."""
    due = slip.appointment.due_at
    return _at_institution(slip) if due is not None and due <= clock.now() else None


def late_lines(items: Iterable[AppointmentItem]) -> list[str]:
    """One line for all items that wait for the same reason at the same place."""
    alike: dict[tuple[Any, ...], list[AppointmentItem]] = {}
    for item in items:
        if item.status in (S.UNMATCHED, S.MATCHING, S.AWAITING_ACCEPTANCE):
            used = item.instrument
            key = (
                item.status,
                item.slip_id or (used.division_code, used.kind_code, item.decision_id, item.office_answer),
            )
            alike.setdefault(key, []).append(item)
    counted: Counter[Late] = Counter()
    for each in alike.values():
        if (found := late(each[0])) is not None:
            counted[found] += len(each)
    return [_("%(count)s 台（件）：%(words)s", count=count, words=each.words) for each, count in counted.items()]


def _at_institution(slip: Slip) -> Late:
    name, due = slip.institution.name, day_with_weekday(areas.last_day(slip.due_at))
    if slip.due_at <= clock.now():
        reason = _("%(institution)s应在 %(due)s 前受理，还没有受理。", institution=name, due=due)
    else:
        arrived = moment(slip.arrived_at)
        reason = _(
            "%(arrived)s 才转到%(institution)s，该机构应在 %(due)s 前受理。", arrived=arrived, institution=name, due=due
        )
    return Late(reason, name, slip.institution.phone)


def _unmatched_reason(item: AppointmentItem, office: Office) -> str:
    decision = item.decision
    if decision is not None and decision.outcome == "bad_data":
        return messages.sentence(f"why.bad_{decision.field}", {"kind": item.instrument.kind.name})
    return _(
        "本县、本市、本省均无可检定“%(kind)s”的指定或授权机构，%(office)s还没有处理。",
        kind=item.instrument.kind.name,
        office=office.name,
    )


def _matching_reason() -> str:
    since = job_runs.not_running_since()
    return _("自动匹配自 %(since)s 起没有运行。", since=moment(since)) if since else _("还没有完成匹配。")
