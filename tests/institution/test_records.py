"""What an institution reads around its slips, its notices, and what a scanned code opens for whom."""

from __future__ import annotations

from datetime import timedelta

import pytest

from backoffice import clock
from backoffice.database import db
from backoffice.models import Notice
from backoffice.services import one_time_links, slip_printing
from backoffice.unit_of_work import unit_of_work
from tests import factories
from tests.institution.people import People


@pytest.fixture
def people(desk_app):
    return People()


def test_appointments_instruments_and_enterprises_are_those_with_items_here(people, sign_in):
    slip = people.slip(2)
    other = People(kind_code="0601")
    foreign = other.slip(kind_code="0601")
    desk = sign_in(people.counter)
    for noun, own, strange in (
        ("appointments", slip.appointment_id, foreign.appointment_id),
        ("instruments", slip.items[0].instrument_id, foreign.items[0].instrument_id),
        ("enterprises", slip.enterprise_id, foreign.enterprise_id),
        ("capabilities", people.capability.id, other.capability.id),
    ):
        assert "共 " in desk.text(f"/institution/{noun}/")
        assert desk.get(f"/institution/{noun}/{own}").status_code == 200
        assert desk.get(f"/institution/{noun}/{strange}").status_code == 404
        assert desk.get(f"/institution/{noun}/new").status_code == 404
    assert slip.number in desk.text(f"/institution/enterprises/{slip.enterprise_id}")


def test_how_an_enterprise_registered_and_who_may_sign_in_is_not_told_to_institutions(people, sign_in):
    slip = people.slip()
    office = factories.UserFactory(regulator=True)
    db.session.commit()
    with unit_of_work():
        one_time_links.issue_for_enterprise(factories.actor_of(office), slip.enterprise_id)
    url = f"/{{}}/enterprises/{slip.enterprise_id}"
    assert "签发一次性链接" in sign_in(office).text(url.format("regulator"))
    assert "签发一次性链接" not in sign_in(people.counter).text(url.format("institution"))


def test_only_the_items_here_stand_on_an_appointment(people, sign_in):
    People(kind_code="0601")
    booked = people.book(people.instruments(name="本机构的表") + people.instruments(kind_code="0601", name="别家的秤"))
    page = sign_in(people.counter).text(f"/institution/appointments/{booked.id}")
    assert "本机构的表" in page
    assert "别家的秤" not in page


def test_capabilities_about_to_lapse_have_their_tab(people, sign_in):
    people.capability.valid_until = clock.today() + timedelta(days=30)
    factories.CapabilityFactory(institution=people.institution, kind_code="0601")
    page = sign_in(people.counter).text("/institution/capabilities/?tab=lapsing")
    assert "即将到期 1" in page
    assert "0601" not in page


def test_opening_a_notice_marks_it_read_and_leads_to_its_slip(people, sign_in):
    slip = people.slip()
    notice = db.session.scalars(db.select(Notice).where(Notice.institution_id == people.institution.id)).one()
    desk = sign_in(people.counter)
    assert slip.number in desk.text("/institution/notices/")
    assert "打开" in desk.text(f"/institution/notices/{notice.id}")
    db.session.refresh(notice)
    assert notice.read_at is None
    assert desk.send(f"/institution/notices/{notice.id}/open", {}).location == f"/institution/slips/{slip.id}"
    db.session.refresh(notice)
    assert notice.read_at is not None
    assert sign_in(People(kind_code="0601").counter).get(f"/institution/notices/{notice.id}").status_code == 404


def test_all_notices_are_read_at_once(people, sign_in):
    people.slip()
    desk = sign_in(people.counter)
    assert desk.send("/institution/notices/read-all", {}).status_code == 303
    assert "未读 0" in desk.text("/institution/notices/")


def scanned(app, slip):
    secret = app.config["SETTINGS"].secret_key
    return f"/a/{slip.number}?c={slip_printing.check_code(slip.number, secret=secret)}"


def test_a_scanned_code_leads_everybody_to_their_own_page_of_the_slip(people, sign_in, desk_app):
    slip = people.slip()
    address = scanned(desk_app, slip)
    assert sign_in(people.counter).get(address).location == f"/institution/slips/{slip.id}"
    assert sign_in(people.clerk).get(address).location == f"/enterprise/slips/{slip.id}"
    assert sign_in(factories.UserFactory(regulator=True)).get(address).location == f"/regulator/slips/{slip.id}"


def test_a_scanned_code_asks_visitors_to_sign_in_first(people, desk_app):
    answer = desk_app.test_client().get(scanned(desk_app, people.slip()))
    assert answer.status_code in (302, 303)
    assert answer.location.startswith("/login?next=/a/")


def test_a_wrong_check_code_and_a_foreign_slip_are_nothing(people, sign_in, desk_app):
    slip = people.slip()
    desk = sign_in(people.counter)
    assert desk.get(f"/a/{slip.number}?c=00000000").status_code == 404
    assert desk.get(f"/a/{slip.number}").status_code == 404
    assert sign_in(People(kind_code="0601").counter).get(scanned(desk_app, slip)).status_code == 404
    assert sign_in(factories.UserFactory(of_enterprise=True)).get(scanned(desk_app, slip)).status_code == 404
    auditor = factories.UserFactory(auditor=True)
    assert sign_in(auditor).get(scanned(desk_app, slip)).status_code == 404
