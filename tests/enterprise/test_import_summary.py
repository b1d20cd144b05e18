"""Equal problems in one sentence, each leading to its rows; and where each row would go."""

from __future__ import annotations

import html
import re

import pytest
from flask import Flask

from backoffice.admin_views.enterprise.import_summary import ranges_of
from backoffice.unit_of_work import unit_of_work
from tests.enterprise.ledger_app import browser, ledger_app, ledger_application, user
from tests.enterprise.test_imports import page, upload
from tests.factories import CapabilityFactory, InstitutionFactory
from tests.services.ledger_samples import row
from tests.web.conftest import Browser

__all__ = ["browser", "ledger_app", "ledger_application", "user"]


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        ([7], "7"),
        ([5, 6, 7, 40], "5–7、40"),
        ([2, 4, 6], "2、4、6"),
        (list(range(2, 40, 2)), "2、4、6、8、10、12 等"),
    ],
)
def test_row_numbers_are_written_as_ranges(numbers: list[int], words: str) -> None:
    assert ranges_of(numbers) == words


def test_equal_errors_are_one_sentence_that_leads_to_its_rows(browser: Browser) -> None:
    wrong = [row(number, kind_code="压力标") for number in range(1, 5)]
    path = upload(browser, [*wrong, row(5), row(6, kind_code="压力标"), row(7, quantity=9)])
    text = html.unescape(page(browser.get(path)))
    assert "第 2–5、7 行：种别代码 “压力标”不在目录中，是否为“1401 指示类压力表、显示类压力表”？共 5 行" in text
    (address,) = re.findall(r'href="(\?show=errors&field=kind_code[^"]*)"', text)
    narrowed = html.unescape(page(browser.get(path + address)))
    assert re.findall(r'class="lead">第 (\d+) 行', narrowed) == ["2", "3", "4", "5", "7"]


def test_an_error_that_stands_alone_is_not_summarised(browser: Browser) -> None:
    assert "相同的问题" not in page(browser.get(upload(browser, [row(1), row(2, quantity=9)])))


def test_the_preview_says_where_each_row_would_go(ledger_app: Flask, browser: Browser) -> None:
    with ledger_app.app_context(), unit_of_work():
        CapabilityFactory(institution=InstitutionFactory(name="张店区计量所"), areas=["370303"])
    path = upload(browser, [row(1), row(2, division_code="370302"), row(3, quantity=9)])
    text = page(browser.get(f"{path}?show=new"))
    assert "预计机构" in text and "张店区计量所" in text and "暂无机构" in text
    assert "预计机构" not in page(browser.get(f"{path}?show=errors"))
