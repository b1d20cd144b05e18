"""The base view's promises, on a sample view of the real ledger: closed, scoped, hardened, usable."""

from __future__ import annotations

import hashlib
import io
import re
from datetime import date
from pathlib import Path

import flask_admin
import openpyxl
import pytest
from sqlalchemy import event, func, select

from backoffice.actor import Role
from backoffice.admin_views.base import PanelView, ScopedModelView, UnguardedView
from backoffice.admin_views.panel import Panel
from backoffice.database import db
from backoffice.models import InstrumentKind, MeasuringInstrument
from backoffice.permissions import P
from backoffice.states import UseState
from tests.factories import InstrumentFactory, UserFactory
from tests.web import sample
from tests.web.conftest import forget_last_request

LIST = "/enterprise/instruments/"
GOOD = {
    "name": "压力表",
    "kind_code": "1401",
    "serial_number": "A-1",
    "manufacturer": "青岛华青",
    "measuring_range": "(0～1.6) MPa",
    "division_code": "370303",
    "place_of_use": "一车间",
    "purpose": "safety",
    "delivery_mode": "send_in",
    "valid_until": "2027-05-09",
}


def page(answer):
    return answer.get_data(as_text=True)


def count():
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(MeasuringInstrument))


def again(row):
    db.session.rollback()
    return db.session.get(MeasuringInstrument, row.id, populate_existing=True)


@pytest.fixture
def own(clerk):
    return InstrumentFactory(enterprise=clerk.enterprise, name="自家的表", serial_number="OWN-1")


@pytest.fixture
def foreign(stranger):
    return InstrumentFactory(enterprise=stranger.enterprise, name="别家的表", serial_number="FOREIGN-1")


# Closed by default


def test_a_view_without_a_permission_is_refused(sample_app):
    class Open(PanelView):
        noun, title = "open", "开放"

        @sample.expose("/")
        def index(self):
            return ""

    class OpenModel(ScopedModelView):
        model, noun, title = InstrumentKind, "open", "开放"
        column_list = ("name",)

    for view in (Open, OpenModel, object):
        with pytest.raises(UnguardedView):
            Panel._refuse_unguarded(view)


def test_inline_editing_relation_filters_and_unlisted_forms_are_refused():
    for opened in (
        {"column_editable_list": ("name",)},
        {"column_filters": ("kind",)},
        {"form_ajax_refs": {"kind": {}}},
    ):
        with pytest.raises(UnguardedView):
            type("Opened", (ScopedModelView,), {"permissions": {"view": P.OWN_LEDGER_READ}, **opened})
    with pytest.raises(UnguardedView):
        type("NoColumns", (ScopedModelView,), {"permissions": {"edit": P.OWN_LEDGER_EDIT}})


def test_only_declared_routes_exist(sample_app):
    rules = {rule.rule: rule.endpoint for rule in sample_app.url_map.iter_rules() if "kinds" in rule.rule}
    assert set(rules) == {"/enterprise/kinds/", "/enterprise/kinds/<key>"}
    ledger = {rule.rule.removeprefix(LIST) for rule in sample_app.url_map.iter_rules() if rule.rule.startswith(LIST)}
    assert ledger == {
        "",
        "new",
        "<key>",
        "<key>/edit",
        "<key>/delete",
        "<key>/stop",
        "batch/stop-many",
        "export.xlsx",
        "lookup/<name>",
    }


@pytest.mark.parametrize("url", ["ajax/update/", "ajax/lookup/?name=kind", "action/", "export/csv/", "edit/?id=1"])
def test_upstream_routes_are_gone(browser_of, clerk, own, url):
    browser = browser_of(clerk)
    assert browser.get(LIST + url).status_code == 404
    assert browser.post(LIST + url).status_code in (404, 405)


# Isolation


def test_a_foreign_row_looks_like_a_missing_one_everywhere(browser_of, clerk, own, foreign):
    browser = browser_of(clerk)
    foreign_id = foreign.id
    for path in ("", "/edit", "/delete", "/stop"):
        missing = browser.get(f"{LIST}999999{path}")
        theirs = browser.get(f"{LIST}{foreign_id}{path}")
        assert missing.status_code == theirs.status_code == 404
        assert _without_id(page(missing)) == _without_id(page(theirs))
    for path, data in (("/edit", GOOD), ("/delete", {}), ("/stop", {"reason": "坏了"})):
        assert browser.post(f"{LIST}{foreign_id}{path}", data).status_code == 404
    assert again(foreign).use_state is UseState.IN_USE


def _without_id(text):
    return re.sub(r'<span class="code">\w+</span>|value="[^"]+"|\d{4,}', "", text)


