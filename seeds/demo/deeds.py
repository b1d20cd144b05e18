"""What people of a story do: book, accept, return. Each is one call of the services, at the moment the clock is held.

Appointments are handed on by their key: between two moments of a story nothing stays in the session.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import sqlalchemy as sa

from backoffice import clock
from backoffice.actor import Actor
from backoffice.database import db
from backoffice.models import Appointment, Enterprise, MeasuringInstrument, Slip, User
from backoffice.services import (
    acceptance,
    accounts,
    appointment_drafts,
    appointment_questions,
    appointments,
    matching_runs,
)
from backoffice.states import LastInstitution, ReturnCode

from .telling import working_day


def actor(username: str) -> Actor:
    """A demo account as an actor."""
    return accounts.person(db.session.scalars(sa.select(User).where(User.username == username)).one())


def institution_id(username: str) -> int:
    return db.session.scalars(sa.select(User.institution_id).where(User.username == username)).one() or 0


def book(username: str, kinds: str, count: int) -> int:
    """Book a few free instruments of each of these kinds."""
    return book_these(username, free(username, kinds, count))


def book_these(username: str, instrument_ids: Sequence[int]) -> int:
    """Book these, and let the job match them as it does seconds later."""
    appointment_id = submit(username, instrument_ids)
    matching_runs.match_batch()
    return appointment_id


def submit(username: str, instrument_ids: Sequence[int]) -> int:
    return send(username, draft(username, instrument_ids))


def send(username: str, appointment_id: int) -> int:
    """Submit a draft; what was returned before goes to the same institution again."""
    clerk, appointment = actor(username), appointment_of(appointment_id)
    for question in appointment_questions.questions(appointment):
        appointment_questions.answer(
            clerk,
            appointment.id,
            institution_id=question.institution.id,
            code=question.code,
            choice=LastInstitution.KEEP,
        )
    return appointments.submit(clerk, appointment.id).id


def draft(username: str, instrument_ids: Sequence[int]) -> int:
    clerk = actor(username)
    appointment = appointment_drafts.create_draft(clerk)
    appointment_drafts.choose(clerk, appointment.id, instrument_ids)
    return appointment.id


def appointment_of(appointment_id: int) -> Appointment:
    return db.session.get_one(Appointment, appointment_id)


def free(username: str, kinds: str, count: int) -> list[int]:
    """Instruments of the enterprise that can be booked, what needs it most first; a few of each kind."""
    wanted = kinds.split()
    found: list[int] = []
    for place, kind in enumerate(wanted):
        share = count // len(wanted) + (place < count % len(wanted))
        found += bookable(sorted(ledger_of(username, kind), key=_valid_until))[:share]
    return found


def _valid_until(row: MeasuringInstrument) -> date:
    """Never verified comes before what is due, and that before what is valid for long."""
    return row.valid_until or date.min


def ledger_of(username: str, kind: str | None = None) -> list[MeasuringInstrument]:
    """The enterprise's instruments (of a kind), in the order of the ledger."""
    statement = (
        sa.select(MeasuringInstrument)
        .join(Enterprise, Enterprise.id == MeasuringInstrument.enterprise_id)
        .where(Enterprise.uscc == username)
        .order_by(MeasuringInstrument.id)
    )
    return list(db.session.scalars(statement.where(MeasuringInstrument.kind_code == kind) if kind else statement))


def bookable(rows: Sequence[MeasuringInstrument]) -> list[int]:
    refused = appointment_drafts.why_not_bookable(rows)
    return [row.id for row in rows if row.id not in refused]


def slip_of(appointment_id: int, username: str) -> Slip:
    return db.session.scalars(
        sa.select(Slip).where(Slip.appointment_id == appointment_id, Slip.institution_id == institution_id(username))
    ).one()


def accept(
    appointment_id: int,
    username: str,
    *,
    in_days: int,
    time: str,
    words: str = "",
    count: int | None = None,
) -> None:
    """Accept the slip that came to this institution, or its first `count` items."""
    slip = slip_of(appointment_id, username)
    acceptance.accept(
        actor(username),
        slip.id,
        item_ids=[item.id for item in slip.items][:count] if count else None,
        appointed_on=working_day(clock.today() + timedelta(days=in_days)),
        appointed_time=time,
        words=words or "请携带预约单和器具，进门登记。",
    )


def give_back(appointment_id: int, username: str, count: int, code: ReturnCode, words: str) -> None:
    """Return the first items of the slip."""
    slip = slip_of(appointment_id, username)
    ids = [item.id for item in slip.items][:count]
    acceptance.return_items(actor(username), slip.id, item_ids=ids, code=code, words=words)
