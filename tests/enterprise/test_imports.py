"""The import's pages: downloads, upload, preview, commit, and what programs outside read."""

from __future__ import annotations

import io
import re
import time
from datetime import date
from typing import Any
from urllib.parse import quote

import openpyxl
import pytest
from flask import Flask

from backoffice.database import db
from backoffice.jobs import imports
from backoffice.models import User
from backoffice.states import UseState
from tests.enterprise.ledger_app import browser, ledger_app, ledger_application, signed_in, user
from tests.factories import InstrumentFactory, UserFactory
from tests.services.ledger_samples import row, workbook
from tests.web.conftest import Browser, forget_last_request

__all__ = ["browser", "ledger_app", "ledger_application", "user"]

NEW = "/enterprise/imports/new"


def page(answer: Any) -> str:
    return str(answer.get_data(as_text=True))


def send(browser: Browser, content: bytes, name: str = "台账.xlsx") -> Any:
    token = browser.token()
    forget_last_request()
    return browser.client.post(NEW, data={"csrf_token": token, "file": (io.BytesIO(content), name)})


def own_row(user: User, **values: Any) -> None:
    InstrumentFactory(enterprise=user.enterprise, **values)


def upload(browser: Browser, rows: list[dict[str, Any]]) -> str:
    """Upload a workbook and let the job check it; the record's path."""
    answer = send(browser, workbook(rows))
    assert answer.status_code == 303
    imports.check_imports()
    return str(answer.headers["Location"])


def test_the_page_offers_the_three_downloads_under_the_guides_names(browser: Browser) -> None:
    html = page(browser.get(NEW))
    for code, name in (
        ("template", "《强制检定器具信息导入模板》"),
        ("divisions", "《行政区划信息》"),
        ("kinds", "《强检器具目录》"),
    ):
        assert name in html
        answer = browser.get(f"/enterprise/imports/{code}.xlsx")
        assert answer.status_code == 200
        assert quote(f"{name}.xlsx") in answer.headers["Content-Disposition"]
        assert openpyxl.load_workbook(io.BytesIO(answer.data)).sheetnames


def test_the_generated_template_filled_in_is_imported(browser: Browser) -> None:
    answer = browser.get("/enterprise/imports/template.xlsx")
    book = openpyxl.load_workbook(io.BytesIO(answer.data))
    sheet = book["强制检定器具信息"]
    headers = [cell.value for cell in sheet[1]]
    from backoffice.workbooks.columns import column_of_header

    codes = [found.code if (found := column_of_header(str(header))) else "" for header in headers]
    for number in (1, 2):
        for at, code in enumerate(codes, start=1):
            sheet.cell(2 + number, at).value = row(number).get(code)
    stream = io.BytesIO()
    book.save(stream)
    sent = send(browser, stream.getvalue())
    imports.check_imports()
    found = browser.get(sent.headers["Location"] + ".json").get_json()
    assert (found["state"], found["rows"], found["new"], found["errors"]) == ("ready", 2, 2, 0)


def test_everything_of_the_menu_is_two_taps_away_on_a_phone(browser: Browser) -> None:
    dock = page(browser.get(NEW)).partition('class="dock"')[2].partition("</nav>")[0]
    shown, _, more = dock.partition("<details")
    assert "台账" in shown and re.search(r'<summary class="active">更多', more)
    assert re.search(r'<a class="btn" href="/enterprise/imports/" aria-current="page">导入</a>', more)


