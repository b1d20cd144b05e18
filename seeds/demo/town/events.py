"""What does not happen every day: nobody can verify it, somebody is late, a regulator steps in."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa

from backoffice.actor import Role
from backoffice.database import db
from backoffice.models import Enterprise, User
from backoffice.services import accounts, appointments, enterprise_records, ledger, notices, regulator_bookings
from backoffice.states import UseState

from .. import files
from ..deeds import actor, bookable, institution_id, ledger_of, slip_of, submit
from ..deeds import book_these as book
from ..telling import Days, Story
from . import answers

CITY = "zibo-jlk"
RECIPIENTS = (Role.ENTERPRISE, Role.INSTITUTION, Role.REGULATOR)


def stories(days: Days) -> list[Story]:
    return [each(days) for each in EVENTS]


def _code(profile: str) -> str:
    """The first enterprise of the town with this ledger."""
    return next(row["uscc"] for row in files.rows("town/enterprises.csv") if row["profile"] == profile)


def _last(username: str, kind: str, count: int) -> list[int]:
    """The last of the ledger that can be booked."""
    return bookable(ledger_of(username, kind))[-count:]


def _nobody_can(days: Days) -> Story:
    yield days.ago(12, 10, 5)
    book(_code("hospital"), _last(_code("hospital"), "3401", 2))


def _nobody_can_either(days: Days) -> Story:
    yield days.ago(6, 14, 20)
    book(_code("school"), _last(_code("school"), "1801", 1))


def _cancelled_by_the_regulator(days: Days) -> Story:
    """Accepted, and then the scales were sold: the office ends what is booked."""
    yield days.ago(30, 9, 45)
    booking = book(_code("shop20"), _last(_code("shop20"), "0201", 2))
    yield days.ago(29, 14)
    answers.accept_all(booking, 1)
    yield days.ago(27, 16)
    items = regulator_bookings.cancellable(actor(CITY), booking)
    regulator_bookings.cancel(
        actor(CITY), booking, item_ids=[item.id for item in items], reason="单位来电说明器具已转让，不再使用"
    )


def _sent_elsewhere(days: Days) -> Story:
    """The district's office was moving: the city has the institute take the scales instead."""
    yield days.ago(13, 9, 30)
    booking = book(_code("market40"), _last(_code("market40"), "0201", 3))
    yield days.ago(13, 16)
    slip = slip_of(booking, "zichuan-jls")
    regulator_bookings.reassign(
        actor(CITY),
        slip.id,
        item_ids=[item.id for item in slip.items],
        institution_id=institution_id("shijiliangyuan"),
        reason="淄川检定所本周搬迁，请市院承接",
    )
    yield days.ago(12, 14)
    answers.accept_all(booking, 2)


def _withdrawn(days: Days) -> Story:
    yield days.ago(18, 11)
    booking = book(_code("taxi"), _last(_code("taxi"), "1601", 5))
    yield days.ago(18, 17)
    appointments.withdraw(actor(_code("taxi")), booking)


def _late(days: Days) -> Story:
    yield days.ago(10, 15, 10)
    book(_code("market120"), _last(_code("market120"), "0201", 4))


def _late_at_the_institute(days: Days) -> Story:
    yield days.ago(8, 9, 25)
    book(_code("police"), _last(_code("police"), "3101", 3))


def _due_today_at_the_institute(days: Days) -> Story:
    yield days.due_today(10, 30)
    book(_code("taxi"), _last(_code("taxi"), "1601", 6))


def _just_submitted(days: Days) -> Story:
    """A moment ago: the job has not come to it yet."""
    yield days.now
    submit(_code("shop30"), _last(_code("shop30"), "0201", 2))


def _out_of_use(days: Days) -> Story:
    """Taken out of use in every way there is."""
    yield days.ago(20, 10, 40)
    for profile, kind, state, reason in (
        ("shop40", "0201", UseState.STOPPED, "称重台改造，暂不使用"),
        ("steel", "1401", UseState.SEALED, "二号液压站停机封存"),
        ("market30", "0201", UseState.SCRAPPED, "传感器损坏，无法修复"),
        ("clinic", "1202", UseState.LOST, "义诊时遗失"),
        ("chemical", "1401", UseState.TRANSFERRED, "随装置转让给其他单位"),
    ):
        username = _code(profile)
        ledger.change_use(actor(username), _last(username, kind, 2), state, reason)


def _suspended(days: Days) -> Story:
    yield days.ago(15, 9, 50)
    row = db.session.scalars(sa.select(Enterprise).where(Enterprise.uscc == _code("village"))).one()
    enterprise_records.suspend(actor(CITY), row.id, reason="公平秤点已撤销，待办理注销")


def _read(days: Days) -> Story:
    """Everybody read what came, but for the last two days."""
    yield days.ago(2, 17, 30)
    for user in db.session.scalars(sa.select(User).where(User.role.in_(RECIPIENTS)).order_by(User.id)):
        notices.mark_all_read(accounts.person(user))


EVENTS: tuple[Callable[[Days], Story], ...] = (
    _nobody_can,
    _nobody_can_either,
    _cancelled_by_the_regulator,
    _sent_elsewhere,
    _withdrawn,
    _late,
    _late_at_the_institute,
    _due_today_at_the_institute,
    _just_submitted,
    _out_of_use,
    _suspended,
    _read,
)
