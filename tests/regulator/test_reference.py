"""Reference data in the browser: option lists, working days, items; deleted only where nothing refers to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date

import pytest

from backoffice.database import db
from backoffice.models import CatalogueItem, OptionValue, User, WorkingDayOverride
from backoffice.services import areas, ledger_reference
from tests import factories
from tests.regulator.conftest import Browser

BrowserOf = Callable[[User], Browser]
NOUNS = ("options", "working-days", "catalogue-items")


@pytest.fixture(autouse=True)
def leave_the_lists_as_they_were(panel_app: object) -> Iterator[None]:
    """Reference tables are not emptied between tests."""
    yield
    db.session.rollback()
    db.session.query(OptionValue).filter(OptionValue.code.notin_(("domestic", "imported"))).delete()
    db.session.query(CatalogueItem).filter(CatalogueItem.code == "99").delete()
    db.session.commit()


def test_an_option_is_added_offered_stopped_and_started(city: User, browser_of: BrowserOf) -> None:
    browser = browser_of(city)
    made = browser.post(
        "/regulator/options/new", {"list_code": "origin", "code": "bonded", "label": "保税区", "position": "3"}
    )
    assert made.status_code == 303, made.get_data(as_text=True)
    assert ledger_reference.origins()["bonded"] == "保税区"
    assert browser.post(f"{made.location}/stop", {"reason": ""}).status_code == 422
    assert browser.post(f"{made.location}/stop", {"reason": "不再使用"}).status_code == 303
    assert "bonded" not in ledger_reference.origins()
    page = browser.text(made.location)
    assert "已停用" in page and "不再使用" in page and "启用 是 → 否" in page
    assert browser.post(f"{made.location}/restart", {"reason": "恢复"}).status_code == 303
    assert browser.post(f"{made.location}/delete").status_code == 303
    assert browser.get(made.location).status_code == 404


def test_what_ledgers_name_is_stopped_not_deleted(city: User, browser_of: BrowserOf) -> None:
    factories.InstrumentFactory(origin="domestic")
    row = db.session.query(OptionValue).filter_by(code="domestic").one()
    url = f"/regulator/options/{row.id}"
    browser = browser_of(city)
    assert f"{url}/delete" not in browser.text(url)
    answer = browser.post(f"{url}/delete")
    assert answer.status_code == 409 and "不能删除" in answer.get_data(as_text=True)
    assert browser.post("/regulator/catalogue-items/14/delete").status_code == 409


def test_a_duplicate_is_refused_beside_its_field(city: User, browser_of: BrowserOf) -> None:
    browser = browser_of(city)
    answer = browser.post(
        "/regulator/options/new", {"list_code": "origin", "code": "domestic", "label": "国产", "position": "1"}
    )
    assert answer.status_code == 422 and "已经有这一条：国产" in answer.get_data(as_text=True)
    answer = browser.post("/regulator/catalogue-items/new", {"code": "14", "name": "又一个"})
    assert answer.status_code == 422 and 'class="said"' in answer.get_data(as_text=True)


def test_a_working_day_is_declared_changed_and_taken_back(city: User, browser_of: BrowserOf) -> None:
    browser = browser_of(city)
    url = browser.post("/regulator/working-days/new", {"day": "2027-02-11", "note": "市里通知放假"}).location
    assert url.endswith("/2027-02-11") and areas.overrides() == {date(2027, 2, 11): False}
    assert "2027-02-11（周四）" in browser.text("/regulator/working-days/")
    changed = browser.post(f"{url}/edit", {"is_working": "y", "note": "照常上班", "day": "2030-01-01"})
    assert changed.status_code == 303 and areas.overrides() == {date(2027, 2, 11): True}
    assert "市里通知放假 → 照常上班" in browser.text(url)
    assert browser.post(f"{url}/delete").status_code == 303 and areas.overrides() == {}


def test_an_item_is_added_renamed_and_deleted(city: User, browser_of: BrowserOf) -> None:
    browser = browser_of(city)
    refused = browser.post("/regulator/catalogue-items/new", {"code": "9x", "name": "新项别"})
    assert refused.status_code == 422 and "2 位数字" in refused.get_data(as_text=True)
    url = browser.post("/regulator/catalogue-items/new", {"code": "99", "name": "新项别"}).location
    assert browser.post(f"{url}/edit", {"name": "改名项别"}).status_code == 303
    page = browser.text(url)
    assert "改名项别" in page and "新项别 → 改名项别" in page
    assert browser.post(f"{url}/delete").status_code == 303
    assert db.session.get(CatalogueItem, "99") is None


def test_an_item_is_stopped_with_a_reason_and_its_kinds_with_it(city: User, browser_of: BrowserOf) -> None:
    browser = browser_of(city)
    url = "/regulator/catalogue-items/14"
    try:
        assert "个种别都不能再新增和预约" in browser.text(f"{url}/stop")
        assert browser.post(f"{url}/stop", {"reason": ""}).status_code == 422
        assert browser.post(f"{url}/stop", {"reason": "公告调整"}).status_code == 303
        page = browser.text(url)
        assert "已停用" in page and "公告调整" in page and "启用 是 → 否" in page
        kind = browser.text("/regulator/kinds/1401")
        assert "已停用" in kind and "/regulator/kinds/1401/stop" not in kind
        assert "/regulator/kinds/1401" in browser.text("/regulator/kinds/?tab=retired")
        assert "/regulator/kinds/1401" not in browser.text("/regulator/kinds/?tab=all&q=1401")
        assert '<option value="1401"' not in browser.text("/regulator/capabilities/new")
    finally:
        assert browser.post(f"{url}/restart", {"reason": "恢复"}).status_code == 303
    assert "/regulator/kinds/1401" in browser.text("/regulator/kinds/?tab=all&q=1401")


@pytest.mark.parametrize("noun", NOUNS)
def test_who_may_not_edit_reference_data_reads_it(district: User, browser_of: BrowserOf, noun: str) -> None:
    db.session.add(WorkingDayOverride(day=date(2027, 2, 11), is_working=False))
    browser = browser_of(district)
    assert (
        "新增" not in browser.text(f"/regulator/{noun}/").partition('class="page-head"')[2].partition("</h1>")[2][:400]
    )
    assert browser.get(f"/regulator/{noun}/new").status_code == 404
    assert browser.get(f"/regulator/{noun}/export.xlsx").status_code == 200


@pytest.mark.parametrize("key", ["2027-13-01", "20270211", "x", "2027-02-11 "])
def test_a_malformed_day_in_the_address_is_missing(city: User, browser_of: BrowserOf, key: str) -> None:
    assert browser_of(city).get(f"/regulator/working-days/{key}").status_code == 404


def test_a_long_history_is_read_page_by_page(city: User, browser_of: BrowserOf) -> None:
    browser = browser_of(city)
    url = browser.post("/regulator/working-days/new", {"day": "2027-02-11", "note": "第 0 次"}).location
    for number in range(1, 23):
        browser.post(f"{url}/edit", {"note": f"第 {number} 次"})
    page = browser.text(url)
    assert "第 21 次 → 第 22 次" in page and "第 0 次 → 第 1 次" not in page and "更早的记录" in page
    older = page.partition('href="?before=')[2].partition("#")[0]
    second = browser.text(f"{url}?before={older}")
    assert "第 0 次 → 第 1 次" in second and "回到最新" in second and "更早的记录" not in second
    assert browser.get(f"{url}?before=-1").status_code == 200
    assert browser.get(f"{url}?before={'9' * 30}").status_code == 200