def test_the_template_comes_with_ones_own_ledger_and_goes_back_as_it_is(browser: Browser, user: User) -> None:
    assert "含现有台账" not in page(browser.get(NEW))
    own_row(user, serial_number="OWN-1", purchased_on=date(2026, 5, 10), oil_product="92 号汽油", seal_number="=1+1")
    own_row(user, serial_number="OWN-2", declared_verified_on=date(2025, 6, 10), certificate_number="ZS-1")
    own_row(user, serial_number="GONE", use_state=UseState.SCRAPPED)
    own_row(UserFactory(of_enterprise=True), serial_number="FOREIGN")
    db.session.commit()
    html = page(browser.get(NEW))
    assert "《强制检定器具信息导入模板（含现有台账）》" in html and 'href="/enterprise/imports/ledger.xlsx"' in html
    answer = browser.get("/enterprise/imports/ledger.xlsx")
    sheet = openpyxl.load_workbook(io.BytesIO(answer.data))["强制检定器具信息"]
    serials = [cell.value for cell in next(col for col in sheet.columns if str(col[0].value).startswith("出厂编号"))]
    assert serials[2:] == ["OWN-1", "OWN-2"]
    assert "ZS-1" not in str([cell.value for line in sheet.rows for cell in line])
    sent = send(browser, answer.data)
    imports.check_imports()
    found = browser.get(sent.headers["Location"] + ".json").get_json()
    assert (found["state"], found["rows"], found["same"], found["errors"]) == ("ready", 2, 2, 0)


def test_a_thousand_rows_of_a_ledger_are_there_within_a_second(browser: Browser, user: User) -> None:
    InstrumentFactory.create_batch(1000, enterprise=user.enterprise)
    db.session.commit()
    browser.get("/enterprise/imports/ledger.xlsx")  # The reference data is read once a process.
    started = time.process_time()
    answer = browser.get("/enterprise/imports/ledger.xlsx")
    assert len(answer.data) > 50_000 and time.process_time() - started < 1.5


def test_an_upload_is_checked_previewed_committed_and_done(browser: Browser) -> None:
    answer = send(browser, workbook([row(1), row(2)]))
    path = answer.headers["Location"]
    assert browser.get(path + ".json").get_json()["state"] == "checking"
    assert "data-refresh-seconds" in page(browser.get(path))
    imports.check_imports()
    html = page(browser.get(path))
    assert "2 行都可以导入：新增 2，更新 0" in html
    assert f'action="{path}/commit"' in html and 'name="mode" value="all"' in html
    assert browser.post(f"{path}/commit", {"mode": "all"}).status_code == 303
    assert browser.get(path + ".json").get_json()["state"] == "applying"
    imports.apply_imports()
    done = page(browser.get(path))
    assert "已完成，写入 2 行" in done
    assert 'action="/enterprise/appointments/new"' in done and 'href="/enterprise/instruments/"' in done
    assert browser.get("/enterprise/instruments/count.json").get_json() == {"count": 2}
    assert browser.post(f"{path}/commit", {"mode": "all"}).status_code == 409
    assert "台账.xlsx" in page(browser.get("/enterprise/imports/"))


def test_bad_cells_are_marked_in_place_with_what_is_allowed(browser: Browser) -> None:
    path = upload(browser, [row(1), row(2, quantity=12, division_code="370300"), row(3, purpose="贸易结算")])
    html = page(browser.get(path))
    assert "3 行里 1 行有错，其余 2 行可以导入" in html
    for words in ("错误 1", "警告 1", "新增 2", "更新 0", "不变 0", "N 器具数量", "L 行政区划代码"):
        assert words in html
    assert html.count('class="bad-cell') == 2
    assert "数量只能填 1" in html and "有下级" in html
    assert 'class="warn-cell' in page(browser.get(f"{path}?show=warnings"))
    assert "S00001" in page(browser.get(f"{path}?show=new"))
    assert browser.post(f"{path}/commit", {"mode": "all"}).status_code == 409
    assert browser.post(f"{path}/commit", {"mode": "bad"}).status_code == 422
    assert browser.post(f"{path}/commit", {"mode": "good"}).status_code == 303