def test_lists_counts_tabs_searches_and_exports_hold_own_rows_only(browser_of, clerk, own, foreign):
    browser = browser_of(clerk)
    listed = page(browser.get(LIST))
    assert "自家的表" in listed
    assert "别家的表" not in listed
    assert "全部 1<" in listed
    assert "没有符合条件的记录" in page(browser.get(LIST + "?q=FOREIGN"))
    book = openpyxl.load_workbook(io.BytesIO(browser.get(LIST + "export.xlsx").data))
    values = [cell for row in book.active.iter_rows(values_only=True) for cell in row]
    assert "自家的表" in values
    assert "别家的表" not in values


def test_a_batch_with_a_foreign_id_changes_nothing(browser_of, clerk, own, foreign):
    ids = [own.id, foreign.id]
    answer = browser_of(clerk).post(LIST + "batch/stop-many", {"ids": ids, "confirmed": "1", "reason": "检修"})
    assert answer.status_code == 404
    assert again(own).use_state is UseState.IN_USE


def test_values_outside_the_form_are_not_accepted(browser_of, clerk, stranger, own):
    hostile = {"enterprise_id": stranger.enterprise_id, "certificate_number": "X", "use_state": "scrapped", "id": "77"}
    number, enterprise_id = own.id, own.enterprise_id
    answer = browser_of(clerk).post(f"{LIST}{number}/edit", {**GOOD, **hostile})
    assert answer.status_code == 303
    changed = again(own)
    assert (changed.enterprise_id, changed.certificate_number, changed.use_state, changed.id) == (
        enterprise_id,
        None,
        UseState.IN_USE,
        number,
    )
    assert changed.name == "压力表"


def test_relation_targets_are_checked_again_within_scope_and_offer(browser_of, clerk, own):
    db.session.get(InstrumentKind, "0101").is_retired = True
    browser = browser_of(clerk)
    try:
        for bad in ({"kind_code": "0101"}, {"kind_code": "no"}, {"kind_code": "x\x00"}, {"division_code": "999999"}):
            answer = browser.post(f"{LIST}{own.id}/edit", {**GOOD, **bad})
            assert answer.status_code == 422, bad
            assert "不在可选范围内" in page(answer)
    finally:
        db.session.get(InstrumentKind, "0101").is_retired = False
        db.session.commit()


def test_look_ups_exist_where_declared_and_stay_small(browser_of, clerk):
    browser = browser_of(clerk)
    assert browser.get(LIST + "lookup/division_code?q=张店").json == ["370303 张店区"]
    assert len(browser.get(LIST + "lookup/division_code?q=&limit=100000").json) == 20
    assert browser.get(LIST + "lookup/kind_code?q=").status_code == 404
    assert browser.get("/enterprise/kinds/lookup/item_code").status_code == 404


def test_another_role_finds_nothing_and_a_visitor_is_sent_to_sign_in(browser_of, regulator, own):
    for url in (LIST, f"{LIST}{own.id}", LIST + "new", LIST + "export.xlsx", "/enterprise/"):
        assert browser_of(regulator).get(url).status_code == 404
        answer = browser_of().get(url)
        assert (answer.status_code, answer.location) == (302, f"/login?next={url}")


def test_a_person_not_yet_approved_is_refused_by_the_permission_itself(browser_of, clerk, own):
    clerk.enterprise.status = "pending"
    assert browser_of(clerk).get(LIST).status_code == 404


# Hostile input


@pytest.mark.parametrize(
    "key", ["abc", "0x1", "-1", "1.5", "9" * 25, "9223372036854775808", "1%00", "%F0%9F%98%80", "01"]
)
def test_malformed_keys_are_missing_rows(browser_of, clerk, own, key):
    assert browser_of(clerk).get(LIST + key).status_code == 404


@pytest.mark.parametrize(
    "query",
    [
        "page=-1",
        "page=100000000000000000000",
        "page_size=-5",
        "q=%00",
        "q=" + "x" * 5000,
        "q=%25%5F%5C%27",
        "q=%ED%A0%80",
        "sort=-nonsense",
        "sort=enterprise_id",
        "sort=%00",
        "tab=%00",
        "purpose=nonsense",
        "purpose=%00",
        "until=2026-13-45",
        "until=0001-01-01",
        "maker=%00%00",
        "after=AAAA",
        "after=" + "A" * 2000,
        "before=W10",
        "after=W251bGwsMTAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMCwxXQ",
        "endpoint=x",
        "export_type=csv",
        "_method=DELETE",
        "self=1",
        "key=1",
        "name=1",
        "url=//evil.example",
        "flt0_0=a",
        "id=999&url=http:host",
    ],
)
def test_hostile_queries_show_a_list(browser_of, clerk, own, query):
    answer = browser_of(clerk).get(f"{LIST}?{query}")
    assert answer.status_code == 200
    assert "evil" not in page(answer)


