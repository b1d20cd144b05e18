"""代办 by a regulator: ledger rows entered, changed, scrapped; bookings made, re-assigned, cancelled."""

from __future__ import annotations

import re

import pytest

from backoffice.database import db
from backoffice.models import Appointment, MeasuringInstrument
from backoffice.services import acceptance
from backoffice.states import AppointmentStatus, ItemStatus, UseState
from tests import factories
from tests.institution.conftest import desk_app, desk_application, sign_in  # noqa: F401 - fixtures
from tests.institution.people import People
from tests.services.ledger_samples import typed

INSTRUMENTS, APPOINTMENTS = "/regulator/instruments/", "/regulator/appointments/"


@pytest.fixture
def people(desk_app):  # noqa: F811
    return People()


@pytest.fixture
def office(people, sign_in):  # noqa: F811
    return sign_in(factories.UserFactory(regulator=True))


@pytest.fixture
def elsewhere(people, sign_in):  # noqa: F811
    return sign_in(factories.UserFactory(regulator=True, division_code="370305"))


def fresh(row):
    db.session.expire_all()
    return db.session.merge(row)


# The ledger


def test_a_row_is_entered_on_behalf_and_says_so(people, office):
    enterprise = people.clerk.enterprise
    begun = office.text(f"{INSTRUMENTS}new?enterprise_id={enterprise.uscc}")
    assert enterprise.uscc in begun
    assert re.search(rf'id="place_of_use"[^>]*value="{enterprise.address}"', begun)
    answer = office.send(f"{INSTRUMENTS}new", {**typed(), "enterprise_id": enterprise.uscc, "version": ""})
    assert answer.status_code == 303, answer.get_data(as_text=True)
    (row,) = db.session.query(MeasuringInstrument).all()
    assert row.added_by_division_code == "370303"
    assert "由张店区市场监督管理局代办" in office.text(f"{INSTRUMENTS}{row.id}")
    assert "由张店区市场监督管理局代办" in office.text(f"{INSTRUMENTS}?tab=all")


def test_a_row_needs_an_enterprise_of_the_area(people, office):
    stranger = factories.EnterpriseFactory(division_code="370305")
    db.session.commit()
    for code in ("", stranger.uscc):
        answer = office.send(f"{INSTRUMENTS}new", {**typed(), "enterprise_id": code, "version": ""})
        assert answer.status_code == 422
        assert 'id="enterprise_id-error"' in answer.get_data(as_text=True)


def test_the_enterprise_is_found_by_code_or_name_as_the_hint_says(people, office):
    enterprise = people.clerk.enterprise
    enterprise.name = "李记粮油店"
    factories.EnterpriseFactory(name="王记粮油店")
    factories.EnterpriseFactory(name="李记海鲜店", division_code="370305")
    db.session.commit()
    page = office.text(f"{INSTRUMENTS}new")
    assert re.search(r'<label for="enterprise_id">使用单位</label>', page)
    for number, words in enumerate(("李记", "李记粮油店", enterprise.uscc, enterprise.uscc.lower())):
        entered = {**typed(serial_number=f"N{number}"), "enterprise_id": words, "version": ""}
        assert office.send(f"{INSTRUMENTS}new", entered).status_code == 303, words
    assert {row.enterprise_id for row in db.session.query(MeasuringInstrument)} == {enterprise.id}
    for words, said in (("粮油店", "王记粮油店"), ("赵记", "“赵记”不在可选范围内"), ("李记海鲜", "不在可选范围内")):
        answer = office.send(f"{INSTRUMENTS}new", {**typed(), "enterprise_id": words, "version": ""})
        html = answer.get_data(as_text=True)
        assert answer.status_code == 422 and said in html and f'value="{words}"' in html
        assert "李记海鲜店" not in html


def test_a_row_is_changed_and_the_history_says_by_whom(people, office):
    (row,) = people.instruments()
    db.session.commit()
    values = {**typed(serial_number=row.serial_number, place_of_use="东门"), "version": str(row.version)}
    assert 'name="reason"' not in office.text(f"{INSTRUMENTS}new")
    unexplained = office.send(f"{INSTRUMENTS}{row.id}/edit", values)
    assert unexplained.status_code == 422 and 'id="reason-error"' in unexplained.get_data(as_text=True)
    answer = office.send(f"{INSTRUMENTS}{row.id}/edit", {**values, "reason": "现场核查已搬迁"})
    assert answer.status_code == 303, answer.get_data(as_text=True)
    page = office.text(f"{INSTRUMENTS}{row.id}")
    assert "东门" in page
    assert "现场核查已搬迁" in page
    assert "赵慧" in page


