"""代办 at the counter: a walk-in registered, its instruments entered, booked; strangers' enterprises left alone."""

from __future__ import annotations

import re

import pytest

from backoffice.database import db
from backoffice.models import Appointment, Enterprise, MeasuringInstrument
from backoffice.services import accounts, registrations, walk_ins
from backoffice.states import AppointmentStatus, EnterpriseStatus
from tests import factories
from tests.institution.conftest import desk_app, desk_application, sign_in  # noqa: F401 - fixtures
from tests.institution.people import People
from tests.services.ledger_samples import typed

LIST = "/institution/walk_ins/"
TYPED = {
    "type": "sole_trader",
    "uscc": factories.valid_uscc(600_001),
    "name": "张店区老李鲜果摊",
    "division_code": "张店区",
    "address": "东四路市场 12 号",
    "principal": "李全福",
    "contact": "李全福",
    "mobile": "13905330777",
    "email": "",
}


@pytest.fixture
def people(desk_app):  # noqa: F811
    return People()


@pytest.fixture
def regulator(people):
    """Whoever reviews must be there when something is sent."""
    return factories.actor_of(factories.UserFactory(regulator=True))


@pytest.fixture
def counter(people, regulator, sign_in):  # noqa: F811
    return sign_in(people.counter)


def the_walk_in() -> Enterprise:
    db.session.expire_all()
    return db.session.query(Enterprise).filter_by(uscc=TYPED["uscc"]).one()


def register(counter) -> Enterprise:
    answer = counter.send(f"{LIST}new", TYPED)
    assert answer.status_code == 303, answer.get_data(as_text=True)
    return the_walk_in()


def test_the_empty_list_says_what_to_do(counter):
    assert "代办登记" in counter.text(LIST)
    assert "还没有代办的单位" in counter.text(LIST)


def test_the_form_asks_for_no_password_and_takes_a_file(counter):
    page = counter.text(f"{LIST}new")
    assert 'type="password"' not in page
    assert 'enctype="multipart/form-data"' in page
    assert re.search(r'name="licence"', page)


def test_a_walk_in_is_registered_at_the_counter(people, counter):
    row = register(counter)
    assert row.status is EnterpriseStatus.PENDING
    assert row.division_code == "370303"
    page = counter.text(f"{LIST}{row.id}")
    assert f"由{people.institution.name}代办" in page
    assert "审核" in page
    assert row.name in counter.text(LIST)


def test_what_is_wrong_stands_beside_its_field_and_loses_nothing(counter):
    answer = counter.send(f"{LIST}new", {**TYPED, "uscc": "91370303", "mobile": "12"})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert 'id="uscc-error"' in page
    assert 'id="mobile-error"' in page
    assert TYPED["name"] in page


def test_instruments_are_entered_and_booked_and_wait_for_the_review(people, regulator, counter):
    row = register(counter)
    answer = counter.send(
        "/institution/walk_in_instruments/new", {**typed(), "enterprise_id": f"{row.uscc} {row.name}", "version": ""}
    )
    assert answer.status_code == 303, answer.get_data(as_text=True)
    (instrument,) = db.session.query(MeasuringInstrument).all()
    assert instrument.added_by_institution_id == people.institution.id
    page = counter.text(f"{LIST}{row.id}/book")
    assert instrument.serial_number in page
    assert counter.send(f"{LIST}{row.id}/book", {"ids": [str(instrument.id)]}).status_code == 303
    assert "审核通过后自动提交" in counter.text(f"{LIST}{row.id}")
    registrations.approve(regulator, the_walk_in().registrations[0].id)
    db.session.commit()
    (appointment,) = db.session.query(Appointment).all()
    assert appointment.status is AppointmentStatus.SUBMITTED
    assert "匹配中" in counter.text(f"{LIST}{row.id}")


def test_booking_nothing_is_said(counter):
    row = register(counter)
    factories.InstrumentFactory(enterprise=row, added_by_institution_id=row.registered_by_institution_id)
    db.session.commit()
    answer = counter.send(f"{LIST}{row.id}/book", {})
    assert answer.status_code == 422
    assert "还没有选择器具" in answer.get_data(as_text=True)


def test_an_instrument_entered_here_is_changed_here(counter):
    row = register(counter)
    made = factories.InstrumentFactory(enterprise=row, added_by_institution_id=row.registered_by_institution_id)
    db.session.commit()
    url = f"/institution/walk_in_instruments/{made.id}"
    assert 'name="enterprise_id"' not in counter.text(f"{url}/edit")
    values = {**typed(serial_number=made.serial_number, place_of_use="北门"), "version": str(made.version)}
    assert counter.send(f"{url}/edit", values).status_code == 303
    assert "北门" in counter.text(url)


def test_a_refused_one_is_corrected(regulator, counter):
    row = register(counter)
    registrations.refuse(regulator, row.registrations[0].id, "名称与执照不符")
    db.session.commit()
    assert "名称与执照不符" in counter.text(f"{LIST}{row.id}")
    assert TYPED["address"] in counter.text(f"{LIST}{row.id}/correct")
    answer = counter.send(f"{LIST}{row.id}/correct", {**TYPED, "name": "张店区老李水果店"})
    assert answer.status_code == 303, answer.get_data(as_text=True)
    assert the_walk_in().status is EnterpriseStatus.PENDING


def test_enterprises_with_items_here_or_of_others_are_no_walk_ins(people, counter, sign_in):  # noqa: F811
    slip = people.slip()
    other = factories.UserFactory(of_institution=True)
    theirs = walk_ins.register(
        factories.actor_of(other), {**TYPED, "uscc": factories.valid_uscc(600_002), "division_code": "370303"}
    )
    db.session.commit()
    for enterprise_id in (slip.enterprise_id, theirs.id):
        assert counter.get(f"{LIST}{enterprise_id}").status_code == 404
        assert counter.get(f"{LIST}{enterprise_id}/book").status_code == 404
    answer = counter.send(
        "/institution/walk_in_instruments/new", {**typed(), "enterprise_id": theirs.uscc, "version": ""}
    )
    assert answer.status_code == 422


def test_the_claimed_account_leaves_the_list(counter):
    row = register(counter)
    user = accounts.first_of(row)
    walk_ins.claimed(user)
    db.session.commit()
    assert counter.get(f"{LIST}{row.id}").status_code == 404
    assert row.name not in counter.text(LIST)
