"""《使用指南》: four tasks in the guide's order, every state explained, and every screen's ？ leads to a section."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask

from backoffice.messages import guide
from backoffice.messages.labels import label
from backoffice.states import AppointmentStatus, EnterpriseStatus, ItemStatus, SlipStatus, VerificationStatus
from backoffice.unit_of_work import unit_of_work
from backoffice.web.help import SECTION_OF, section_of
from tests.factories import PASSWORD, UserFactory
from tests.portal.conftest import Browser

pytestmark = pytest.mark.usefixtures("app")
ROOT = Path(__file__).parents[2]
EXPLAINED = (AppointmentStatus, ItemStatus, SlipStatus, VerificationStatus, EnterpriseStatus)


@pytest.fixture
def anchors(visitor: Browser) -> set[str]:
    assert visitor.get("/guide") == 200
    return set(re.findall(r'\bid="([^"]+)"', visitor.page))


def test_the_four_tasks_stand_in_the_guides_order(visitor: Browser) -> None:
    visitor.get("/guide")
    places = [visitor.page.index(f'id="{anchor}"') for anchor in ("register", "ledger", "booking", "status", "print")]
    assert places == sorted(places)


def test_every_state_is_in_the_tables_with_meaning_actor_and_advice(app: Flask) -> None:
    tables = guide.state_tables()
    assert [[row.label for row in table.rows] for table in tables] == [
        [label(code) for code in states] for states in EXPLAINED
    ]
    for table in tables:
        for row in table.rows:
            assert all((row.meaning.is_what, row.meaning.who, row.meaning.do)), row.label


def test_every_panel_view_has_a_section_that_exists(app: Flask, anchors: set[str]) -> None:
    views = {view.endpoint for admin in app.extensions["admin"] for view in admin._views}
    assert len(views) > 20
    assert sorted(view for view in views if section_of(view) not in anchors) == []
    assert sorted(set(SECTION_OF.values()) - anchors) == []


def test_a_screens_question_mark_opens_its_section(visitor: Browser) -> None:
    with unit_of_work():
        user = UserFactory(of_enterprise=True)
        username = user.username
    visitor.sign_in(username, PASSWORD)
    assert visitor.get("/enterprise/imports/") == 200
    assert 'href="/guide#import"' in visitor.page
    visitor.get("/account")
    assert "/guide#" not in visitor.page


def test_every_picture_of_the_guide_is_there_and_small(visitor: Browser) -> None:
    visitor.get("/guide")
    pictures = set(re.findall(r"/static/(guide/[\w-]+\.png)", visitor.page))
    assert len(pictures) >= 12
    for name in pictures:
        assert 0 < (ROOT / "static" / name).stat().st_size < 150 * 1024


def test_the_sections_of_the_contents_exist(anchors: set[str]) -> None:
    assert {anchor for anchor, _ in guide.SECTIONS} <= anchors