def test_a_row_is_scrapped_with_a_reason(people, office):
    (row,) = people.instruments()
    db.session.commit()
    assert office.send(f"{INSTRUMENTS}{row.id}/scrap", {"reason": ""}).status_code == 422
    assert office.send(f"{INSTRUMENTS}{row.id}/scrap", {"reason": "现场核查已拆除"}).status_code == 303
    assert fresh(row).use_state is UseState.SCRAPPED
    assert "现场核查已拆除" in office.text(f"{INSTRUMENTS}{row.id}")


def test_what_is_booked_shows_why_it_cannot_be_scrapped(people, office):
    slip = people.slip()
    page = office.text(f"{INSTRUMENTS}{slip.items[0].instrument_id}")
    assert "请先取消预约" in page


def test_a_row_elsewhere_is_not_there(people, elsewhere):
    (row,) = people.instruments()
    db.session.commit()
    for page in ("", "/edit", "/scrap"):
        assert elsewhere.get(f"{INSTRUMENTS}{row.id}{page}").status_code == 404


# Bookings


def test_an_enterprise_of_the_area_is_booked_for(people, office):
    (row,) = people.instruments()
    db.session.commit()
    enterprise = people.clerk.enterprise
    assert enterprise.name in office.text(f"{APPOINTMENTS}book?q={enterprise.uscc}")
    assert row.serial_number in office.text(f"{APPOINTMENTS}book/{enterprise.id}")
    answer = office.send(f"{APPOINTMENTS}book/{enterprise.id}", {"ids": [str(row.id)]})
    assert answer.status_code == 303, answer.get_data(as_text=True)
    (booked,) = db.session.query(Appointment).all()
    assert booked.status is AppointmentStatus.SUBMITTED
    assert "由张店区市场监督管理局代办" in office.text(f"{APPOINTMENTS}{booked.id}")
    assert "由张店区市场监督管理局代办" in office.text(APPOINTMENTS)


def test_nobody_of_another_area_is_booked_for(people, elsewhere):
    enterprise = people.clerk.enterprise
    db.session.commit()
    assert enterprise.name not in elsewhere.text(f"{APPOINTMENTS}book")
    assert elsewhere.get(f"{APPOINTMENTS}book/{enterprise.id}").status_code == 404
    assert elsewhere.get(f"{APPOINTMENTS}book/x").status_code == 404


def test_chosen_items_are_cancelled_with_a_reason(people, office):
    slip = people.slip(2)
    url, (gone, kept) = f"{APPOINTMENTS}{slip.appointment_id}", slip.items
    page = office.text(f"{url}/cancel")
    assert page.count('name="items"') == 2
    assert office.send(f"{url}/cancel", {"items": [str(gone.id)], "reason": ""}).status_code == 422
    assert office.send(f"{url}/cancel", {"items": [str(gone.id)], "reason": "单位已停业"}).status_code == 303
    assert fresh(gone).status is ItemStatus.ENDED
    assert fresh(kept).status is ItemStatus.AWAITING_ACCEPTANCE
    assert "监管部门取消 1 台（件）：单位已停业" in office.text(url)


def test_nothing_is_cancelled_without_a_tick(people, office):
    slip = people.slip()
    answer = office.send(f"{APPOINTMENTS}{slip.appointment_id}/cancel", {"reason": "停业"})
    assert answer.status_code == 422
    assert "请先勾选器具" in answer.get_data(as_text=True)
    assert fresh(slip.items[0]).status is ItemStatus.AWAITING_ACCEPTANCE


def test_what_waits_is_assigned_elsewhere_from_the_appointment(people, office):
    other = factories.CapabilityFactory(areas=["370305"]).institution
    slip = people.slip()
    (item,) = slip.items
    url = f"/regulator/slips/{slip.id}/reassign"
    assert url in office.text(f"{APPOINTMENTS}{slip.appointment_id}")
    assert url in office.text(f"/regulator/slips/{slip.id}")
    page = office.text(url)
    assert other.name in page
    assert f"{people.institution.name}（" not in page
    answer = office.send(url, {"items": [str(item.id)], "institution_id": str(other.id), "reason": "设备检修"})
    assert answer.status_code == 303, answer.get_data(as_text=True)
    assert fresh(item).institution_id == other.id


def test_an_accepted_slip_is_not_assigned_elsewhere(people, office):
    factories.CapabilityFactory(areas=["370305"])
    slip = people.slip()
    acceptance.accept(factories.actor_of(people.counter), slip.id)
    db.session.commit()
    assert office.get(f"/regulator/slips/{slip.id}/reassign").status_code == 404
    assert "重新指派" not in office.text(f"/regulator/slips/{slip.id}")