@pytest.mark.parametrize("sort", ["valid_until", "-valid_until", "name", "serial_number"])
@pytest.mark.parametrize("cursor", ["[1,1,1]", '["x",1,1]', '["9999-99-99","1",1]', '[null,"1",1]', '[{},"1",1]', "[]"])
def test_cursors_of_another_kind_show_a_page(browser_of, clerk, own, sort, cursor):
    import base64

    text = base64.urlsafe_b64encode(cursor.encode()).decode().rstrip("=")
    assert browser_of(clerk).get(f"{LIST}?sort={sort}&after={text}").status_code == 200


def test_a_redirect_never_leaves_the_site(browser_of, clerk, own):
    browser = browser_of(clerk)
    for url in (f"{LIST}{own.id}/edit?url=//evil.example", f"{LIST}{own.id}/edit?url=http:evil.example"):
        assert browser.post(url, GOOD).location == f"{LIST}{own.id}"
    assert browser.get(f"{LIST}999999?url=http:evil.example").status_code == 404


def test_markup_in_a_cell_is_text(browser_of, clerk):
    InstrumentFactory(enterprise=clerk.enterprise, name="<script>alert(1)</script>")
    assert "<script>alert" not in page(browser_of(clerk).get(LIST))


def test_every_change_needs_the_token(browser_of, clerk, own):
    browser = browser_of(clerk)
    for path in ("new", f"{own.id}/edit", f"{own.id}/delete", f"{own.id}/stop", "batch/stop-many"):
        forget_last_request()
        answer = browser.client.post(LIST + path, data=GOOD)
        assert answer.status_code == 400
        assert "页面已过期" in page(answer)
    assert count() == 1


# Lists


def test_pages_follow_each_other_forwards_and_backwards_without_gaps(browser_of, clerk, monkeypatch):
    monkeypatch.setattr(sample.Instruments, "page_size", 4)
    days = [date(2026, 12, 1), None, date(2026, 11, 1), date(2026, 12, 1), None, date(2027, 1, 1)]
    for number in range(18):
        InstrumentFactory(enterprise=clerk.enterprise, name=f"n{number:02}", valid_until=days[number % 6])
    browser = browser_of(clerk)
    for sort in ("", "valid_until", "-valid_until", "name", "-name"):
        url, pages = f"{LIST}?sort={sort}", []
        while url:
            text = page(browser.get(url))
            pages.append(re.findall(r">(n\d\d)</a>", text))
            found = re.search(r'rel="next" href="([^"]+)"', text)
            previous = re.search(r'rel="prev" href="([^"]+)"', text)
            url = found[1].replace("&amp;", "&") if found else ""
            if not url:
                break
        seen = [name for each in pages for name in each]
        assert sorted(seen) == [f"n{number:02}" for number in range(18)], sort
        assert [len(each) for each in pages] == [4, 4, 4, 4, 2]
        back = page(browser.get(previous[1].replace("&amp;", "&")))
        assert re.findall(r">(n\d\d)</a>", back) == pages[-2], sort
        assert "第 13–16 台（件）" in back


def test_a_page_costs_a_fixed_number_of_queries_and_no_offset(browser_of, clerk):
    for _ in range(60):
        InstrumentFactory(enterprise=clerk.enterprise)
    browser = browser_of(clerk)
    statements = []
    listen = lambda *args: statements.append(args[2])  # noqa: E731
    event.listen(db.engine, "before_cursor_execute", listen)
    try:
        assert browser.get(LIST).status_code == 200
    finally:
        event.remove(db.engine, "before_cursor_execute", listen)
    assert len(statements) <= 9
    assert not any("OFFSET" in statement for statement in statements)


def test_counts_stop_at_the_cap_and_say_so(browser_of, clerk, monkeypatch):
    monkeypatch.setattr(sample.Instruments, "count_cap", 2)
    for _ in range(4):
        InstrumentFactory(enterprise=clerk.enterprise, name="表")
    browser = browser_of(clerk)
    assert "全部 2+" in page(browser.get(LIST))
    assert "共 4 台（件）" in page(browser.get(LIST + "?q=表"))


