"""What the people of the demo accounts did so far: bookings in every state."""

from __future__ import annotations

from collections.abc import Callable

from backoffice.services import appointments, matching_runs
from backoffice.states import ItemStatus, ReturnCode

from .deeds import accept, actor, appointment_of, book, draft, free, give_back, send
from .earlier import until_published
from .people import BRANCH, CHEMICAL, FACTORY, GRANARY, HOSPITAL, MARKET, OPTICIAN, STATION
from .telling import Days, Story


def stories(days: Days) -> list[Story]:
    return [each(days) for each in STORIES]


def _gauges_of_long_ago(days: Days) -> Story:
    yield days.ago(40)
    booking = book(FACTORY, "1401", 8)
    yield days.ago(39, 15)
    accept(booking, "zhangdian-jls", in_days=4, time="上午 9:00—11:30")
    yield from until_published(booking)


def _nozzles_of_long_ago(days: Days) -> Story:
    yield days.ago(33)
    booking = book(STATION, "0601", 6)
    yield days.ago(32, 9)
    accept(booking, "shijiliangyuan", in_days=6, time="上午", words="上门检定，请提前停用 1 号岛。")
    yield from until_published(booking)


def _partly_returned(days: Days) -> Story:
    yield days.ago(26)
    booking = book(HOSPITAL, "1202", 6)
    yield days.ago(25, 11)
    give_back(booking, "zichuan-jls", 2, ReturnCode.WRONG_SERIAL, "出厂编号与铭牌不符，请核对铭牌后更正")
    yield days.ago(25, 11, 20)
    accept(booking, "zichuan-jls", in_days=3, time="上午 8:30—11:00")
    accepted = [item.instrument_id for item in appointment_of(booking).items if item.status is ItemStatus.ACCEPTED]
    yield from until_published(booking, failing=accepted[:1])


def _put_right_and_booked_again(days: Days) -> Story:
    yield days.ago(22)
    booking = book(OPTICIAN, "2001", 1)
    yield days.ago(21)
    give_back(booking, "shijiliangyuan", 1, ReturnCode.OTHER, "送检前请先清洁测量座，本周设备检修")
    yield days.ago(20)
    again = send(OPTICIAN, appointments.book_failed_again(actor(OPTICIAN), booking).id)
    matching_runs.match_batch()
    yield days.ago(19)
    accept(again, "shijiliangyuan", in_days=5, time="下午 2:00—4:30")
    yield from until_published(again)


def _to_be_brought_soon(days: Days) -> Story:
    yield days.ago(4)
    booking = book(FACTORY, "1401", 3)
    yield days.ago(3, 11)
    accept(booking, "zhangdian-jls", in_days=6, time="上午 9:00—11:30")


def _split_over_two_institutions(days: Days) -> Story:
    yield days.ago(9)
    booking = book(GRANARY, "2502 2401 0202", 6)
    yield days.ago(8, 14)
    accept(booking, "shijiliangyuan", in_days=12, time="上午 9:00", words="现场检定衡器请备好砝码车通道。")


def _accepted_in_time(days: Days) -> Story:
    yield days.ago(8, 16)
    booking = book(CHEMICAL, "1401", 5)
    yield days.ago(7)
    accept(booking, "linzi-jls", in_days=20, time="上午")


def _late(days: Days) -> Story:
    yield days.ago(8, 16, 30)
    book(CHEMICAL, "3806", 3)


def _late_at_the_counter(days: Days) -> Story:
    yield days.ago(8, 10, 15)
    book(MARKET, "0201", 2)


def _due_today(days: Days) -> Story:
    yield days.due_today(9, 40)
    book(MARKET, "0201", 2)


def _partly_decided(days: Days) -> Story:
    yield days.ago(1, 9)
    booking = book(MARKET, "0201", 4)
    yield days.ago(1, 15)
    accept(booking, "zhangdian-jls", count=2, in_days=5, time="上午", words="其余两台待核对铭牌。")


def _withdrawn(days: Days) -> Story:
    yield days.ago(5)
    booking = book(OPTICIAN, "2101", 1)
    yield days.ago(4)
    appointments.withdraw(actor(OPTICIAN), booking)


def _unmatched(days: Days) -> Story:
    yield days.ago(7, 9)
    book(FACTORY, "1801", 2)
    yield days.minutes_ago(30)
    book(FACTORY, "1801", 1)


def _waiting_today(days: Days) -> Story:
    """Shortly ago, but always by the clock of seeding, so that these slips are new whatever the hour."""
    yield days.minutes_ago(30)
    book(BRANCH, "1401 3806", 7)
    yield days.minutes_ago(23)
    book(MARKET, "0201", 12)
    yield days.minutes_ago(19)
    book(HOSPITAL, "1201 1401 3601", 5)


def _drafts(days: Days) -> Story:
    yield days.ago(3)
    draft(STATION, free(STATION, "0601", 4))
    yield days.minutes_ago(15)
    draft(FACTORY, [*free(FACTORY, "1401", 7), *free(FACTORY, "0202 3806", 4), *free(FACTORY, "1801", 1)])


STORIES: tuple[Callable[[Days], Story], ...] = (
    _gauges_of_long_ago,
    _nozzles_of_long_ago,
    _partly_returned,
    _put_right_and_booked_again,
    _to_be_brought_soon,
    _split_over_two_institutions,
    _accepted_in_time,
    _late,
    _late_at_the_counter,
    _due_today,
    _partly_decided,
    _withdrawn,
    _unmatched,
    _waiting_today,
    _drafts,
)
