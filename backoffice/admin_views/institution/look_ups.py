"""What the rows of a page refer to, fetched for the whole page at once: never a query a row."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from flask import g
from flask_babel import gettext as _

from ... import clock, scoping, working_days
from ...actor import Actor
from ...database import db
from ...models import (
    AppointmentItem,
    Capability,
    Division,
    Institution,
    Laboratory,
    MatchingDecision,
    MeasuringInstrument,
    Slip,
)
from ...services import areas
from ...states import DeliveryMode, ItemStatus, SlipStatus
from ..formatting import badge

OPEN_SLIPS = (SlipStatus.AWAITING, SlipStatus.PARTLY)


@dataclass(frozen=True, slots=True)
class SlipFacts:
    """What a list says of a slip: `count` items the reader may know of, `undecided` of them waiting."""

    count: int
    undecided: int
    places: tuple[str, ...]
    deliveries: tuple[str, ...]
    laboratories: tuple[str, ...]


NO_FACTS = SlipFacts(0, 0, (), (), ())


def slip_facts(actor: Actor, ids: Collection[int]) -> dict[int, SlipFacts]:
    """The facts of slips by their ids, in one query."""
    statement = (
        sa.select(
            AppointmentItem.slip_id,
            sa.func.count(),
            sa.func.count().filter(AppointmentItem.status == ItemStatus.AWAITING_ACCEPTANCE),
            sa.func.array_agg(Division.name.distinct()),
            sa.func.array_agg(MeasuringInstrument.delivery_mode.distinct()),
            sa.func.array_agg(Laboratory.name.distinct()),
        )
        .select_from(AppointmentItem)
        .join(AppointmentItem.instrument)
        .join(Division, Division.code == MeasuringInstrument.division_code)
        .outerjoin(MatchingDecision, MatchingDecision.id == AppointmentItem.decision_id)
        .outerjoin(Capability, Capability.id == MatchingDecision.capability_id)
        .outerjoin(Laboratory, Laboratory.id == Capability.laboratory_id)
        .where(AppointmentItem.slip_id.in_(ids), scoping.criterion(actor, AppointmentItem))
        .group_by(AppointmentItem.slip_id)
    )
    return {
        slip_id: SlipFacts(
            count=count,
            undecided=undecided,
            places=tuple(places),
            deliveries=tuple(short_delivery(DeliveryMode(mode)) for mode in modes),
            laboratories=tuple(name for name in laboratories if name),
        )
        for slip_id, count, undecided, places, modes, laboratories in db.session.execute(statement)
    }


def of_laboratory(laboratory_id: int) -> sa.ColumnElement[bool]:
    """Slips with an item that the laboratory's capability took."""
    taken = (
        sa.select(AppointmentItem.slip_id)
        .join(MatchingDecision, MatchingDecision.id == AppointmentItem.decision_id)
        .join(Capability, Capability.id == MatchingDecision.capability_id)
        .where(Capability.laboratory_id == laboratory_id, AppointmentItem.slip_id.is_not(None))
    )
    return Slip.id.in_(taken)


def items_of_slip(actor: Actor, slip_id: int) -> list[AppointmentItem]:
    """The slip's items the actor may know of."""
    return _items(scoping.visible(actor, AppointmentItem).where(AppointmentItem.slip_id == slip_id))


def items_of_appointment(actor: Actor, appointment_id: int) -> list[AppointmentItem]:
    """The appointment's items the actor may know of."""
    return _items(scoping.visible(actor, AppointmentItem).where(AppointmentItem.appointment_id == appointment_id))


def _items(statement: sa.Select[Any]) -> list[AppointmentItem]:
    instrument = sa.orm.joinedload(AppointmentItem.instrument)
    return list(
        db.session.scalars(
            statement.options(
                instrument.joinedload(MeasuringInstrument.kind),
                instrument.joinedload(MeasuringInstrument.division),
                sa.orm.joinedload(AppointmentItem.decision),
                sa.orm.joinedload(AppointmentItem.institution),
            ).order_by(AppointmentItem.id)
        )
    )


def division_names(codes: Collection[str]) -> dict[str, str]:
    """Names of divisions by code; the whole country is one of them."""
    rows = db.session.execute(sa.select(Division.code, Division.name).where(Division.code.in_(codes)))
    return {"000000": _("全国"), **{row.code: row.name for row in rows}}


def institution_names(ids: Collection[int]) -> dict[int, str]:
    rows = db.session.execute(sa.select(Institution.id, Institution.name).where(Institution.id.in_(ids)))
    return {row.id: row.name for row in rows}


def page_facts(name: str, make: Any) -> Any:
    """Facts made once a request for the rows of its page."""
    kept: dict[str, Any] = g.setdefault("page_facts", {})
    if name not in kept:
        kept[name] = make()
    return kept[name]


def working_day_overrides() -> dict[date, bool]:
    made: dict[date, bool] = page_facts("overrides", areas.overrides)
    return made


def days_late(slip: Slip) -> int:
    """Working days past the slip's clock."""
    return working_days.working_days_past(slip.due_at, clock.now(), working_day_overrides())


def days_left(slip: Slip) -> int:
    """Working days after today up to and with the last one on which the slip is in time."""
    overrides, last, day, left = working_day_overrides(), working_days.last_day(slip.due_at), clock.today(), 0
    while (day := day.fromordinal(day.toordinal() + 1)) <= last:
        left += working_days.answer(day, overrides).is_working
    return left


def clock_words(slip: Slip) -> tuple[str, str]:
    """The slip's working-day clock in words and its tone; only for open slips."""
    if slip.due_at <= clock.now():
        late = days_late(slip)
        return (_("已超时限 %(days)s 个工作日", days=late) if late else _("已超时限")), "bad"
    left = days_left(slip)
    return (_("还有 %(days)s 个工作日", days=left), "") if left else (_("今天到期"), "warn")


def clock_badge(slip: Slip) -> Any:
    """The clock column: what is left or how late, else nothing."""
    if slip.status not in OPEN_SLIPS:
        return "—"
    words, tone = clock_words(slip)
    return badge(words, tone)


def short_delivery(mode: DeliveryMode) -> str:
    """送检 or 现场: for the narrow columns of lists."""
    return _("送检") if mode is DeliveryMode.SEND_IN else _("现场")


def joined(values: Sequence[str]) -> str:
    return "、".join(values) or "—"