def test_tabs_filters_and_search_narrow_and_show_as_chips(browser_of, clerk, own):
    InstrumentFactory(enterprise=clerk.enterprise, name="过期的秤", valid_until=date(2020, 1, 1))
    browser = browser_of(clerk)
    overdue = page(browser.get(LIST + "?tab=overdue&purpose=safety&until=2026-01-01"))
    assert "过期的秤" in overdue
    assert "自家的表" not in overdue
    assert "用途：安全防护" in overdue
    assert 'aria-label="取消到期日止"' in overdue
    assert "没有符合条件的记录" in page(browser.get(LIST + "?purpose=trade"))


def test_an_empty_list_is_a_beginning(browser_of, clerk):
    text = page(browser_of(clerk).get(LIST))
    assert "台账还是空的" in text
    assert f'href="{LIST}new"' in text


def test_exports_are_text_no_program_runs_and_keep_chinese_names(browser_of, clerk):
    InstrumentFactory(
        enterprise=clerk.enterprise, name='=HYPERLINK("http://evil.example")', valid_until=date(2027, 1, 1)
    )
    answer = browser_of(clerk).get(LIST + "export.xlsx")
    sheet = openpyxl.load_workbook(io.BytesIO(answer.data)).active
    assert [cell.value for cell in sheet[1]][:3] == ["器具名称", "使用状态", "有效期至"]
    assert sheet["A2"].data_type == "s"
    assert sheet["A2"].quotePrefix
    assert sheet["B2"].value == "在用"
    assert sheet["C2"].value == "2027-01-01"
    assert "filename*=UTF-8''%E5%99%A8%E5%85%B7%E5%8F%B0%E8%B4%A6" in answer.headers["Content-Disposition"]


# Forms and actions


def test_a_new_row_belongs_to_the_person_who_made_it(browser_of, clerk):
    answer = browser_of(clerk).post(
        LIST + "new", {**GOOD, "division_code": "370303 张店区", "name": " 压力\u200b表\x00 "}
    )
    row = db.session.scalars(select(MeasuringInstrument)).one()
    assert (answer.status_code, answer.location) == (303, f"{LIST}{row.id}")
    assert (row.enterprise_id, row.name, row.division_code) == (clerk.enterprise_id, "压力 表", "370303")
    assert row.purpose.value == "safety"


def test_a_refused_form_keeps_what_was_typed_and_says_why_beside_the_field(browser_of, clerk):
    browser = browser_of(clerk)
    answer = browser.post(LIST + "new", {**GOOD, "name": "", "manufacturer": "保留我", "division_code": "保留我也"})
    text = page(answer)
    assert answer.status_code == 422
    assert "请填写此项。" in text
    assert 'value="保留我"' in text
    assert 'value="保留我也"' in text
    answer = browser.post(LIST + "new", {**GOOD, "serial_number": "duplicate"})
    assert answer.status_code == 422
    assert 'id="serial_number-error"' in page(answer)
    assert "压力表 23871" in page(answer)
    assert count() == 0


def test_a_conflict_answers_409_in_words(browser_of, clerk, own):
    answer = browser_of(clerk).post(f"{LIST}{own.id}/edit", {**GOOD, "name": "taken"})
    assert answer.status_code == 409
    assert "刚刚被别人修改过" in page(answer)


def test_deleting_asks_first_and_get_deletes_nothing(browser_of, clerk, own):
    browser = browser_of(clerk)
    assert "删除后不能恢复" in page(browser.get(f"{LIST}{own.id}/delete"))
    assert count() == 1
    assert browser.post(f"{LIST}{own.id}/delete").location == LIST
    assert count() == 0


def test_an_action_shows_its_page_then_acts_once(browser_of, clerk, own):
    browser = browser_of(clerk)
    assert "停用期间不能预约" in page(browser.get(f"{LIST}{own.id}/stop"))
    assert again(own).use_state is UseState.IN_USE
    assert browser.post(f"{LIST}{own.id}/stop", {"reason": ""}).status_code == 422
    assert browser.post(f"{LIST}{own.id}/stop", {"reason": "短"}).status_code == 422
    answer = browser.post(f"{LIST}{own.id}/stop", {"reason": "检修"})
    assert (answer.status_code, answer.location) == (303, f"{LIST}{own.id}")
    assert again(own).use_state is UseState.STOPPED
    late = browser.post(f"{LIST}{own.id}/stop", {"reason": "检修"})
    assert late.status_code == 409
    assert "已被处理" in page(late)
    assert f'href="{LIST}{again(own).id}">查看最新状态' in page(late)


