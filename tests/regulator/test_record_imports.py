"""Pages of the imports of reference data: ways in, downloads, old → new, writing, undo, and who sees which."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import openpyxl
import pytest
from openpyxl.packaging.custom import StringProperty

from backoffice.database import db
from backoffice.jobs import imports
from backoffice.models import Capability, ImportRun, InstrumentKind, Notice, User
from backoffice.states import ImportSubject
from backoffice.workbooks.column_sets import CAPABILITIES, CATALOGUE
from backoffice.workbooks.marks import RUN_PROPERTY
from tests import factories
from tests.regulator.conftest import Browser
from tests.services import record_samples
from tests.services.record_samples import cell_of, workbook

pytestmark = pytest.mark.usefixtures("kept_catalogue")
KINDS, CAPABLE = "/regulator/catalogue-imports/", "/regulator/capability-imports/"


def send(browser: Browser, url: str, content: bytes, name: str = "表.xlsx") -> Any:
    return browser.post(f"{url}new", {"file": (io.BytesIO(content), name)}, page=f"{url}new")


def uploaded(browser: Browser, url: str, content: bytes) -> str:
    """Upload a workbook and let the job check it; the record's path."""
    answer = send(browser, url, content)
    assert answer.status_code == 303, answer.get_data(as_text=True)
    imports.check_imports()
    return str(answer.headers["Location"])


def book_of(answer: Any) -> Any:
    assert answer.status_code == 200
    return openpyxl.load_workbook(io.BytesIO(answer.data))


def test_the_lists_lead_to_the_import_for_whoever_may(
    city: User, district: User, browser_of: Callable[[User], Browser]
) -> None:
    keeper, other = browser_of(city), browser_of(district)
    for noun, url in (("kinds", KINDS), ("catalogue-items", KINDS), ("capabilities", CAPABLE)):
        assert f'href="{url}new"' in keeper.text(f"/regulator/{noun}/")
    assert f'href="{KINDS}new"' not in other.text("/regulator/kinds/")
    assert f'href="{CAPABLE}new"' in other.text("/regulator/capabilities/")
    for path in ("", "new", "template.xlsx", "current.xlsx"):
        assert other.get(KINDS + path).status_code == 404
    assert keeper.get(f"{KINDS}ledger.xlsx").status_code == 404


def test_the_downloads_offer_live_lists_as_text(city: User, browser_of: Callable[[User], Browser]) -> None:
    institution = factories.InstitutionFactory(name="淄博市计量技术研究院")
    mine = factories.CapabilityFactory(institution=institution, areas=["370303", "370305"])
    factories.CapabilityFactory(institution=institution, areas=["370000"])
    browser = browser_of(city)
    assert "current.xlsx" in browser.text(f"{CAPABLE}new")
    answer = browser.get(f"{CAPABLE}current.xlsx", buffered=True)
    assert quote("《授权检定项目导入模板》.xlsx") in answer.headers["Content-Disposition"]
    book = book_of(answer)
    sheet = book["授权检定项目"]
    assert [cell.value for cell in sheet[1]] == [column.header for column in CAPABILITIES.columns]
    rows = list(sheet.iter_rows(min_row=3, values_only=True))
    assert [row[0] for row in rows] == [str(mine.id)], "only what this office may change"
    assert rows[0][1:5] == ("淄博市计量技术研究院", None, f"1401 {mine.kind.name}", "370303 张店区、370305 临淄区")
    assert {"技术机构选项", "种别选项", "区划选项", "送检方式选项"} <= set(book.defined_names)
    options = [cell.value for cell in book["选项"]["A"]]
    assert "淄博市计量技术研究院" in options
    names = {item.name: item.value for item in book.custom_doc_props.props}
    assert set(names) == {"模板版本", "目录与区划版本"}
    kinds = book_of(browser.get(f"{KINDS}template.xlsx", buffered=True))["强检器具目录"]
    assert kinds.max_row == 2 and kinds.cell(2, 1).value == "示例"


def test_old_and_new_are_seen_written_and_taken_back(city: User, browser_of: Callable[[User], Browser]) -> None:
    browser = browser_of(city)
    book = book_of(browser.get(f"{KINDS}current.xlsx", buffered=True))
    sheet = book.worksheets[0]
    cell_of(sheet, CATALOGUE, "1401", "aliases").value = "压力表、氧压表"
    cell_of(sheet, CATALOGUE, "1401", "purposes").value = "安全防护、环境监测"
    record = uploaded(browser, KINDS, record_samples.saved(book))
    html = browser.text(record)
    assert "更新" in html and re.search(r"<del>安全防护</del> → <ins>安全防护、环境监测</ins>", html)
    assert "确认后写入强检器具目录" in html and "台账" not in re.sub(
        r"<nav.*?</nav>", "", html.split("<main")[1], flags=re.DOTALL
    )
    answer = browser.post(f"{record}/commit", {"mode": "all", "writes": "both"}, page=record)
    assert answer.status_code == 303
    imports.apply_imports()
    html = browser.text(record)
    assert "已完成，写入 1 行" in html and 'href="/regulator/kinds/"' in html and "恢复更新的 1 项" in html
    kind = db.session.get_one(InstrumentKind, "1401", populate_existing=True)
    assert kind.aliases == ["压力表", "氧压表"]
    assert browser.post(f"{record}/undo", page=record).status_code == 303
    imports.undo_imports()
    assert "已撤销 1 行" in browser.text(record) and "强检器具目录恢复到导入之前的样子" in browser.text(record)
    assert "表.xlsx" in browser.text(KINDS)


