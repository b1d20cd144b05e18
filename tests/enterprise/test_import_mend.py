"""Mending an import in its preview: fields, one click, all equal ones, rows left out, and where one is afterwards."""

from __future__ import annotations

import html as markup
import re
import time
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from backoffice.database import db
from backoffice.jobs import imports
from backoffice.models import ImportRow, User
from backoffice.services import ledger_import_mend
from backoffice.workbooks.rawcells import fingerprint
from tests.enterprise.ledger_app import browser, ledger_app, ledger_application, user
from tests.enterprise.test_imports import page, upload
from tests.services.ledger_samples import row
from tests.web.conftest import Browser

__all__ = ["browser", "ledger_app", "ledger_application", "user"]


def cell(number: int, column: str, was: str, text: str) -> dict[str, str]:
    """What a field sends: what was typed, and the fingerprint of what stood there."""
    return {f"cell-{number}-{column}": text, f"seen-{number}-{column}": fingerprint(was)}


def send(browser: Browser, path: str, **fields: str) -> tuple[str, str]:
    """Send the form of the preview; where it leads, and the page there."""
    answer = browser.post(f"{path}/mend", fields)
    assert answer.status_code == 303
    location = answer.headers["Location"]
    return location, page(browser.get(location.split("#")[0]))


def send_all(browser: Browser, path: str, **fields: str) -> str:
    answer = browser.post(f"{path}/mend-all", fields)
    assert answer.status_code == 303
    return page(browser.get(answer.headers["Location"].split("#")[0]))


def counts(browser: Browser, path: str) -> tuple[int, int, int]:
    found = browser.get(f"{path}.json").get_json()
    return found["new"], found["errors"], found["warnings"]


def field_of(html: str, name: str) -> str:
    """A control with all its attributes, or "" where the page has none of that name."""
    named = rf'[^>]*name="{name}"[^>]*>'
    found = re.search(rf"<input{named}|<select{named}.*?</select>|<textarea{named}.*?</textarea>", html, re.DOTALL)
    return markup.unescape(found[0]) if found else ""


def test_each_wrong_cell_has_a_named_field_with_what_was_found(browser: Browser) -> None:
    path = upload(browser, [row(1, kind_code="压力标", origin="国内", place_of_use="远" * 201), row(2)])
    html = page(browser.get(path))
    kind = field_of(html, "cell-2-kind_code")
    assert 'value="压力标"' in kind and 'list="import-kinds"' in kind and 'aria-invalid="true"' in kind
    assert 'name="take" value="2-kind_code=1401' in html and "改为“1401" in html
    origin = field_of(html, "cell-2-origin")
    assert '<option value="国内" selected>' in origin and '<option value="进口">' in origin
    assert field_of(html, "cell-2-place_of_use").startswith("<textarea")
    assert 'for="cell-2-kind_code"' in html and "第 2 行 种别代码" in html
    assert field_of(html, "cell-2-model") == "" and "cell-3-" not in html
    assert html.count('id="import-kinds"') == 1


def test_typed_values_are_saved_together_and_the_place_is_kept(browser: Browser) -> None:
    path = upload(browser, [row(number, quantity=3) for number in range(3)])
    location, html = send(
        browser, path, show="errors", **cell(2, "quantity", "3", "1"), **cell(3, "quantity", "3", "1"),
        **cell(4, "quantity", "3", "3"),
    )  # fmt: skip
    assert location == f"{path}?show=errors#row-4"
    assert "已保存 2 行的 2 处修改，都改对了。还有 1 行有错。" in html
    assert counts(browser, path) == (2, 1, 0)


def test_warnings_are_told_with_what_was_saved_and_before_it_is_written(browser: Browser) -> None:
    path = upload(browser, [row(1, kind_code="1-2")])
    _, html = send(browser, path, **cell(2, "kind_code", "1-2", "压力表"))
    assert counts(browser, path) == (1, 0, 1)
    assert "没有错误了；其中 1 行有提醒，请在“警告”里看一眼。" in html and "都改对了" not in html
    assert "1 行有提醒，请在“警告”里看一眼。确认后写入" in html


def test_a_value_that_is_still_wrong_comes_back_with_its_new_message(browser: Browser) -> None:
    path = upload(browser, [row(1, kind_code="1-2")])
    location, html = send(browser, path, **cell(2, "kind_code", "1-2", "4101"))
    assert location.endswith("#row-2")
    assert "其中 1 行仍然有错" in html and 'value="4101"' in field_of(html, "cell-2-kind_code")
    assert re.search('id="cell-2-kind_code-said"[^§]*4101', html)
    assert "文件里原来是：1-2" in html


