"""How an enterprise of the town lives: it registers, fills its ledger, and books its instruments when they are due.

Which instruments fail and which are returned follows from their place in the ledger, so that every seeding is alike.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from backoffice import clock
from backoffice.services import appointments, registrations
from backoffice.states import ItemStatus

from .. import files, results
from ..cast import lines_of, pending, register
from ..deeds import actor, appointment_of, book_these, bookable, ledger_of
from ..files import Row
from ..telling import Days, Story, moment_of, working_day
from . import answers
from .ledgers import fill

MOST_AT_ONCE = 24
"""Instruments an enterprise books at once; it sends the next a few days later."""
YEAR = 12
AHEAD_DAYS = 25
"""How long before the end of its validity an instrument is booked again."""
REPAIRED_AFTER_DAYS = 12
SUMMER_BUYER = "granary"
"""Grain is bought in summer: a depot has everything verified in the first days of June."""
HOSPITAL = "hospital"
"""Has an instrument that failed and was not repaired so far."""


def stories(days: Days) -> list[Story]:
    everybody = files.rows("town/enterprises.csv")
    password = next(iter(files.accounts().values()))["password"]
    found = [_arrival(days, row, password) for row in everybody]
    for place, row in enumerate(everybody):
        for turn, (months, places) in enumerate(_batches(row)):
            found.append(_until_today(days, _turns(days, row, place * 7 + turn, months, places)))
    return found


def _until_today(days: Days, story: Story) -> Story:
    """The story as far as it went before today: what there is depends on the day of seeding, not on the hour."""
    for moment in story:
        if clock.local(moment).date() >= days.today:
            return
        yield moment


def _arrival(days: Days, row: Row, password: str) -> Story:
    registered = days.ago(int(row["registered_days_ago"]), 9, 20)
    yield registered
    enterprise = register(row, password)
    yield registered + timedelta(hours=5)
    registrations.approve(actor("zibo-jlk"), pending(enterprise).id)
    yield registered + timedelta(hours=6)
    fill(enterprise, row)


def _batches(row: Row) -> Iterator[tuple[int, Sequence[int]]]:
    """What is booked together: instruments with the same period, by their places in the ledger."""
    by_period: dict[int, list[int]] = {}
    place = 0
    for line in lines_of("town/ledgers.csv", row["profile"]):
        by_period.setdefault(int(line["every"] or 0), []).extend(range(place, place + int(line["count"])))
        place += int(line["count"])
    for months, places in by_period.items():
        if months:
            for start in range(0, len(places), MOST_AT_ONCE):
                yield months, places[start : start + MOST_AT_ONCE]


def _turns(days: Days, row: Row, number: int, months: int, places: Sequence[int]) -> Story:
    """Booked, accepted, verified; and again before the validity ends. `number` tells this batch from all others."""
    day, turn = _first_day(days, row, number, months), 0
    while True:
        day = working_day(day)
        yield moment_of(day, 9 + number % 7, number * 13 % 60)
        ledger = ledger_of(row["uscc"])
        ids = bookable([ledger[place] for place in places])
        if not ids:
            return
        yield from _booked_until_verified(row["uscc"], ids, number + turn, _failing(row, ids, number + turn))
        day, turn = day + timedelta(days=round(months * 30.4) - AHEAD_DAYS + number % 5), turn + 1


def _first_day(days: Days, row: Row, number: int, months: int) -> date:
    """Soon after registering; yearly ones as their earlier certificates end, spread over the months that follow."""
    registered = days.today - timedelta(days=int(row["registered_days_ago"]))
    if row["profile"] != SUMMER_BUYER:
        return registered + timedelta(days=6 + number * (37 if months == YEAR else 5) % (150 if months == YEAR else 17))
    june = date(registered.year, 6, 2)
    return june if june > registered else date(registered.year + 1, 6, 2)


def _failing(row: Row, ids: Sequence[int], number: int) -> list[int]:
    if row["profile"] == HOSPITAL:
        return list(ids[4:5]) if number % 2 == 0 else []
    return list(ids[2:3]) if number % 6 == 3 else []


def _booked_until_verified(username: str, ids: Sequence[int], number: int, failing: Sequence[int]) -> Story:
    booking = book_these(username, ids)
    booked_on = clock.local(clock.now()).date()
    yield moment_of(booked_on + timedelta(days=1), 14, number * 7 % 60)
    answers.accept_all(booking, number)
    verified_on = working_day(booked_on + timedelta(days=5 + number % 4))
    yield moment_of(verified_on, 11, number * 3 % 60)
    entered = results.enter_all(booking, failing)
    yield moment_of(working_day(verified_on + timedelta(days=1)), 15, number * 11 % 60)
    results.publish_all(entered)
    yield clock.now() + timedelta(days=REPAIRED_AFTER_DAYS)
    yield from _after(username, booking, number)


def _after(username: str, booking: int, number: int) -> Story:
    """What was returned and what failed: put right and booked again, or left."""
    appointment = appointment_of(booking)
    again = [item.instrument_id for item in appointment.items if item.status is ItemStatus.NOT_PASSED]
    for item in appointments.unresolved_failed(appointment):
        if number % 2:
            appointments.put_aside(actor(username), item.id)
        else:
            again.append(item.instrument_id)
    if again and not _is_left(username):
        yield from _booked_until_verified(username, again, number * 2 + 1, ())


def _is_left(username: str) -> bool:
    return any(row["uscc"] == username and row["profile"] == HOSPITAL for row in files.rows("town/enterprises.csv"))
