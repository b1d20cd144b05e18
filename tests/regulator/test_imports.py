"""History of imports for the regulator: of the units of its seat, with the uploaded workbook, read only."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from openpyxl import load_workbook

from backoffice.database import db
from backoffice.jobs import imports as jobs
from backoffice.models import ImportRun, User
from backoffice.services import ledger_import
from tests import factories
from tests.regulator.conftest import Browser
from tests.services.ledger_samples import row, workbook


def run_of(division: str, name: str, **wrong: object) -> ImportRun:
    enterprise = factories.EnterpriseFactory(division_code=division, name=name)
    clerk = factories.actor_of(factories.UserFactory(of_enterprise=True, enterprise=enterprise))
    run = ledger_import.receive(clerk, f"{name}.xlsx", io.BytesIO(workbook([row(1, **wrong)])))
    db.session.flush()
    return run


@pytest.fixture
def here(panel_app: object) -> ImportRun:
    return run_of("370303", "张店机械厂")


@pytest.fixture
def regulator(here: ImportRun, district: User, browser_of: Callable[[User], Browser]) -> Browser:
    return browser_of(district)


def test_runs_are_listed_with_who_when_and_counts(regulator: Browser, here: ImportRun) -> None:
    html = regulator.get("/regulator/imports/").get_data(as_text=True)
    assert "张店机械厂.xlsx" in html and here.uploaded_by.name in html
    html = regulator.get(f"/regulator/imports/{here.id}").get_data(as_text=True)
    for words in ("使用单位", "经办人", "上传时间", "已写入", "已撤销", "下载原文件"):
        assert words in html
    assert regulator.get("/regulator/imports/?enterprise=没有这家").status_code == 200


def test_the_workbook_is_downloaded(regulator: Browser, here: ImportRun) -> None:
    answer = regulator.get(f"/regulator/imports/{here.id}/uploaded")
    assert answer.status_code == 200 and answer.data.startswith(b"PK")


def test_the_marked_workbook_is_offered_where_there_is_one(regulator: Browser, here: ImportRun) -> None:
    assert "下载标注文件" not in regulator.get(f"/regulator/imports/{here.id}").get_data(as_text=True)
    assert regulator.get(f"/regulator/imports/{here.id}/annotated.xlsx").status_code == 404
    wrong = run_of("370303", "张店衡器厂", quantity=7)
    db.session.commit()
    for _ in (here, wrong):
        jobs.check_imports()
        jobs.annotate_imports()
    assert "下载标注文件" in regulator.get(f"/regulator/imports/{wrong.id}").get_data(as_text=True)
    answer = regulator.get(f"/regulator/imports/{wrong.id}/annotated.xlsx")
    assert answer.status_code == 200 and 7 in [cell.value for cell in load_workbook(io.BytesIO(answer.data)).active[2]]


def test_a_unit_registered_elsewhere_is_not_known_even_if_it_uses_instruments_here(
    regulator: Browser, here: ImportRun
) -> None:
    other = run_of("110101", "东城公司")
    factories.InstrumentFactory(enterprise=other.enterprise, division_code="370303")
    db.session.commit()
    assert "东城公司" not in regulator.get("/regulator/imports/").get_data(as_text=True)
    for path in (f"/regulator/imports/{other.id}", f"/regulator/imports/{other.id}/uploaded"):
        assert regulator.get(path).status_code == 404


def test_nothing_can_be_changed(regulator: Browser, here: ImportRun) -> None:
    for action in ("undo", "commit", "cancel", "edit", "delete"):
        assert regulator.post(f"/regulator/imports/{here.id}/{action}").status_code in (404, 405)