def test_one_click_takes_what_is_probably_meant_and_loses_nothing_typed(browser: Browser) -> None:
    path = upload(browser, [row(1, kind_code="压力标"), row(2, quantity=3)])
    meant = re.findall('name="take" value="(2-kind_code=[^"]+)"', page(browser.get(path)))[0]
    _, html = send(
        browser, path, take=meant, **cell(2, "kind_code", "压力标", "压力标"), **cell(3, "quantity", "3", "1")
    )
    assert counts(browser, path) == (2, 0, 0)
    assert "已经没有错误，可以导入了。" in html and "2 行都可以导入：新增 2" in html


def test_when_nothing_is_wrong_any_more_the_decision_is_shown(browser: Browser) -> None:
    path = upload(browser, [row(1, quantity=3)])
    location, html = send(browser, path, show="errors", **cell(2, "quantity", "3", "1"))
    assert location == path and "全部导入" in html


def test_what_was_shown_and_not_changed_is_not_sent_as_a_change(browser: Browser) -> None:
    path = upload(browser, [row(1, serial_number=2604.5)])
    _, html = send(browser, path, **cell(2, "serial_number", "2604.5", "2604.5"))
    assert "没有改动" in html and counts(browser, path) == (0, 1, 0)
    _, html = send(browser, path, take="2-serial_number=2604.5", **cell(2, "serial_number", "2604.5", "2604.5"))
    assert counts(browser, path) == (1, 0, 0)


def test_characters_nobody_sees_are_taken_out_by_a_click(browser: Browser) -> None:
    path = upload(browser, [row(1, model="Y-100\u202e")])
    html = page(browser.get(path))
    assert 'name="take" value="2-model=Y-100"' in html and "去掉这些字符" in html
    send(browser, path, take="2-model=Y-100", **cell(2, "model", "Y-100", "Y-100"))
    assert counts(browser, path) == (1, 0, 0)


def test_all_equal_ones_are_mended_by_one_button(browser: Browser) -> None:
    path = upload(browser, [row(number, kind_code="压力标") for number in range(3)])
    html = page(browser.get(path))
    assert "改这 3 行" in html and "种别代码“压力标”全部改为" in html
    alike = {"row": "2", "column": "kind_code", "problem": "kind_unknown"}
    assert "请先填写" in send_all(browser, path, **alike, text="")
    assert counts(browser, path) == (0, 3, 0)
    assert "已保存 3 行的 3 处修改，都改对了。" in send_all(browser, path, **alike, text="1401")
    assert counts(browser, path) == (3, 0, 0)
    assert "没有变化" in send_all(browser, path, **alike, text="1401")


def test_doubles_have_no_button_for_all_but_a_field_for_the_nozzle(browser: Browser) -> None:
    path = upload(browser, [row(1), row(1), row(1)])
    html = page(browser.get(path))
    assert "mend-all" not in html.replace("/mend-all", "")
    assert field_of(html, "cell-3-serial_number") and field_of(html, "cell-3-sub_number")
    send(browser, path, **cell(3, "sub_number", "", "2"), **cell(4, "sub_number", "", "3"))
    assert counts(browser, path) == (3, 0, 0)


def test_a_row_is_left_out_and_taken_back_in(browser: Browser) -> None:
    path = upload(browser, [row(1), row(2, quantity=3, model=None)])
    assert "不导入 " not in page(browser.get(path))
    _, html = send(browser, path, drop="3", **cell(3, "quantity", "3", "1"))
    assert "第 3 行不导入" in html and "1 行都可以导入" in html and "另有 1 行不导入。" in html
    dropped = page(browser.get(f"{path}?show=dropped"))
    assert "不导入 1" in dropped and 'name="restore" value="3"' in dropped and "cell-3-" not in dropped
    _, html = send(browser, path, show="dropped", restore="3")
    assert "第 3 行已恢复" in html
    html = page(browser.get(path))
    assert counts(browser, path) == (1, 1, 0) and "不导入 1" not in html
    assert field_of(html, "cell-3-model") and "文件里原来是：3" in html


def test_a_file_of_which_nothing_is_left_says_so(browser: Browser) -> None:
    path = upload(browser, [row(1, quantity=3)])
    _, html = send(browser, path, drop="2")
    assert "这个文件的行都不导入" in html


def test_what_somebody_else_mended_meanwhile_is_said_and_kept(browser: Browser) -> None:
    path = upload(browser, [row(1, quantity=3), row(2, quantity=4)])
    send(browser, path, **cell(2, "quantity", "3", "1"))
    _, html = send(browser, path, **cell(2, "quantity", "3", "2"), **cell(3, "quantity", "4", "1"))
    assert "第 2 行器具数量刚才已被改成“1”，您填的“2”没有保存。" in html
    assert counts(browser, path) == (2, 0, 0)


