"""The home page for visitors, and its answer to "is it mandatory?"."""

from __future__ import annotations

import pytest

from tests.portal.conftest import Browser

pytestmark = pytest.mark.usefixtures("app")


def test_a_visitor_finds_registration_and_sign_in(visitor: Browser) -> None:
    assert visitor.get("/") == 200
    for words in ("五步", ">登录</a>", ">注册</a>", "企业", "技术机构", "监管部门"):
        assert words in visitor.page


def test_a_name_or_everyday_name_is_answered(visitor: Browser) -> None:
    visitor.get("/", query_string={"q": "电子秤", "purpose": "trade"})
    assert "需要强制检定" in visitor.page
    assert "非自动衡器（电子计价秤）" in visitor.page


def test_a_purpose_outside_the_kinds_list_is_answered_in_words(visitor: Browser) -> None:
    visitor.get("/", query_string={"q": "电子计价秤", "purpose": "medical"})
    assert "仅在用于贸易结算所列情形时属强制检定" in visitor.page


def test_an_unknown_name_is_answered_and_repeated_safely(visitor: Browser) -> None:
    visitor.get("/", query_string={"q": "<script>x</script>"})
    assert "没有找到" in visitor.page
    assert "<script>x" not in visitor.page


@pytest.mark.parametrize("query", ["q=%00", "q=%25%25", "q=" + "x" * 3000, "purpose=nonsense&q=a", "q=%ff"])
def test_hostile_questions_are_answered_too(visitor: Browser, query: str) -> None:
    assert visitor.get(f"/?{query}") == 200
