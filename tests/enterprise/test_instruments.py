"""The ledger's pages: what a clerk sees, types, and is told."""

from __future__ import annotations

import io
import re
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from openpyxl import load_workbook

from backoffice import clock
from backoffice.database import db
from backoffice.models import Appointment, InstrumentKind, MeasuringInstrument, User
from backoffice.models.instrument import FIRST_ONLY_SCHEME, ROTATION_SCHEME
from backoffice.services import acceptance, appointment_drafts
from backoffice.services.ledger_schemes import never_booked, why_never_booked
from backoffice.services.ledger_status import has_status
from backoffice.states import ItemStatus, Outcome, ReturnCode, UseState, VerificationStatus
from tests.enterprise.ledger_app import browser, ledger_app, ledger_application, signed_in, user
from tests.factories import InstrumentFactory, UserFactory, actor_of
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


def exported(browser: Browser, query: str = "") -> dict[str, Any]:
    """The first row of the exported list, by heading."""
    answer = browser.get(f"{LIST}export.xlsx{query}")
    sheet = load_workbook(io.BytesIO(answer.data)).active
    return dict(zip(*list(sheet.iter_rows(values_only=True))[:2], strict=True))


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


def test_a_kind_is_found_by_code_name_and_what_people_call_it_without_any_script(browser: Browser) -> None:
    kind = db.session.scalars(
        sa.select(InstrumentKind)
        .where(
            InstrumentKind.is_in_force, InstrumentKind.supervision.contains("强制检定"), InstrumentKind.aliases != []
        )
        .order_by(InstrumentKind.code)
        .limit(1)
    ).one()
    code, name, alias = kind.code, kind.name, kind.aliases[0]
    html = page(browser.get(NEW))
    assert re.search(r'<input[^>]*id="kind_code"[^>]*list="kind_code-list"|list="kind_code-list"[^>]*', html)
    assert re.search(rf'<option value="{code} {re.escape(name)}">[^<]*又叫：[^<]*{re.escape(alias)}', html)
    assert "目录没有写明是否属于强制检定" in html
    for number, words in enumerate((code, name, alias, f"{code} {name}")):
        assert browser.post(NEW, typed(kind_code=words, serial_number=f"K{number}")).status_code == 303, words
    assert {row.kind_code for row in rows()} == {code}
    edit = page(browser.get(f"{LIST}{rows()[0].id}/edit"))
    assert re.search(rf'id="kind_code"[^>]*value="{code} {re.escape(name)}"', edit)


def test_a_new_instrument_begins_at_the_enterprises_own_place(browser: Browser, user: User) -> None:
    enterprise = user.enterprise
    for url in (NEW, f"{LIST}new-many"):
        html = page(browser.get(url))
        assert re.search(rf'id="place_of_use"[^>]*value="{enterprise.address}"', html)
        assert re.search(rf'id="division_code"[^>]*value="{enterprise.division_code} ', html)
    row = own(user, place_of_use="一车间", division_code="370302")
    assert 'value="一车间"' in page(browser.get(f"{NEW}?copy={row.id}"))


def test_a_form_does_not_speak_of_spreadsheets(browser: Browser) -> None:
    html = page(browser.post(NEW, typed(quantity="2", serial_number="1.2E+15")))
    assert "不能登记" in said_beside(html, "quantity")
    for words in ("表格软件把", "单元格", "导入"):
        assert words not in said_beside(html, "quantity") + said_beside(html, "serial_number")


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
    assert re.search(rf'id="kind_code"[^>]*value="{code}"', html)
    assert rows() == []


def test_a_duplicate_names_the_row_that_is_there(browser: Browser) -> None:
    browser.post(NEW, typed())
    answer = browser.post(NEW, typed())
    assert answer.status_code == 422
    html = page(answer)
    assert "台账里已有这台器具：压力表 23871" in said_beside(html, "serial_number")
    assert f'<a href="{LIST}{rows()[0].id}">查看这台器具</a>' in html


def test_a_duplicate_nozzle_names_the_nozzles_row_and_another_nozzle_is_entered(browser: Browser) -> None:
    browser.post(NEW, typed(sub_number="1"))
    assert browser.post(NEW, typed(sub_number="2")).status_code == 303
    answer = browser.post(NEW, typed(sub_number="2"))
    html = page(answer)
    assert answer.status_code == 422
    assert "压力表 23871/2" in said_beside(html, "serial_number")
    assert f'href="{LIST}{rows()[1].id}"' in html