def test_a_decided_import_has_no_fields_and_takes_no_mending(browser: Browser) -> None:
    path = upload(browser, [row(1), row(2, quantity=3)])
    browser.post(f"{path}/commit", {"mode": "good"})
    html = page(browser.get(f"{path}?show=errors"))
    assert "cell-3-" not in html and "保存本页修改" not in html and "数量只能填 1" in html
    assert browser.post(f"{path}/mend", cell(3, "quantity", "3", "1")).status_code == 409
    assert browser.post(f"{path}/mend", {"drop": "3"}).status_code == 409
    imports.apply_imports()
    assert counts(browser, path) == (1, 1, 0)


def test_forged_fields_are_refused_and_change_nothing(browser: Browser, user: User) -> None:
    path = upload(browser, [row(1, quantity=3)])
    for fields in (
        {"cell-2-run_id": "1", "seen-2-run_id": "x"},
        {"cell-x-name": "1", "seen-x-name": "x"},
        {"take": "2-certificate_number=1"},
        {"take": "=="},
    ):
        assert browser.post(f"{path}/mend", fields).status_code == 422
    many = {f"cell-{number}-name": "x" for number in range(1, 2_002)}
    seen = {name.replace("cell", "seen"): "x" for name in many}
    assert browser.post(f"{path}/mend", {**many, **seen}).status_code == 422
    assert browser.post(f"{path}/mend-all", {"row": "2", "column": "x", "problem": "y", "text": "z"}).status_code == 422
    assert browser.post(f"{path}/mend", cell(99, "quantity", "3", "1")).status_code == 409
    assert browser.post(f"{path}/mend", {"drop": "99"}).status_code == 409
    send(browser, path, show="nonsense", after="-1", code="x", **cell(2, "quantity", "3", "\0" + "1" * 40_000))
    assert counts(browser, path) == (0, 1, 0)


def test_a_page_costs_the_same_queries_however_many_rows_are_wrong(browser: Browser, ledger_app: Flask) -> None:
    few = upload(browser, [row(1, kind_code="1-2", division_code="x")])
    many = upload(browser, [row(number, kind_code=f"1-{number}", division_code="x") for number in range(40)])
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        asked.append(statement)

    found = []
    for path in (few, many):
        browser.get(path)
        asked.clear()
        sa.event.listen(db.engine, "before_cursor_execute", note)
        browser.get(path)
        sa.event.remove(db.engine, "before_cursor_execute", note)
        found.append(len(asked))
    assert found[1] <= found[0] + 1
    assert db.session.query(ImportRow).count() == 41


def test_mending_does_not_wait_for_the_size_of_the_file(browser: Browser) -> None:
    """Computing time, which is the same on a busy machine: one cell among thousands, and a thousand equal ones."""
    rows = [row(number, **({"kind_code": "压力标"} if number % 3 == 0 else {})) for number in range(3_000)]
    path = upload(browser, rows)
    browser.get(path)
    assert counts(browser, path) == (2_000, 1_000, 0)
    started = time.process_time()
    send(browser, path, **cell(2, "kind_code", "压力标", "1401"))
    assert time.process_time() - started < 0.6  # With the page that follows.
    started = time.process_time()
    send_all(browser, path, row="5", column="kind_code", problem="kind_unknown", text="1401")
    assert time.process_time() - started < 2.5
    assert counts(browser, path) == (3_000, 0, 0)


def test_one_value_for_many_cells_is_put_in_by_the_job_with_progress(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger_import_mend, "MOST_AT_ONCE", 2)
    path = upload(browser, [row(number, quantity=3) for number in range(3)])
    html = send_all(browser, path, row="2", column="quantity", problem="quantity_not_one", text="1")
    assert "正在把 3 行的器具数量改为“1”" in html and "可以离开本页，改完会停在预览。" in html
    assert "已修改 0 行，共 3 行" in html and "取消导入" in html and "全部导入" not in html
    assert "可以一次改好" not in html, "nothing can be mended meanwhile"
    assert browser.get(f"{path}.json").get_json()["state"] == "checking"
    imports.mend_imports()
    html = page(browser.get(path))
    assert "3 行都可以导入：新增 3" in html and "正在" not in html


def test_emptying_many_cells_is_told_as_that(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_import_mend, "MOST_AT_ONCE", 2)
    path = upload(browser, [row(number, accuracy_class="远" * 51) for number in range(3)])
    html = send_all(browser, path, row="2", column="accuracy_class", problem="too_long", text="")
    assert "正在清空 3 行的准确度等级" in html
    imports.mend_imports()
    assert counts(browser, path) == (3, 0, 0)
