"""批量新增 on its page: preview, then all or nothing; every wrong number said beside its field."""

from __future__ import annotations

import re
from typing import Any

from backoffice.models import User
from tests.enterprise.ledger_app import browser, ledger_app, ledger_application, user
from tests.enterprise.test_instruments import LIST, own, page, rows, said_beside
from tests.services.ledger_samples import typed
from tests.web.conftest import Browser

__all__ = ["browser", "ledger_app", "ledger_application", "user"]

MANY = "/enterprise/instruments/new-many"


def common(**numbers: Any) -> dict[str, Any]:
    values = typed(**numbers)
    for name in ("quantity", "management_number", "sub_number"):
        del values[name]
    if "serial_number" not in numbers:
        del values["serial_number"]
    return values


def test_the_list_leads_to_it_and_it_asks_for_no_single_number(browser: Browser) -> None:
    assert f'href="{MANY}"' in page(browser.get(LIST))
    html = page(browser.get(MANY))
    assert "三种写法填一种" in html and 'name="management_number"' not in html and 'name="quantity"' not in html
    assert 'name="declared_valid_until"' not in html and 'name="season"' in html


def test_a_preview_counts_and_changes_nothing_then_all_are_entered(browser: Browser) -> None:
    numbers = common(first_number="A0098", last_number="A0103", oil_product="92 号汽油")
    seen = browser.post(MANY, {**numbers, "go": "preview"})
    html = page(seen)
    assert seen.status_code == 200 and rows() == []
    assert "将新增 6 台（件）" in html and "A0098、A0099、A0100、A0101、A0102、A0103" in html
    assert re.search(r'name="go" value="save">新增 6 台（件）<', html)
    assert browser.post(MANY, {**numbers, "go": "save"}).status_code == 303
    assert [row.serial_number for row in rows()] == [f"A{number:04d}" for number in range(98, 104)]
    assert {row.oil_product for row in rows()} == {"92 号汽油"}
    assert "已新增 6 台（件）" in page(browser.get(LIST))


def test_a_double_click_enters_them_once(browser: Browser) -> None:
    values = {**common(numbers="1 2"), "go": "save", "form_key": "k" * 24}
    assert browser.post(MANY, values).status_code == browser.post(MANY, values).status_code == 303
    assert len(rows()) == 2


def test_forty_eight_nozzles_are_shown_shortened_and_entered(browser: Browser) -> None:
    nozzles = common(serial_number="T3-1187", nozzles="1-48", kind_code="0601", name="燃油加油机")
    html = page(browser.post(MANY, {**nozzles, "go": "preview"}))
    assert "将新增 48 台（件）" in html and "T3-1187/1、" in html and "、…、" in html
    browser.post(MANY, {**nozzles, "go": "save"})
    assert [row.sub_number for row in rows()] == [str(number) for number in range(1, 49)]


def test_bad_numbers_are_named_beside_their_field_and_nothing_is_lost(browser: Browser, user: User) -> None:
    browser.post(MANY, {**common(numbers="A1"), "go": "save"})
    answer = browser.post(MANY, {**common(numbers="A1\nA2\nA3", place_of_use=""), "go": "save"})
    html = page(answer)
    assert answer.status_code == 422 and "请填写此项" in said_beside(html, "place_of_use")
    answer = browser.post(MANY, {**common(numbers="A1\nA2\nA3"), "go": "save"})
    html = page(answer)
    assert answer.status_code == 422 and f"A1（{rows()[0].id}）" in said_beside(html, "numbers")
    assert "A1\nA2\nA3" in html.replace("\r", "")
    assert len(rows()) == 1


def test_copying_and_batch_are_not_confused_with_a_record(browser: Browser, user: User) -> None:
    own(user)
    assert browser.get(MANY).status_code == 200
    assert browser.get(f"{LIST}new-lots").status_code == 404