OPTIONAL = {
    "purchased_on": "2020-05-01",
    "oil_product": "92 号汽油",
    "stall_number": "Ａ12",
    "stall_operator": "孙秀英",
    "stall_phone": "13905330001",
    "season": "6 月至 9 月",
    "production_code": "SC-1",
    "repair_code": "WX-1",
    "verification_code": "JD-1",
    "seal_number": "FY-1",
}


def test_optional_columns_are_folded_away_kept_shown_and_exported(browser: Browser) -> None:
    html = page(browser.get(NEW))
    assert re.search(r'<details class="fold"><summary>更多（选填）</summary>', html)
    for advice in ("发票或验收单", "封印破损", "修理单位给的维修码", "按上一张检定证书"):
        assert advice in html
    answer = browser.post(NEW, typed(**OPTIONAL))
    assert answer.status_code == 303
    row = rows()[0]
    assert (row.purchased_on, row.stall_number, row.seal_number) == (date(2020, 5, 1), "A12", "FY-1")
    html = page(browser.get(answer.headers["Location"]))
    assert all(each in html for each in ("2020-05-01", "92 号汽油", "孙秀英", "封印（铅封）号", "FY-1"))
    assert re.search(r'<details class="fold" open><summary>更多（选填）', page(browser.get(f"{LIST}{row.id}/edit")))
    cells = exported(browser)
    assert (cells["油品"], cells["购置日期"], cells["摊位号"]) == ("92 号汽油", "2020-05-01", "A12")


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("purchased_on", "2099-01-01", "还没有到"),
        ("purchased_on", "上个月", "不是能识别的日期"),
        ("stall_phone", "没有", "不像电话号码"),
        ("season", "长" * 33, "最多 32 个"),
        ("declared_verified_on", "2099-01-01", "还没有到"),
        ("declared_valid_until", "2019-01-01", "不能早于上次检定日期 2020-01-01"),
    ],
)
def test_a_mistake_in_an_optional_column_is_said_beside_it(browser: Browser, name: str, value: str, said: str) -> None:
    answer = browser.post(NEW, typed(**{"declared_verified_on": "2020-01-01", name: value}))
    assert answer.status_code == 422
    html = page(answer)
    assert said in said_beside(html, name)
    assert f'value="{value}"' in html
    assert rows() == []


def test_a_declared_certificate_is_marked_counts_as_due_and_gives_way_to_a_result(browser: Browser) -> None:
    until = clock.today() - timedelta(days=3)
    declared = {
        "declared_verified_on": (until - timedelta(days=364)).isoformat(),
        "declared_valid_until": until.isoformat(),
        "declared_certificate_number": "LX-2025-1",
        "declared_institution": "淄博市计量技术研究院",
    }
    answer = browser.post(NEW, typed(**declared))
    html = page(browser.get(answer.headers["Location"]))
    assert "上次检定（企业自报，未核实）" in html and "LX-2025-1" in html
    assert f"检定已于 {until} 到期（企业自报，未核实）" in html
    overdue = page(browser.get(f"{LIST}?tab=overdue"))
    assert "23871" in overdue and f"{until}（自报）" in overdue
    assert exported(browser)["上次证书编号（企业自报，未核实）"] == "LX-2025-1"
    row = rows()[0]
    row.verified_on, row.valid_until, row.outcome = clock.today(), clock.today() + timedelta(days=364), Outcome.PASSED
    db.session.commit()
    html = page(browser.get(f"{LIST}{row.id}"))
    assert "企业自报" not in html
    assert "23871" not in page(browser.get(f"{LIST}?tab=overdue"))
    assert 'name="declared_valid_until"' not in page(browser.get(f"{LIST}{row.id}/edit"))
    changed = {"declared_certificate_number": "LX-2", "version": str(rows()[0].version)}
    answer = browser.post(f"{LIST}{row.id}/edit", typed(**changed))
    assert answer.status_code == 422 and rows()[0].declared_certificate_number == "LX-2025-1"


def test_a_kind_to_be_confirmed_is_accepted_marked_and_can_be_filtered(browser: Browser) -> None:
    code = db.session.scalar(sa.select(InstrumentKind.code).where(InstrumentKind.supervision == "").limit(1))
    own_kind = None
    if code is None:
        own_kind = db.session.get_one(InstrumentKind, "1401")
        supervision, own_kind.supervision = own_kind.supervision, ""
        db.session.commit()
        code = "1401"
    try:
        browser.post(NEW, typed(serial_number="SURE", kind_code="0601"))
        answer = browser.post(NEW, typed(serial_number="UNSURE", kind_code=code))
        assert answer.status_code == 303
        html = page(browser.get(answer.headers["Location"]))
        assert "是否属于强制检定待确认；可以登记，由市场监管部门核对" in html
        listed = page(browser.get(f"{LIST}?tab=open"))
        assert "UNSURE" in listed and "（待确认）" in listed and "SURE<" not in listed.replace("UNSURE<", "")
    finally:
        if own_kind is not None:
            db.session.get_one(InstrumentKind, "1401").supervision = supervision
            db.session.commit()


