"""All of the demo data: a town's width and a year and a half of work, with every state, and the same each time."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from backoffice import clock
from backoffice.database import db
from backoffice.models import (
    Appointment,
    AppointmentItem,
    Capability,
    Enterprise,
    Institution,
    Laboratory,
    MeasuringInstrument,
    Slip,
    User,
    Verification,
)
from backoffice.services import invariants, uscc
from backoffice.services.ledger_status import has_status
from backoffice.states import (
    AppointmentStatus,
    EnterpriseStatus,
    EnterpriseType,
    ItemStatus,
    Level,
    Outcome,
    SlipStatus,
    UseState,
    VerificationStatus,
)
from tests.seeds.replay import check_every_decision
from tests.seeds.test_demo import ACCOUNTS

MOST_LATE = 10
MOST_EXPIRED = 20
"""One or two for several of the published accounts, so that each sees what an expired instrument looks like."""
MONTHS = 17
"""Full months before this one that the data tells of."""


def count(model: Any, *where: Any) -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(model).where(*where)) or 0


def states(column: Any) -> set[Any]:
    return set(db.session.scalars(sa.select(column).distinct()))


def ledger(*where: Any) -> list[MeasuringInstrument]:
    return list(db.session.scalars(sa.select(MeasuringInstrument).join(MeasuringInstrument.enterprise).where(*where)))


def test_it_is_as_wide_as_promised(town: Flask) -> None:
    assert count(Enterprise) >= 40
    assert count(MeasuringInstrument) >= 1500
    assert count(Institution) == 8
    with_laboratory = sa.select(Laboratory.institution_id).distinct()
    assert count(Institution, Institution.id.not_in(with_laboratory)) == 0


def test_every_state_of_every_level_is_there(town: Flask) -> None:
    assert states(Appointment.status) == set(AppointmentStatus)
    assert states(AppointmentItem.status) == set(ItemStatus)
    assert states(Slip.status) == set(SlipStatus)
    assert states(MeasuringInstrument.use_state) == set(UseState)
    assert states(Enterprise.status) == set(EnterpriseStatus) - {EnterpriseStatus.CLOSED}
    today = clock.today()
    shown = [status for status in VerificationStatus if count_of_status(status, today)]
    # 失准报废 is verified by the maker before it is sold; nobody books it here.
    assert set(shown) == set(VerificationStatus) - {VerificationStatus.FIRST_ONLY}


def count_of_status(status: VerificationStatus, today: date) -> int:
    return count(MeasuringInstrument, has_status(status, today=today, soon_days=30))


@pytest.mark.parametrize("what", ["appointments", "verifications"])
def test_no_month_is_flat(town: Flask, what: str) -> None:
    days = {
        "appointments": sa.select(Appointment.submitted_at).where(Appointment.submitted_at.is_not(None)),
        "verifications": sa.select(Verification.published_at).where(Verification.published_at.is_not(None)),
    }[what]
    months = Counter((moment.year, moment.month) for moment in db.session.scalars(days))
    assert [months[month] for month in full_months() if months[month] < 4] == []


def full_months() -> list[tuple[int, int]]:
    today, found = clock.today(), []
    number = today.year * 12 + today.month - 1
    for back in range(1, MONTHS):
        year, month = divmod(number - back, 12)
        found.append((year, month + 1))
    return found


def test_a_handful_is_late_and_no_more(town: Flask) -> None:
    undecided = Slip.status.in_((SlipStatus.AWAITING, SlipStatus.PARTLY))
    assert 3 <= count(Slip, undecided, Slip.due_at <= clock.now()) <= MOST_LATE
    assert count(Slip, undecided, Slip.due_at > clock.now()) >= 5
    overdue = has_status(VerificationStatus.OVERDUE, today=clock.today(), soon_days=30)
    in_use = MeasuringInstrument.use_state == UseState.IN_USE
    assert 1 <= count(MeasuringInstrument, overdue, in_use) <= MOST_EXPIRED


def test_results_were_entered_by_one_and_published_by_another(town: Flask) -> None:
    published = Verification.published_at.is_not(None)
    assert count(Verification, published) > 900
    assert count(Verification, published, Verification.entered_by_id == Verification.published_by_id) == 0
    assert count(Verification, published, Verification.outcome == Outcome.NOT_PASSED) >= 10


def test_the_people_of_the_issue_are_there(town: Flask) -> None:
    def of_kind(kind: str, *where: Any) -> list[MeasuringInstrument]:
        return ledger(MeasuringInstrument.kind_code == kind, *where)

    nozzles = Counter(row.enterprise_id for row in of_kind("0601"))
    assert 48 in nozzles.values()
    failed = [row for row in of_kind("1202") + of_kind("1201") if row.outcome is Outcome.NOT_PASSED]
    assert any(row.department and row.enterprise.type is EnterpriseType.PUBLIC_INSTITUTION for row in failed)
    stalls = [row for row in of_kind("0201") if row.stall_number and row.stall_operator and row.stall_phone]
    assert 120 in Counter(row.enterprise_id for row in stalls).values()
    assert {row.enterprise.type for row in of_kind("1501")} == {EnterpriseType.GOVERNMENT}
    for kinds in (("0202", "2502"), ("3201",), ("3202",), ("2001", "2101", "2102")):
        assert all(of_kind(kind) for kind in kinds)
    assert count(Enterprise, Enterprise.type == EnterpriseType.BRANCH) >= 1
    elsewhere = ledger(MeasuringInstrument.division_code != Enterprise.division_code)
    assert elsewhere
    assert count(Institution, Institution.level == Level.NATIONAL) == 1
    assert all(row.verified_by.level is Level.NATIONAL for row in of_kind("0401") if row.verified_by)
    internal = db.session.scalars(sa.select(Capability.internal_units).where(Capability.internal_units.is_not(None)))
    assert {tuple(units) for units in internal} == {(row.enterprise.uscc,) for row in of_kind("3701")}


def test_grain_is_weighed_in_june(town: Flask) -> None:
    booked = sa.select(Appointment.submitted_at).join(AppointmentItem, AppointmentItem.appointment_id == Appointment.id)
    depot = booked.join(MeasuringInstrument, MeasuringInstrument.id == AppointmentItem.instrument_id).where(
        MeasuringInstrument.season != "", MeasuringInstrument.kind_code == "2502"
    )
    first = min(clock.local(moment) for moment in db.session.scalars(depot))
    assert first.month == 6


def test_some_went_to_two_institutions_and_some_were_returned(town: Flask) -> None:
    split = sa.select(Slip.appointment_id).group_by(Slip.appointment_id)
    assert db.session.scalars(split.having(sa.func.count(Slip.institution_id.distinct()) >= 2)).all()
    assert count(AppointmentItem, AppointmentItem.status == ItemStatus.FAILED) >= 5
    assert 3 <= count(AppointmentItem, AppointmentItem.status == ItemStatus.UNMATCHED) <= MOST_LATE


def test_names_are_believable_and_codes_valid(town: Flask) -> None:
    said = [
        *db.session.scalars(sa.select(Enterprise.name)),
        *db.session.scalars(sa.select(Enterprise.contact)),
        *db.session.scalars(sa.select(Institution.name)),
        *db.session.scalars(sa.select(User.name)),
        *db.session.scalars(sa.select(MeasuringInstrument.name)),
        *db.session.scalars(sa.select(MeasuringInstrument.place_of_use)),
        *db.session.scalars(sa.select(MeasuringInstrument.manufacturer)),
    ]
    assert [text for text in said if not text or re.search(r"测试|test|[{}]", text, re.IGNORECASE)] == []
    names = list(db.session.scalars(sa.select(Enterprise.name)))
    assert len(set(names)) == len(names)
    for enterprise in db.session.scalars(sa.select(Enterprise)):
        own = enterprise.parent_uscc if enterprise.is_branch else enterprise.uscc
        assert uscc.problem(own or "") is None, enterprise.uscc


def test_telephones_are_of_the_made_up_ranges(town: Flask) -> None:
    mobiles = [*db.session.scalars(sa.select(Enterprise.mobile))]
    mobiles += [phone for phone in db.session.scalars(sa.select(MeasuringInstrument.stall_phone)) if phone]
    assert [phone for phone in mobiles if not re.fullmatch(r"1380000\d{4}", phone)] == []


def test_every_published_account_is_there_with_two_people_an_institution(town: Flask) -> None:
    users = {user.username: user for user in db.session.scalars(sa.select(User))}
    assert set(ACCOUNTS) <= set(users)
    others = [user for name, user in users.items() if name not in ACCOUNTS]
    assert all(user.enterprise_id for user in others)
    people = Counter(user.institution_id for user in users.values() if user.institution_id)
    assert set(people.values()) == {2}
    assert {users[name].organisation_name for name in ACCOUNTS} == {row["organisation"] for row in ACCOUNTS.values()}


def test_all_of_it_keeps_every_invariant(town: Flask) -> None:
    assert invariants.broken() == {}


def test_every_decision_is_made_the_same_again_from_its_rules(town: Flask) -> None:
    assert check_every_decision() > 200
