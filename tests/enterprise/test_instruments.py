"""The ledger's pages: what a clerk sees, types, and is told."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from backoffice import clock
from backoffice.database import db
from backoffice.models import InstrumentKind, MeasuringInstrument, User
from backoffice.services.ledger_status import has_status
from backoffice.states import ItemStatus, Outcome, UseState, VerificationStatus
from tests.enterprise.ledger_app import browser, ledger_app, ledger_application, signed_in, user
from tests.factories import InstrumentFactory, UserFactory
from tests.services.ledger_samples import typed
from tests.services.test_ledger import book
from tests.web.conftest import Browser

__all__ = ["browser", "ledger_app", "ledger_application", "user"]

LIST = "/enterprise/instruments/"
NEW = "/enterprise/instruments/new"


def page(answer: Any) -> str:
    return str(answer.get_data(as_text=True))


def rows() -> list[MeasuringInstrument]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(MeasuringInstrument).order_by(MeasuringInstrument.id)))


def own(user: User, **values: Any) -> MeasuringInstrument:
    row: MeasuringInstrument = InstrumentFactory(enterprise=user.enterprise, **values)
    db.session.commit()
    return row


def said_beside(html: str, name: str) -> str:
    """The error under a field of the form."""
    found = re.search(rf'id="{name}-error">(.*?)</div>', html, re.DOTALL)
    return re.sub(r"<[^>]+>", "", found[1]) if found else ""


def test_an_empty_ledger_offers_both_ways_to_begin(browser: Browser) -> None:
    html = page(browser.get(LIST))
    assert "台账还是空的" in html
    assert re.search(r'href="/enterprise/instruments/new"[^>]*>新增<', html)
    assert re.search(r'href="/enterprise/imports/new"[^>]*>导入<', html)


def test_a_typed_instrument_is_saved_and_shown_with_what_was_read(browser: Browser) -> None:
    answer = browser.post(NEW, typed(measuring_range="0-1600kPa"))
    assert answer.status_code == 303
    html = page(browser.get(answer.headers["Location"]))
    assert "0～1.6 MPa" in html
    assert "还没有检定记录" in html
    assert browser.get(LIST + "count.json").get_json() == {"count": 1}


def test_the_guides_advice_stands_under_each_label_before_the_mistake(browser: Browser) -> None:
    html = page(browser.get(NEW))
    for advice in ("如以前有证书", "370390", "填“1”", "参照《强检器具目录》"):
        assert advice in html
    assert re.search(r'<input[^>]*id="quantity"[^>]*value="1"', html)
    assert '<optgroup label="14' in html


def test_every_mistake_is_said_beside_its_field_and_nothing_typed_is_lost(browser: Browser) -> None:
    code = db.session.scalar(
        sa.select(InstrumentKind.code)
        .where(InstrumentKind.supervision != "", ~InstrumentKind.supervision.contains("强制检定"))
        .limit(1)
    )
    answer = browser.post(
        NEW, typed(quantity="2", kind_code=code, division_code="370300", is_standard="y", department="特别的科")
    )
    html = page(answer)
    assert answer.status_code == 422
    assert "数量只能填 1" in said_beside(html, "quantity")
    assert "不属于强制检定" in said_beside(html, "kind_code")
    assert "有下级" in said_beside(html, "division_code")
    assert "计量标准" in said_beside(html, "is_standard")
    assert 'value="特别的科"' in html and 'value="370300"' in html
    assert re.search(rf'<option selected value="{code}"', html)
    assert rows() == []


def test_a_duplicate_names_the_row_that_is_there(browser: Browser) -> None:
    browser.post(NEW, typed())
    answer = browser.post(NEW, typed())
    assert answer.status_code == 422
    assert "台账里已有这台器具：压力表 23871" in said_beside(page(answer), "serial_number")


def test_a_purpose_outside_the_kinds_is_saved_and_said(browser: Browser) -> None:
    answer = browser.post(NEW, typed(purpose="trade"))
    assert "仅在用于安全防护所列情形时属强制检定" in page(browser.get(answer.headers["Location"]))


def test_a_division_may_be_typed_by_name_or_picked(browser: Browser) -> None:
    browser.post(NEW, typed(division_code="370302 淄川区"))
    browser.post(NEW, typed(division_code="淄博市淄川区", serial_number="2"))
    assert [row.division_code for row in rows()] == ["370302", "370302"]
    offered = browser.get("/enterprise/instruments/lookup/division_code?q=淄川").get_json()
    assert "370302 淄川区" in offered
    assert not any(
        entry.startswith("370300 ")
        for entry in browser.get("/enterprise/instruments/lookup/division_code?q=3703").get_json()
    )


def test_editing_keeps_certificates_out_of_reach_and_refuses_a_stale_form(browser: Browser, user: User) -> None:
    row = own(user)
    edit = f"{LIST}{row.id}/edit"
    values = typed(serial_number=row.serial_number, department="一车间", version="1", certificate_number="X-1")
    assert browser.post(edit, values).status_code == 303
    assert (rows()[0].department, rows()[0].certificate_number) == ("一车间", None)
    assert browser.post(edit, {**values, "department": "二车间"}).status_code == 409
    assert rows()[0].department == "一车间"


def test_a_locked_row_says_by_which_slip(browser: Browser, user: User) -> None:
    row = own(user)
    book(row, ItemStatus.ACCEPTED)
    db.session.commit()
    edit = f"{LIST}{row.id}/edit"
    assert f"预约单 YD-{row.id} 正在办理" in page(browser.get(edit))
    answer = browser.post(edit, typed(serial_number=row.serial_number, division_code="370302", version="1"))
    assert answer.status_code == 422
    assert f"YD-{row.id}" in said_beside(page(answer), "division_code")
    assert "正在预约检定" in page(browser.get(f"{LIST}{row.id}"))


def test_copying_fills_everything_but_the_numbers(browser: Browser, user: User) -> None:
    row = own(user, serial_number="NEVER-COPIED")
    html = page(browser.get(f"{NEW}?copy={row.id}"))
    assert 'value="一车间空压机房"' in html
    assert "NEVER-COPIED" not in html


def test_search_finds_any_two_characters_and_filters_narrow(browser: Browser, user: User) -> None:
    own(user, name="压力表", serial_number="23871")
    own(user, name="燃油加油机", kind_code="0601", serial_number="T3-1187")
    assert "T3-1187" in page(browser.get(f"{LIST}?q=油机")) and "23871" not in page(browser.get(f"{LIST}?q=油机"))
    assert "23871" in page(browser.get(f"{LIST}?q=387")) and "T3-1187" not in page(browser.get(f"{LIST}?q=387"))
    html = page(browser.get(f"{LIST}?kind=0601"))
    assert "T3-1187" in html and "23871" not in html


def test_tabs_count_what_they_show(browser: Browser, user: User) -> None:
    today = clock.today()
    own(user, serial_number="over", declared_valid_until=today - timedelta(days=1))
    own(user, serial_number="soon", declared_valid_until=today + timedelta(days=3))
    own(user, serial_number="none")
    own(user, serial_number="gone", use_state=UseState.STOPPED)
    html = page(browser.get(LIST))
    for label in ("全部 4", "在用 3", "即将到期 1", "超期 1", "未检定 1", "停用 1"):
        assert label in html
    assert "over" in page(browser.get(f"{LIST}?tab=overdue"))


def test_the_status_of_a_query_is_the_status_of_the_row(ledger_app: Flask) -> None:
    today, schemes = clock.today(), ("0101", "0102", "1401")
    days = (None, today - timedelta(days=1), today, today + timedelta(days=30), today + timedelta(days=31))
    for kind in schemes:
        for until in days:
            for verified in (None, today - timedelta(days=9)):
                for outcome in (None, Outcome.PASSED, Outcome.NOT_PASSED):
                    InstrumentFactory(
                        kind_code=kind,
                        verified_on=verified,
                        outcome=outcome,
                        valid_until=until if verified else None,
                        declared_valid_until=None if verified else until,
                    )
    every = db.session.scalars(sa.select(MeasuringInstrument)).all()
    for status in VerificationStatus:
        criterion = has_status(status, today=today, soon_days=30)
        found = set(db.session.scalars(sa.select(MeasuringInstrument.id).where(criterion)))
        assert found == {row.id for row in every if row.verification_status(today=today, soon_days=30) is status}, (
            status
        )


def test_use_is_changed_singly_and_in_batch_with_a_reason(browser: Browser, user: User) -> None:
    first, second = own(user), own(user)
    assert browser.post(f"{LIST}{first.id}/stop", {"reason": ""}).status_code == 422
    assert browser.post(f"{LIST}{first.id}/stop", {"reason": "停产检修"}).status_code == 303
    assert browser.post(f"{LIST}{first.id}/other-use", {"reason": "转让", "state": "transferred"}).status_code == 303
    batch = {"ids": [str(first.id), str(second.id)], "confirmed": "1", "reason": "换新"}
    assert browser.post(f"{LIST}batch/scrap", batch).status_code == 303
    assert {row.use_state for row in rows()} == {UseState.SCRAPPED}
    html = page(browser.get(f"{LIST}{first.id}"))
    assert "报废：换新" in html and "停用：停产检修" in html


def test_another_enterprise_sees_nothing_of_it(ledger_app: Flask, browser: Browser, user: User) -> None:
    foreign: MeasuringInstrument = InstrumentFactory(serial_number="FOREIGN-1")
    db.session.commit()
    assert "FOREIGN-1" not in page(browser.get(LIST))
    for path in ("", "/edit", "/delete", "/stop"):
        assert browser.get(f"{LIST}{foreign.id}{path}").status_code == 404
    assert browser.get(f"{NEW}?copy={foreign.id}").status_code == 404
    other = signed_in(ledger_app, UserFactory(regulator=True))
    db.session.commit()
    assert other.get(LIST).status_code == 404


@pytest.mark.parametrize("query", ["q=%00", "copy=abc", "tab=zzz", "kind=%27", "status=zzz", "after=!!", "q=a"])
def test_strange_questions_are_answered_all_the_same(browser: Browser, query: str) -> None:
    assert browser.get(f"{LIST}?{query}").status_code == 200
