"""The home page for visitors: five steps, the question, three ways in."""

from __future__ import annotations

import pytest

from tests.portal.conftest import Browser

pytestmark = pytest.mark.usefixtures("app")


def test_a_visitor_finds_registration_and_sign_in(visitor: Browser) -> None:
    assert visitor.get("/") == 200
    for words in (">登录</a>", ">注册</a>", "企业", "技术机构", "监管部门"):
        assert words in visitor.page


def test_the_five_steps_stand_in_their_order(visitor: Browser) -> None:
    visitor.get("/")
    picture = visitor.page[visitor.page.index('class="five"') :]
    places = [picture.index(f"<b>{step}</b>") for step in ("注册", "建台账", "预约", "匹配与受理", "检定与结果")]
    assert places == sorted(places)
    assert picture.count("<svg") >= 5


def test_the_question_on_the_home_page_leads_to_its_answer(visitor: Browser) -> None:
    visitor.get("/")
    assert 'action="/lookup"' in visitor.page


def test_public_pages_lead_to_each_other(visitor: Browser) -> None:
    visitor.get("/")
    for address in ("/lookup", "/guide", "/contacts", "/downloads/kinds.xlsx", "/downloads/divisions.xlsx"):
        assert f'href="{address}"' in visitor.page
        assert visitor.get(address) == 200
        visitor.get("/")
