"""Slips of the area: late ones by institution, and sending them round again with a reason."""

from __future__ import annotations

from datetime import timedelta

import pytest

from backoffice import clock
from backoffice.database import db
from backoffice.states import ItemStatus, SlipStatus
from tests import factories
from tests.institution.conftest import desk_app, desk_application, sign_in  # noqa: F401 - fixtures
from tests.institution.people import People

LIST = "/regulator/slips/"


@pytest.fixture
def people(desk_app):  # noqa: F811
    return People()


@pytest.fixture
def office(people, sign_in):  # noqa: F811
    return sign_in(factories.UserFactory(regulator=True))


def make_late(slip):
    slip.due_at = clock.now() - timedelta(hours=1)
    db.session.commit()
    return slip


def test_late_slips_are_listed_by_institution(people, office):
    late, fine = make_late(people.slip()), people.slip()
    page = office.text(f"{LIST}?tab=late")
    assert late.number in page
    assert fine.number not in page
    assert "超期未受理 1" in page
    assert late.number in office.text(f"{LIST}?tab=late&institution={people.institution.id}")


def test_a_late_slip_is_sent_round_again_with_a_reason(people, office):
    slip = make_late(people.slip(2))
    record = f"{LIST}{slip.id}"
    assert "重新匹配" in office.text(record)
    assert office.send(f"{record}/rematch", {"reason": ""}).status_code == 422
    assert office.send(f"{record}/rematch", {"reason": "超期未受理"}).status_code == 303
    db.session.rollback()
    db.session.expire_all()
    assert slip.status is SlipStatus.TRANSFERRED
    assert {item.status for item in slip.appointment.items} == {ItemStatus.MATCHING}
    assert office.send(f"{record}/rematch", {"reason": "再来"}).status_code in (404, 409)


def test_a_slip_in_time_stays_where_it_is(people, office):
    slip = people.slip()
    assert "重新匹配" not in office.text(f"{LIST}{slip.id}")
    assert office.get(f"{LIST}{slip.id}/rematch").status_code == 404
    assert office.send(f"{LIST}{slip.id}/rematch", {"reason": "试试"}).status_code == 409


def test_every_item_says_why_one_click_away(people, office):
    slip = people.slip()
    page = office.text(f"{LIST}{slip.id}")
    assert f'href="/regulator/unmatched/{slip.items[0].id}">为什么</a>' in page


def test_slips_of_another_area_do_not_exist(people, sign_in):  # noqa: F811
    slip = make_late(people.slip())
    stranger = sign_in(factories.UserFactory(regulator=True, division_code="370305"))
    assert slip.number not in stranger.text(LIST)
    assert stranger.get(f"{LIST}{slip.id}").status_code == 404
    assert stranger.send(f"{LIST}{slip.id}/rematch", {"reason": "试试"}).status_code == 404
