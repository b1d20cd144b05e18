"""The page on which a clerk says what the columns of his own list are."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest

from backoffice.database import db
from backoffice.jobs import imports
from backoffice.models import ImportRun, User
from backoffice.services import ledger_import_mapping
from backoffice.services.ledger_import_mapping import BY_NAME
from tests.enterprise.ledger_app import browser, ledger_app, ledger_application, signed_in, user
from tests.enterprise.test_imports import page, send
from tests.factories import UserFactory
from tests.services.ledger_samples import ALL_CODES, OWN_HEADERS, line, own_list, row, workbook
from tests.services.test_ledger_import_mapping import COLUMNS, FILLS, with_column
from tests.web.conftest import Browser

__all__ = ["browser", "ledger_app", "ledger_application", "user"]

LIST = own_list(line(1), line(2))


def upload(browser: Browser, content: bytes) -> str:
    answer = send(browser, content)
    assert answer.status_code == 303
    while imports.check_imports():
        pass
    return str(answer.headers["Location"])


def sent(columns: dict[str, str] | None = None, fills: dict[str, str] | None = None, **more: str) -> dict[str, str]:
    columns, fills = COLUMNS if columns is None else columns, FILLS if fills is None else fills
    return {
        "header_row": "2",
        **{f"column_{letter}": code for letter, code in columns.items()},
        **{f"fill_{code}": text for code, text in fills.items()},
        **more,
    }


def selected(found: str, name: str) -> str:
    """The value selected in a list of the page."""
    choices = re.search(rf'<select name="{name}".*?</select>', found, re.DOTALL)
    assert choices, name
    chosen = re.findall(r'<option value="([^"]*)" selected>', choices[0])
    return chosen[0] if chosen else ""


def line_of(found: str, letter: str) -> str:
    return html.unescape(next(each for each in found.split("<tr")[1:] if f'name="column_{letter}"' in each))


def test_a_list_of_ones_own_leads_to_the_page_and_on_to_the_preview(browser: Browser) -> None:
    path = upload(browser, LIST)
    assert browser.get(path + ".json").get_json()["state"] == "mapping"
    record = page(browser.get(path))
    assert "这个文件的列名和模板不同" in record and f'href="{path}/mapping">对应列名' in record
    assert "请使用最新的" not in record and "取消导入" in record
    found = page(browser.get(path + "/mapping"))
    assert "没有认出这几列：器具产地、器具用途、送检方式。" in found
    for letter in "ABCDEFG":
        assert selected(found, f"column_{letter}") == COLUMNS.get(letter, "")
    assert "仪器名称" in line_of(found, "B") and "S00001、S00002" in line_of(found, "D")
    guessed = {letter for letter in "ABCDEFG" if "猜的，请核对" in line_of(found, letter)}
    assert guessed == {"B", "D", "E", "F"}  # 规格型号 is a name of the column.
    assert "出厂编号（必需）" in found and "管理编号<" in found
    answer = browser.post(path + "/mapping", sent())
    assert (answer.status_code, answer.headers["Location"]) == (303, path)
    imports.check_imports()
    record = page(browser.get(path))
    assert "2 行都可以导入：新增 2，更新 0" in record
    assert "列名已按您的对应读取" in record and f'href="{path}/mapping">核对列名' in record
    again = page(browser.get(path + "/mapping"))
    assert "猜的，请核对" not in again and selected(again, "fill_purpose") == "安全防护"


def test_what_is_wrong_is_said_beside_it_and_the_choices_stay(browser: Browser) -> None:
    path = upload(browser, LIST)
    columns = {"B": "name", "C": "serial_number", "D": "serial_number", "G": "department"}
    answer = browser.post(path + "/mapping", sent(columns, {**FILLS, "division_code": "张店", "purpose": ""}))
    assert answer.status_code == 422
    found = page(answer)
    for letter in "CD":
        said = re.search(rf'id="column_{letter}-error">([^<]*)<', found)
        assert said and html.unescape(said[1]).startswith("C、D 列都选成了“出厂编号”")
    assert "是否为“370303 张店区”" in html.unescape(found.split('id="fill_division_code-error">')[1].split("<")[0])
    assert 'id="fill_purpose-error"' in found and 'id="fill_model-error"' in found
    assert 'name="fill_division_code" id="fill_division_code" class="form-control" value="张店"' in found
    assert (selected(found, "column_G"), selected(found, "fill_origin")) == ("department", "国产")
    assert selected(found, "fill_kind_code") == BY_NAME
    assert 'aria-describedby="column_C-error"' in found
    assert browser.get(path + ".json").get_json()["state"] == "mapping"


def test_another_row_can_be_the_header(browser: Browser) -> None:
    path = upload(browser, LIST)
    found = page(browser.get(path + "/mapping?header_row=3"))
    assert '<input type="hidden" name="header_row" value="3">' in found and "青岛华青仪表有限公司" in line_of(
        found, "E"
    )
    for nonsense in ("0", "99", "x", "٣", "-1", ""):
        shown = page(browser.get(path + f"/mapping?header_row={nonsense}"))
        assert '<input type="hidden" name="header_row" value="2">' in shown
    answer = browser.post(path + "/mapping", sent(header_row="x"))
    assert answer.status_code == 422 and "请选择表头所在的行" in page(answer)


def test_a_missing_or_double_column_is_refused_and_the_page_can_be_asked_for(browser: Browser) -> None:
    path = upload(browser, workbook([row(1)], codes=[code for code in ALL_CODES if code != "purpose"]))
    record = page(browser.get(path))
    assert "缺少必需的列：器具用途" in record and f'href="{path}/mapping"' in record
    found = page(browser.get(path + "/mapping"))
    assert "没有认出这几列：器具用途。" in found and "猜的" not in found
    letters = {
        letter: selected(found, f"column_{letter}") for letter in re.findall(r'<select name="column_([A-Z]+)"', found)
    }
    answer = browser.post(path + "/mapping", sent(letters, {"purpose": "安全防护"}, header_row="1"))
    assert answer.status_code == 303
    imports.check_imports()
    outcome = browser.get(path + ".json").get_json()
    assert (outcome["state"], outcome["new"], outcome["errors"]) == ("ready", 1, 0)


def test_an_unknown_column_warns_with_a_link_and_stops_nobody(browser: Browser) -> None:
    path = upload(browser, with_column("房号", "A1", "A2"))
    record = page(browser.get(path))
    assert "不认识的列：房号；这些列不会导入。" in record and f'href="{path}/mapping">核对列名' in record
    assert "2 行都可以导入" in record
    plain = upload(browser, workbook([row(9)]))
    assert "/mapping" not in page(browser.get(plain))
    assert browser.get(plain + "/mapping").status_code == 302


def test_the_same_headers_are_read_as_before_and_it_is_said(browser: Browser) -> None:
    path = upload(browser, LIST)
    browser.post(path + "/mapping", sent())
    imports.check_imports()
    again = upload(browser, own_list(line(7)))
    record = page(browser.get(again))
    assert "列名和以前导入过的文件完全相同，已照那一次的对应读取。" in record and f'href="{again}/mapping"' in record
    assert browser.get(again + ".json").get_json()["new"] == 1


def test_a_run_that_is_over_or_somebody_elses_cannot_be_mapped(browser: Browser, user: User, ledger_app: Any) -> None:
    path = upload(browser, LIST)
    stranger = UserFactory(of_enterprise=True)
    db.session.commit()
    theirs = signed_in(ledger_app, stranger)
    assert theirs.get(path + "/mapping").status_code == 404
    assert theirs.post(path + "/mapping", sent()).status_code == 404
    browser.post(path + "/cancel", {})
    assert browser.get(path + "/mapping").status_code == 302
    assert browser.post(path + "/mapping", sent()).status_code == 409
    assert browser.get("/enterprise/imports/").status_code == 200


def test_the_list_shows_what_waits_for_its_columns(browser: Browser) -> None:
    upload(browser, LIST)
    upload(browser, workbook([row(5)]))
    waiting = page(browser.get("/enterprise/imports/?tab=mapping")).partition("<tbody")[2].partition("</tbody>")[0]
    assert waiting.count("<tr") == 1 and 'data-state="mapping"' in waiting


@pytest.mark.parametrize("headers", [("<b>名称</b>", "型号", "编号", "<script>", "{{ 7*7 }}", "厂家", "x")])
def test_headers_and_values_of_strangers_are_shown_as_text(browser: Browser, headers: tuple[str, ...]) -> None:
    path = upload(browser, own_list(("<i>", "<img src=x>", *line(1)[2:]), headers=headers))
    found = page(browser.get(path + "/mapping"))
    assert "<script>" not in found.split("<main")[1] and "<img" not in found and "&lt;script&gt;" in found


def test_a_guess_never_goes_into_the_ledger_by_itself(browser: Browser) -> None:
    upload(browser, LIST)
    assert imports.check_imports() == {} and imports.apply_imports() == {}
    assert browser.get("/enterprise/instruments/count.json").get_json() == {"count": 0}
    run = db.session.query(ImportRun).one()
    assert (run.rows, run.mapping, OWN_HEADERS[1] in str(run.headers)) == (0, None, True)
    assert ledger_import_mapping.may_be_mapped(run)
