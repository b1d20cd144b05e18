"""What happened so far: bookings in every state, told in order with the clock set back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from backoffice import clock
from backoffice.database import db
from backoffice.models import Appointment, Enterprise, MeasuringInstrument, Slip
from backoffice.services import acceptance, appointments, matching_runs
from backoffice.states import LastInstitution, ReturnCode

from .cast import actor, days_ago, institution_id

FACTORY, HOSPITAL, CHEMICAL, BRANCH, STATION, OPTICIAN, GRANARY, MARKET = (
    "91370303MA3D01010Y",
    "12370302493120110H",
    "91370305MA3D03030C",
    "91370305MA3D03030C07",
    "92370303MA3D05050W",
    "92370303MA3D060605",
    "91370304MA3D07070Y",
    "92370306MA3D080801",
)


def tell() -> None:
    _accepted_long_ago()
    _partly_returned()
    _put_right_and_booked_again()
    _split_over_two_institutions()
    _late()
    _partly_decided()
    _unmatched()
    _waiting_today()
    _drafts_and_withdrawn()


def _accepted_long_ago() -> None:
    booking = _book(FACTORY, "1401", 8, days_ago(40))
    _accept(booking, "zhangdian-jls", days_ago(39, 15), in_days=4, time="上午 9:00—11:30")
    booking = _book(STATION, "0601", 6, days_ago(33))
    _accept(booking, "shijiliangyuan", days_ago(32, 9), in_days=6, time="上午", words="上门检定，请提前停用 1 号岛。")


def _partly_returned() -> None:
    booking = _book(HOSPITAL, "1202", 6, days_ago(26))
    _return(
        booking, "zichuan-jls", 2, days_ago(25, 11), ReturnCode.WRONG_SERIAL, "出厂编号与铭牌不符，请核对铭牌后更正"
    )
    _accept(booking, "zichuan-jls", days_ago(25, 11, 20), in_days=3, time="上午 8:30—11:00")


def _put_right_and_booked_again() -> None:
    booking = _book(OPTICIAN, "2001", 1, days_ago(22))
    _return(booking, "shijiliangyuan", 1, days_ago(21), ReturnCode.OTHER, "送检前请先清洁测量座，本周设备检修")
    with clock.at(days_ago(20)):
        clerk = actor(OPTICIAN)
        draft = appointments.book_failed_again(clerk, booking.id)
        for question in appointments.questions(draft):
            appointments.answer(
                clerk,
                draft.id,
                institution_id=question.institution.id,
                code=question.code,
                choice=LastInstitution.KEEP,
            )
        appointments.submit(clerk, draft.id)
        matching_runs.match_batch()
    _accept(draft, "shijiliangyuan", days_ago(19), in_days=5, time="下午 2:00—4:30")


def _split_over_two_institutions() -> None:
    booking = _book(GRANARY, "2502 2401 0202", 6, days_ago(9))
    _accept(
        booking, "shijiliangyuan", days_ago(8, 14), in_days=12, time="上午 9:00", words="现场检定衡器请备好砝码车通道。"
    )


def _late() -> None:
    booking = _book(CHEMICAL, "1401", 5, days_ago(8, 16))
    _book(CHEMICAL, "3806", 3, days_ago(8, 16, 30))
    _accept(booking, "linzi-jls", days_ago(7), in_days=20, time="上午")


def _partly_decided() -> None:
    booking = _book(MARKET, "0201", 4, days_ago(1, 9))
    _accept(booking, "zhangdian-jls", days_ago(1, 15), count=2, in_days=5, time="上午", words="其余两台待核对铭牌。")


def _unmatched() -> None:
    _book(FACTORY, "1801", 2, days_ago(7, 9))
    _book(FACTORY, "1801", 1, _this_morning())


def _waiting_today() -> None:
    _book(BRANCH, "1401 3806", 7, _this_morning())
    _book(MARKET, "0201", 12, _this_morning(minutes=7))
    _book(HOSPITAL, "1201 1401 3601", 5, _this_morning(minutes=11))


def _drafts_and_withdrawn() -> None:
    with clock.at(days_ago(3)):
        clerk = actor(STATION)
        draft = appointments.create_draft(clerk)
        appointments.choose(clerk, draft.id, _free(STATION, "0601", 4))
    with clock.at(_this_morning(minutes=15)):
        clerk = actor(FACTORY)
        draft = appointments.create_draft(clerk)
        appointments.choose(clerk, draft.id, _free(FACTORY, "1401 0202", 4))
    booking = _book(OPTICIAN, "2101", 1, days_ago(5))
    with clock.at(days_ago(4)):
        appointments.withdraw(actor(OPTICIAN), booking.id)


def _this_morning(minutes: int = 0) -> datetime:
    """Shortly ago, but always today's clock, so that these slips are new whatever the hour of seeding."""
    return clock.now() - timedelta(minutes=30 - minutes)


def _book(username: str, kinds: str, count: int, moment: datetime) -> Appointment:
    with clock.at(moment):
        clerk = actor(username)
        appointment = appointments.create_draft(clerk)
        appointments.choose(clerk, appointment.id, _free(username, kinds, count))
        appointments.submit(clerk, appointment.id)
        matching_runs.match_batch()
        db.session.expire_all()
        return appointment


def _free(username: str, kinds: str, count: int) -> list[int]:
    """Instruments of the enterprise that can be booked, in the order of the ledger; a few of each kind."""
    wanted = kinds.split()
    found: list[int] = []
    for place, kind in enumerate(wanted):
        share = count // len(wanted) + (place < count % len(wanted))
        rows = db.session.scalars(
            sa.select(MeasuringInstrument)
            .join(Enterprise, Enterprise.id == MeasuringInstrument.enterprise_id)
            .where(Enterprise.uscc == username, MeasuringInstrument.kind_code == kind)
            .order_by(MeasuringInstrument.id)
        ).all()
        refused = appointments.why_not_bookable(rows)
        found += [row.id for row in rows if row.id not in refused][:share]
    return found


def _slip(appointment: Appointment, username: str) -> Slip:
    return db.session.scalars(
        sa.select(Slip).where(Slip.appointment_id == appointment.id, Slip.institution_id == institution_id(username))
    ).one()


def _accept(
    appointment: Appointment,
    username: str,
    moment: datetime,
    *,
    in_days: int,
    time: str,
    words: str = "",
    count: int | None = None,
) -> None:
    with clock.at(moment):
        slip = _slip(appointment, username)
        acceptance.accept(
            actor(username),
            slip.id,
            item_ids=[item.id for item in slip.items][:count] if count else None,
            appointed_on=clock.today() + timedelta(days=in_days),
            appointed_time=time,
            words=words or "请携带预约单和器具，进门登记。",
        )
        db.session.expire_all()


def _return(
    appointment: Appointment, username: str, count: int, moment: datetime, code: ReturnCode, words: str
) -> None:
    with clock.at(moment):
        slip = _slip(appointment, username)
        ids: Sequence[int] = [item.id for item in slip.items][:count]
        acceptance.return_items(actor(username), slip.id, item_ids=ids, code=code, words=words)
        db.session.expire_all()