def test_the_same_file_again_changes_nothing_and_says_so(city: User, browser_of: Callable[[User], Browser]) -> None:
    browser = browser_of(city)
    content = browser.get(f"{KINDS}current.xlsx", buffered=True).data
    record = uploaded(browser, KINDS, content)
    assert "行与强检器具目录完全相同" in browser.text(record)


def test_errors_stand_in_their_cells_and_the_marked_workbook_comes_back_into_the_run(
    city: User, browser_of: Callable[[User], Browser]
) -> None:
    factories.InstitutionFactory(name="淄博市计量技术研究院")
    browser = browser_of(city)
    row = {"institution_id": "淄博市计量研究院", "kind_code": "1401", "areas": "张店区", "delivery_modes": "送检"}
    record = uploaded(browser, CAPABLE, workbook(CAPABILITIES, [row]))
    html = browser.text(record)
    assert "没有叫“淄博市计量研究院”的，是否为“淄博市计量技术研究院”" in html
    assert "B 技术机构" in html and "淄博市计量研究院" in html
    imports.annotate_imports()
    assert "下载标注了错误的工作簿" in browser.text(record)
    marked = book_of(browser.get(f"{record}/annotated.xlsx"))
    cell = marked["Sheet"]["B2"]
    assert cell.comment is not None and "可能是：淄博市计量技术研究院" in cell.comment.text
    assert "机构的全称" in cell.comment.text, "the help of this column, not of a ledger's"
    cell.value = "淄博市计量技术研究院"
    assert uploaded(browser, CAPABLE, record_samples.saved(marked)) == record
    assert "1 行都可以导入：新增 1" in browser.text(record)
    assert "这次导入已换过文件" in browser.text(record)


def test_a_marked_workbook_of_one_subject_opens_no_run_of_another(
    city: User, browser_of: Callable[[User], Browser]
) -> None:
    browser = browser_of(city)
    record = uploaded(browser, KINDS, workbook(CATALOGUE, [{"code": "14x", "name": "甲"}]))
    book = openpyxl.load_workbook(io.BytesIO(workbook(CAPABILITIES, [{"kind_code": "1401"}])))
    book.custom_doc_props.append(StringProperty(name=RUN_PROPERTY, value=record.rsplit("/", 1)[1]))
    assert uploaded(browser, CAPABLE, record_samples.saved(book)).rsplit("/", 1)[1] != record.rsplit("/", 1)[1]
    assert [run.subject for run in db.session.query(ImportRun).order_by(ImportRun.id)] == [
        ImportSubject.CATALOGUE,
        ImportSubject.CAPABILITIES,
    ]


def test_a_file_of_the_other_subject_is_refused_by_the_name_of_the_right_template(
    city: User, browser_of: Callable[[User], Browser]
) -> None:
    browser = browser_of(city)
    record = uploaded(browser, KINDS, workbook(CAPABILITIES, [{"kind_code": "1401"}]))
    html = browser.text(record)
    assert "《强检器具目录导入模板》" in html and "强制检定器具信息" not in html


def test_a_run_of_capabilities_is_seen_by_its_office_and_those_above(
    city: User, district: User, other_district: User, browser_of: Callable[[User], Browser]
) -> None:
    factories.InstitutionFactory(name="淄博市计量技术研究院")
    row = {"institution_id": "淄博市计量技术研究院", "kind_code": "1401", "areas": "张店区", "delivery_modes": "送检"}
    own, stranger, above = browser_of(district), browser_of(other_district), browser_of(city)
    record = uploaded(own, CAPABLE, workbook(CAPABILITIES, [row]))
    key = record.rsplit("/", 1)[1]
    for page in (
        record,
        f"{record}/undo",
        f"{record}/uploaded",
        f"{CAPABLE}{key}.json",
        f"{KINDS}{key}",
        f"/regulator/imports/{key}",
    ):
        assert stranger.get(page).status_code == 404, page
    assert stranger.post(f"{record}/commit", {"mode": "all"}).status_code == 404
    assert stranger.post(f"{record}/cancel").status_code == 404
    assert "表.xlsx" not in stranger.text(CAPABLE) and "表.xlsx" in above.text(CAPABLE)
    assert own.get(f"/regulator/imports/{key}").status_code == 404, "the ledgers' history is another list"
    assert above.get(f"{KINDS}{key}").status_code == 404, "and so is the catalogue's"
    assert above.post(f"{record}/commit", {"mode": "all"}, page=record).status_code == 303
    imports.apply_imports()
    assert db.session.query(Capability).count() == 1
    notice = db.session.query(Notice).one()
    assert notice.division_code == "370303"
    answer = own.post(f"/regulator/notices/{notice.id}/open", page="/regulator/notices/")
    assert answer.status_code == 303 and answer.headers["Location"] == record


def test_bad_input_is_said_beside_the_field(city: User, browser_of: Callable[[User], Browser]) -> None:
    browser = browser_of(city)
    answer = send(browser, KINDS, b"%PDF-1.7 nothing", "目录.pdf")
    assert answer.status_code == 422 and "这不是工作簿文件" in answer.get_data(as_text=True)
    assert db.session.query(ImportRun).count() == 0
    answer = browser.post(f"{KINDS}new", page=f"{KINDS}new")
    assert answer.status_code == 422 and "请选择填写好的工作簿" in answer.get_data(as_text=True)


def test_every_subject_has_a_way_in() -> None:
    from backoffice.admin_views.enterprise.imports import Imports
    from backoffice.admin_views.regulator.record_imports import CapabilityImports, CatalogueImports

    assert {view.subject for view in (Imports, CatalogueImports, CapabilityImports)} == set(ImportSubject)
