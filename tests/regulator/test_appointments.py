"""Appointments of the area: whose turn it is, items with their institutions, drafts left alone."""

from __future__ import annotations

import pytest

from backoffice.database import db
from backoffice.services import acceptance, appointment_drafts
from backoffice.states import ReturnCode
from tests import factories
from tests.institution.conftest import desk_app, desk_application, sign_in  # noqa: F401 - fixtures
from tests.institution.people import People

LIST = "/regulator/appointments/"


@pytest.fixture
def people(desk_app):  # noqa: F811
    return People()


@pytest.fixture
def office(people, sign_in):  # noqa: F811
    return sign_in(factories.UserFactory(regulator=True))


def test_the_strip_counts_what_waits_for_whom(people, office):
    booked = people.book(people.instruments(2) + people.instruments(kind_code="1801"))
    page = office.text(f"{LIST}{booked.id}")
    assert "未匹配 1 台（件），待受理 2 台（件）" in page
    assert page.count(">为什么</a>") == 3
    assert booked.number in office.text(LIST)


def test_receipts_stand_in_the_history(people, office):
    slip = people.slip()
    acceptance.return_items(
        factories.actor_of(people.counter), slip.id, code=ReturnCode.WRONG_SERIAL, words="编号与铭牌不符"
    )
    db.session.commit()
    page = office.text(f"{LIST}{slip.appointment_id}")
    assert "退回 1 台（件）：信息有误：出厂编号：编号与铭牌不符" in page


def test_drafts_are_nobodys_business_yet(people, office):
    actor = factories.actor_of(people.clerk)
    draft = appointment_drafts.create_draft(actor)
    appointment_drafts.choose(actor, draft.id, [people.instruments()[0].id])
    db.session.commit()
    assert draft.number not in office.text(LIST)
    assert office.get(f"{LIST}{draft.id}").status_code == 404


def test_another_area_sees_neither_list_entry_nor_record(people, sign_in):  # noqa: F811
    booked = people.book(people.instruments(division_code="370303"))
    stranger = sign_in(factories.UserFactory(regulator=True, division_code="370305"))
    assert booked.number not in stranger.text(LIST)
    assert stranger.get(f"{LIST}{booked.id}").status_code == 404


def test_only_items_of_the_area_are_shown(people, sign_in):  # noqa: F811
    rows = people.instruments(name="张店的表") + people.instruments(division_code="370305", name="临淄的表")
    booked = people.book(rows)
    linzi = sign_in(factories.UserFactory(regulator=True, division_code="370305"))
    page = linzi.text(f"{LIST}{booked.id}")
    assert "临淄的表" in page
    assert "张店的表" not in page