def test_what_is_wrong_stands_beside_the_row_however_long_its_texts_are(browser: Browser) -> None:
    long = "特别长的器具名称" * 20
    path = upload(browser, [row(1, name=long), row(2, quantity=12, purpose="随便")])
    html = page(browser.get(f"{path}?show=errors"))
    beside = re.findall(r'<td class="said-first[^"]*"[^>]*>(.*?)</td>', html, re.DOTALL)
    assert len(beside) == 2
    assert "B 器具名称" in beside[0] and "最多 100 个" in beside[0]
    assert "N 器具数量" in beside[1] and "O 器具用途" in beside[1] and "不在选项中" in beside[1]
    browser.post(f"{path}/cancel")
    html = page(browser.get(f"{path}?show=errors"))
    beside = re.findall(r'<td class="said-first[^"]*"[^>]*>(.*?)</td>', html, re.DOTALL)
    assert "器具名称：" in beside[0] and "N 器具数量：" in beside[1] and "另有 1 处" in beside[1]


def test_an_update_shows_old_and_new(browser: Browser) -> None:
    path = upload(browser, [row(1)])
    browser.post(f"{path}/commit", {"mode": "all"})
    imports.apply_imports()
    html = page(browser.get(upload(browser, [row(1, department="一车间")])))
    assert "<del>设备科</del> → <ins>一车间</ins>" in html


def test_a_letter_is_no_workbook_and_is_not_asked_for_its_header(browser: Browser) -> None:
    answer = send(browser, "您好，这是我们的台账，请查收。\n谢谢".encode(), "bad.txt")
    assert answer.status_code == 422
    assert "这不是工作簿文件。请上传 .xlsx 工作簿" in page(answer) and "没有找到表头" not in page(answer)


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7", b"PK\x03\x04 broken"])
def test_a_file_that_cannot_be_read_is_refused_in_words(browser: Browser, content: bytes) -> None:
    answer = send(browser, content)
    assert answer.status_code == 422
    assert 'id="file-error"' in page(answer)


def test_sending_no_file_is_refused_in_words(browser: Browser) -> None:
    answer = browser.post(NEW)
    assert answer.status_code == 422
    assert "请选择填写好的工作簿" in page(answer)


def test_a_table_without_rows_ends_refused_with_the_reason(browser: Browser) -> None:
    path = upload(browser, [])
    found = browser.get(path + ".json").get_json()
    assert (found["state"], found["problems"][0]["code"]) == ("refused", "no_rows")
    assert "没有内容" in page(browser.get(path))


def test_the_same_file_again_says_so(browser: Browser) -> None:
    content = workbook([row(1)])
    first = send(browser, content).headers["Location"]
    imports.check_imports()
    browser.post(f"{first}/commit", {"mode": "all"})
    imports.apply_imports()
    second = send(browser, content).headers["Location"]
    imports.check_imports()
    html = page(browser.get(second))
    assert "内容完全相同" in html and "1 行与台账完全相同" in html


def test_a_run_can_be_cancelled(browser: Browser) -> None:
    path = upload(browser, [row(1)])
    assert f'action="{path}/cancel"' in page(browser.get(path))
    assert browser.post(f"{path}/cancel").status_code == 303
    assert browser.get(path + ".json").get_json()["state"] == "cancelled"
    assert browser.post(f"{path}/cancel").status_code == 409


def test_another_enterprise_gets_404_everywhere(ledger_app: Flask, browser: Browser, user: User) -> None:
    path = upload(browser, [row(1)])
    stranger = UserFactory(of_enterprise=True)
    other = signed_in(ledger_app, stranger)
    assert other.get(path).status_code == 404
    assert other.get(path + ".json").status_code == 404
    assert other.post(f"{path}/commit", {"mode": "all"}).status_code == 404
    assert other.post(f"{path}/cancel").status_code == 404


@pytest.mark.parametrize("query", ["show=zzz", "after=-1", "after=99999999999999", "show=errors&after=x"])
def test_strange_questions_are_answered_all_the_same(browser: Browser, query: str) -> None:
    path = upload(browser, [row(1)])
    assert browser.get(f"{path}?{query}").status_code == 200