def test_a_purpose_outside_the_kinds_is_saved_and_said(browser: Browser) -> None:
    answer = browser.post(NEW, typed(purpose="trade"))
    assert "仅在用于安全防护所列情形时属强制检定" in page(browser.get(answer.headers["Location"]))


def test_a_division_may_be_typed_by_name_or_picked(browser: Browser) -> None:
    browser.post(NEW, typed(division_code="370302 淄川区"))
    browser.post(NEW, typed(division_code="淄博市淄川区", serial_number="2"))
    browser.post(NEW, typed(division_code="淄川", serial_number="3"))
    assert [row.division_code for row in rows()] == ["370302", "370302", "370302"]
    contradictory = browser.post(NEW, typed(division_code="370302 张店区", serial_number="4"))
    assert contradictory.status_code == 422 and said_beside(page(contradictory), "division_code")
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
    never = dict.fromkeys(("serial_number", "sub_number", "management_number", "seal_number"), "NEVER-COPIED")
    row = own(user, **never, declared_certificate_number="NEVER-COPIED", certificate_number="NEVER-COPIED", season="夏")
    html = page(browser.get(f"{NEW}?copy={row.id}"))
    assert 'value="一车间空压机房"' in html and 'value="夏"' in html
    assert "NEVER-COPIED" not in html
    button = f'href="/enterprise/instruments/new?copy={row.id}"'
    assert button in page(browser.get(LIST)) and button in page(browser.get(f"{LIST}{row.id}"))


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


@pytest.mark.parametrize("state", ["sealed", "lost", "transferred"])
def test_every_other_use_is_recorded_singly_and_in_batch_and_taken_back(
    browser: Browser, user: User, state: str
) -> None:
    first, second = own(user), own(user)
    values = {"reason": "按规定办理", "state": state}
    assert browser.post(f"{LIST}{first.id}/other-use", {**values, "reason": ""}).status_code == 422
    assert browser.post(f"{LIST}{first.id}/other-use", values).status_code == 303
    batch = {"ids": [str(first.id), str(second.id)], "confirmed": "1"}
    assert browser.post(f"{LIST}batch/other-use", {**batch, **values}).status_code == 303
    assert {(row.use_state.value, row.use_state_reason, row.use_state_on) for row in rows()} == {
        (state, "按规定办理", clock.today())
    }
    assert browser.post(f"{LIST}batch/start", {**batch, "reason": ""}).status_code == 303
    assert {row.use_state for row in rows()} == {UseState.IN_USE}


def test_a_booked_instrument_stops_the_whole_batch_with_its_slips_number(browser: Browser, user: User) -> None:
    free, booked = own(user), own(user)
    book(booked, ItemStatus.ACCEPTED)
    db.session.commit()
    batch = {"ids": [str(free.id), str(booked.id)], "confirmed": "1", "reason": "停产"}
    answer = browser.post(f"{LIST}batch/stop", batch)
    assert answer.status_code == 409 and f"YD-{booked.id}" in page(answer)
    assert {row.use_state for row in rows()} == {UseState.IN_USE}


def test_an_instrument_verified_once_says_that_it_is_not_booked_again(browser: Browser, user: User) -> None:
    verified = {"verified_on": clock.today() - timedelta(days=400), "outcome": Outcome.PASSED}
    scrap = own(user, kind_code=kind_of(FIRST_ONLY_SCHEME), **verified)
    ended = clock.today() - timedelta(days=1)
    rotate = own(user, kind_code=kind_of(ROTATION_SCHEME), valid_until=ended, **verified)
    new = own(user, kind_code=kind_of(ROTATION_SCHEME))
    assert "失准报废：不需要再预约检定" in page(browser.get(f"{LIST}{scrap.id}"))
    assert f"使用期限已于 {ended} 到期，请更换（轮换）；不需要预约检定" in page(browser.get(f"{LIST}{rotate.id}"))
    assert "还没有检定记录，请预约检定" in page(browser.get(f"{LIST}{new.id}"))
    every = db.session.scalars(sa.select(MeasuringInstrument)).all()
    never = set(db.session.scalars(sa.select(MeasuringInstrument.id).where(never_booked())))
    assert never == {row.id for row in every if why_never_booked(row) is not None} == {scrap.id, rotate.id}