def test_a_form_sent_twice_has_one_effect_and_the_same_result(browser_of, clerk, own):
    browser = browser_of(clerk)
    key = "k" * 24
    answers, said = [], []
    for _each in range(2):
        answers.append(browser.post(LIST + "new", {**GOOD, "form_key": key}))
        said.append(re.findall(r'<div class="flashes"[^>]*>(.*?)</div></div>', page(browser.get(answers[-1].location))))
    first, second = answers
    assert (first.status_code, first.location) == (second.status_code, second.location)
    assert said[0] == said[1] != []
    assert count() == 2
    refused = browser.post(LIST + "new", {**GOOD, "serial_number": "duplicate", "form_key": "r" * 24})
    assert refused.status_code == 422
    assert browser.post(LIST + "new", {**GOOD, "serial_number": "B-2", "form_key": "r" * 24}).status_code == 303
    assert count() == 3


def test_a_batch_is_confirmed_with_its_numbers_and_can_take_the_whole_list(browser_of, clerk, own):
    for _ in range(3):
        InstrumentFactory(enterprise=clerk.enterprise, name="秤")
    browser = browser_of(clerk)
    asked = browser.post(LIST + "batch/stop-many?q=秤", {"all": "1"})
    assert "停用 3 台（件）" in page(asked)
    ids = re.findall(r'name="ids" value="(\d+)"', page(asked))
    assert len(ids) == 3
    assert browser.post(LIST + "batch/stop-many", {"ids": ids, "confirmed": "1", "reason": ""}).status_code == 422
    assert browser.post(LIST + "batch/stop-many", {"ids": ids, "confirmed": "1", "reason": "检修"}).status_code == 303
    stopped = select(func.count()).where(MeasuringInstrument.use_state == UseState.STOPPED)
    assert db.session.scalar(stopped) == 3
    assert browser.post(LIST + "batch/stop-many", {}).location == LIST


def test_a_batch_beyond_the_limit_says_so_and_changes_nothing(browser_of, clerk, own, monkeypatch):
    monkeypatch.setattr(sample.Instruments, "batch_limit", 1)
    InstrumentFactory(enterprise=clerk.enterprise)
    browser = browser_of(clerk)
    assert browser.post(LIST + "batch/stop-many", {"all": "1"}).location == LIST
    assert "一次最多处理 1 台（件）" in page(browser.get(LIST))


def test_nothing_commits_outside_the_unit_of_work(browser_of, clerk, own, monkeypatch):
    from sqlalchemy.orm import Session

    from backoffice import unit_of_work

    real = Session.commit

    def guarded(session):
        assert unit_of_work.is_open()
        real(session)

    browser = browser_of(clerk)
    monkeypatch.setattr(Session, "commit", guarded)
    assert browser.post(LIST + "new", GOOD).status_code == 303
    assert browser.post(f"{LIST}{own.id}/edit", {**GOOD, "serial_number": "Z"}).status_code == 303
    assert browser.post(f"{LIST}{own.id}/delete").status_code == 303


# Panel and menu


def test_the_menu_names_what_this_person_may_open(browser_of, clerk, regulator):
    text = page(browser_of(clerk).get("/enterprise/"))
    assert re.findall(r'<a href="(/enterprise/[^"]*)"(?: class="active" aria-current="page")?>[^<]', text)[:3] == [
        "/enterprise/",
        LIST,
        "/enterprise/kinds/",
    ]
    auditor = UserFactory(auditor=True)
    assert browser_of(auditor).get("/regulator/enterprises/").status_code == 404
    assert browser_of(regulator).get("/regulator/enterprises/").status_code == 200


def test_a_panel_refuses_views_none_of_its_roles_may_call(sample_app):
    roles = frozenset({Role.AUDITOR})
    panel = object.__new__(Panel)
    panel.app, panel.name, panel.roles = sample_app, "audit", roles
    with pytest.raises(UnguardedView):
        panel._declare(sample.Kinds(endpoint="audit_kinds", url="kinds"))


# Upstream

UPSTREAM = {
    "base.html": "a6add6a45c2ac3c5",
    "master.html": "54ebe2fb7e4c2e18",
    "index.html": "93b932a94ef2ef1f",
    "model/create.html": "8930a13e4d81cd59",
    "model/edit.html": "b606efe0a695ead2",
    "model/details.html": "c4aa5d6ca9b9b82d",
    "model/list.html": "21003d92feb9a75c",
}


def test_overridden_upstream_templates_are_the_ones_that_were_read():
    """When this fails after an upgrade: read upstream's change, adapt ours, then renew the hash."""
    folder = Path(flask_admin.__file__).parent / "templates" / "bootstrap4" / "admin"
    found = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest()[:16] for name in UPSTREAM}
    assert found == UPSTREAM
