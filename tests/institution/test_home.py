"""我的工作 of an institution: every number opens exactly its list, and where a new account begins."""

from __future__ import annotations

from datetime import timedelta

import pytest

from backoffice import clock
from backoffice.database import db
from backoffice.services import acceptance, appointments
from tests import factories, tiles
from tests.institution.people import People

HOME = "/institution/"


@pytest.fixture
def people(desk_app):
    return People()


def test_every_number_opens_a_list_of_as_many_rows(people, sign_in):
    stranger = People(areas=["370304"])
    now = clock.now()
    fresh, due, late, partly = (people.slip(2) for _each in range(4))
    stranger.slip(division_code="370304")
    fresh.due_at = now + timedelta(days=3)
    due.due_at = clock.end_of(clock.today())
    late.due_at = partly.due_at = now - timedelta(days=2)
    counter = factories.actor_of(people.counter)
    acceptance.accept(counter, partly.id, item_ids=[partly.items[0].id])
    acceptance.accept(counter, people.slip().id)
    for days in (-1, 0, 59, 61):
        factories.CapabilityFactory(institution=people.institution, valid_until=clock.today() + timedelta(days=days))
    factories.CapabilityFactory(valid_until=clock.today() + timedelta(days=5))
    db.session.commit()
    found = tiles.check(sign_in(people.counter).text, HOME)
    assert found["新到，待受理（张）"] == 1
    assert found["今日到期（张）"] == 1
    assert found["已超期未受理（张）"] == 2
    assert found["授权 60 天内到期（项）"] == 2


def test_a_new_account_gets_three_steps_with_buttons_instead_of_zeros(people, sign_in):
    page = sign_in(people.counter).text(HOME)
    assert 'class="tile' not in page
    for step in ("核对授权", "受理预约单", "约定时间地点"):
        assert step in page
    for url in ("/institution/capabilities/", "/institution/slips/"):
        assert f'href="{url}">' in page.split("从这里开始")[1]


def test_what_is_about_to_lapse_is_shown_to_a_new_account_too(people, sign_in):
    people.capability.valid_until = clock.today() + timedelta(days=10)
    assert tiles.check(sign_in(people.counter).text, HOME) == {"授权 60 天内到期（项）": 1}


def test_a_slip_that_left_again_is_neither_work_nor_a_beginning(people, sign_in):
    slip = people.slip()
    appointments.withdraw(factories.actor_of(people.clerk), slip.appointment_id)
    page = sign_in(people.counter).text(HOME)
    assert "从这里开始" in page
    assert slip.number not in page


def test_a_home_without_work_says_what_will_come(people, sign_in):
    acceptance.accept(factories.actor_of(people.counter), people.slip().id)
    page = sign_in(people.counter).text(HOME)
    assert "现在没有等您受理的预约单" in page
    assert "匹配到本机构的预约单会出现在这里" in page