def kind_of(scheme: str) -> str:
    return str(
        db.session.scalar(sa.select(InstrumentKind.code).where(InstrumentKind.verification_scheme == scheme).limit(1))
    )


def test_the_timeline_tells_filing_changes_bookings_and_receipts_newest_first(browser: Browser, user: User) -> None:
    browser.post(NEW, typed())
    row = rows()[0]
    change = typed(purpose="trade", measuring_range="(0～2.5) MPa", version="1")
    assert browser.post(f"{LIST}{row.id}/edit", change).status_code == 303
    item = book(rows()[0], ItemStatus.AWAITING_ACCEPTANCE)
    item.appointment.submitted_at = clock.now()
    db.session.commit()
    desk = actor_of(UserFactory(of_institution=True, institution=item.institution))
    acceptance.return_items(desk, item.slip_id, item_ids=[item.id], code=ReturnCode.WRONG_SERIAL, words="铭牌看不清")
    db.session.commit()
    browser.post(f"{LIST}{row.id}/stop", {"reason": "停产检修"})
    html = page(browser.get(f"{LIST}{row.id}"))
    told = re.findall(r"<li><time[^>]*>[^<]*</time>(.*?)</li>", html, re.DOTALL)
    lines = [re.sub(r"<[^>]+>", "", each) for each in told]
    expected = ("停用：停产检修", "铭牌看不清", f"提交预约 YY-{row.id}", "贸易结算", "登记入台账")
    places = [next(place for place, line in enumerate(lines) if words in line) for words in expected]
    assert places == sorted(places)
    change_line = next(line for line in lines if "贸易结算" in line)
    assert "器具用途 安全防护 → 贸易结算" in change_line
    assert "测量范围 (0～1.6) MPa → (0～2.5) MPa" in change_line


def test_another_enterprise_sees_nothing_of_it(ledger_app: Flask, browser: Browser, user: User) -> None:
    foreign: MeasuringInstrument = InstrumentFactory(serial_number="FOREIGN-1")
    db.session.commit()
    assert "FOREIGN-1" not in page(browser.get(LIST))
    for path in ("", "/edit", "/delete", "/stop", "/filing", "/filing.pdf"):
        assert browser.get(f"{LIST}{foreign.id}{path}").status_code == 404
    assert browser.get(f"{NEW}?copy={foreign.id}").status_code == 404
    other = signed_in(ledger_app, UserFactory(regulator=True))
    db.session.commit()
    assert other.get(LIST).status_code == 404


@pytest.mark.parametrize("query", ["q=%00", "copy=abc", "tab=zzz", "kind=%27", "status=zzz", "after=!!", "q=a"])
def test_strange_questions_are_answered_all_the_same(browser: Browser, query: str) -> None:
    assert browser.get(f"{LIST}?{query}").status_code == 200


# From the ledger to a booking


def test_an_instrument_leads_to_a_draft_that_holds_it_and_back_to_that_draft(browser: Browser, user: User) -> None:
    row = own(user)
    html = page(browser.get(f"{LIST}{row.id}"))
    assert f'action="/enterprise/appointments/new?instrument={row.id}"' in html
    place = actor_of(user)
    draft = appointment_drafts.create_draft(place)
    appointment_drafts.choose(place, draft.id, [row.id])
    db.session.commit()
    html = page(browser.get(f"{LIST}{row.id}"))
    assert f'href="/enterprise/appointments/{draft.id}"' in html
    assert "回到预约草稿" in html


def test_ticked_rows_are_booked_together(browser: Browser, user: User) -> None:
    first, second = own(user), own(user)
    answer = browser.post(f"{LIST}batch/book", {"ids": [str(first.id), str(second.id)], "confirmed": "1"})
    (draft,) = db.session.scalars(sa.select(Appointment)).all()
    assert answer.location == f"/enterprise/appointments/{draft.id}"
    assert {item.instrument_id for item in draft.items} == {first.id, second.id}
    first.use_state = UseState.STOPPED
    db.session.commit()
    refused = browser.post(f"{LIST}batch/book", {"ids": [str(first.id)], "confirmed": "1"})
    assert refused.status_code == 422
    assert "请先在台账中启用再预约" in page(refused)
