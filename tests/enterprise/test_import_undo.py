"""The pages that take an import back, and what a commit may write: shown first, then done by the job."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from backoffice.admin_views.enterprise import import_undo
from backoffice.database import db
from backoffice.jobs import imports
from backoffice.models import MeasuringInstrument, User
from backoffice.services import ledger_import_apply, ledger_import_undo
from backoffice.states import ItemStatus
from backoffice.unit_of_work import unit_of_work
from tests.enterprise.ledger_app import browser, ledger_app, ledger_application, signed_in, user
from tests.enterprise.test_imports import page, upload
from tests.factories import UserFactory
from tests.services.ledger_samples import row
from tests.services.test_ledger import book
from tests.web.conftest import Browser

__all__ = ["browser", "ledger_app", "ledger_application", "user"]


def written(browser: Browser, rows: list[dict[str, Any]], **choice: str) -> str:
    path = upload(browser, rows)
    assert browser.post(f"{path}/commit", {"mode": "all", **choice}).status_code == 303
    imports.apply_imports()
    return path


def instruments() -> list[MeasuringInstrument]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(MeasuringInstrument).order_by(MeasuringInstrument.id)))


def serials() -> list[str]:
    return [each.serial_number for each in instruments()]


def book_first() -> None:
    with unit_of_work():
        book(
            db.session.scalars(sa.select(MeasuringInstrument).order_by(MeasuringInstrument.id)).all()[0],
            ItemStatus.DRAFT,
        )


def test_what_would_go_is_shown_before_it_goes(browser: Browser) -> None:
    written(browser, [row(1)])
    path = written(browser, [row(1, department="一车间"), row(2)])
    html = page(browser.get(path))
    assert "撤销会删除新增的 1 台（件），恢复更新的 1 台（件）" in html
    assert f'action="{path}/undo"' in html
    assert "没有要保留的行" in page(browser.get(f"{path}/undo"))
    assert serials() == ["S00001", "S00002"]
    assert browser.post(f"{path}/undo").status_code == 303
    assert browser.get(path + ".json").get_json()["state"] == "done"
    html = page(browser.get(path))
    assert "正在撤销" in html and "data-refresh-seconds" in html and f'action="{path}/undo"' not in html
    assert browser.post(f"{path}/undo").status_code == 409
    imports.undo_imports()
    assert browser.get(path + ".json").get_json()["state"] == "undone"
    assert "已撤销 2 行" in page(browser.get(path))
    assert serials() == ["S00001"]


def test_what_stays_is_named_by_row_and_reason_before_and_after(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_undo, "PAGE", 1)
    path = written(browser, [row(1), row(2), row(3)])
    with unit_of_work():
        first, second = instruments()[:2]
        book(first, ItemStatus.DRAFT)
        second.department = "二车间"
    for before in (True, False):
        html = page(browser.get(f"{path}/undo"))
        assert "第 2 行" in html and "之后已加入预约" in html and "第 3 行" not in html
        if before:
            assert "2 行会保留：" in html and "之后已预约 1 行" in html and "之后修改过 1 行" in html
        html = page(browser.get(f"{path}/undo?after=2"))
        assert "第 3 行" in html and "之后修改过（" in html and "回到第一页" in html
        if before:
            browser.post(f"{path}/undo")
            imports.undo_imports()
    assert "已撤销 1 行" in html and "另有 2 行没有撤销" in html
    assert serials() == ["S00001", "S00002"]


def test_a_run_of_which_everything_stays_offers_no_form(browser: Browser) -> None:
    path = written(browser, [row(1)])
    book_first()
    html = page(browser.get(path))
    assert "这次导入没有可以撤销的行" in html and f'action="{path}/undo"' not in html


def test_a_run_that_cannot_be_taken_back_says_why(browser: Browser) -> None:
    path = upload(browser, [row(1)])
    assert "不能撤销" in page(browser.get(f"{path}/undo"))
    assert "撤销" not in page(browser.get(path)).split("<main")[1].split('id="history"')[0]
    assert browser.post(f"{path}/undo").status_code == 409


@pytest.mark.parametrize("query", ["after=-1", "after=99999999999999", "after=x"])
def test_strange_places_show_the_beginning(browser: Browser, query: str) -> None:
    path = written(browser, [row(1)])
    book_first()
    assert "第 2 行" in page(browser.get(f"{path}/undo?{query}"))


def test_another_enterprise_gets_404(ledger_app: Flask, browser: Browser, user: User) -> None:
    path = written(browser, [row(1)])
    other = signed_in(ledger_app, UserFactory(of_enterprise=True))
    assert other.get(f"{path}/undo").status_code == 404
    assert other.post(f"{path}/undo").status_code == 404
    assert other.get(f"{path}/uploaded").status_code == 404
    assert imports.undo_imports() == {}


def test_the_uploaded_workbook_comes_back_under_its_name(browser: Browser) -> None:
    path = upload(browser, [row(1)])
    assert f'href="{path}/uploaded"' in page(browser.get(path))
    answer = browser.get(f"{path}/uploaded")
    assert answer.data.startswith(b"PK")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "no-store" in answer.headers["Cache-Control"]


@pytest.mark.parametrize(
    ("writes", "expected", "department"),
    [
        ("create", ["S00001", "S00002"], "设备科"),
        ("update", ["S00001"], "一车间"),
        ("both", ["S00001", "S00002"], "一车间"),
    ],
)
def test_only_what_was_chosen_is_written(browser: Browser, writes: str, expected: list[str], department: str) -> None:
    written(browser, [row(1)])
    path = upload(browser, [row(1, department="一车间"), row(2)])
    assert '<select name="writes">' in page(browser.get(path))
    assert browser.post(f"{path}/commit", {"mode": "all", "writes": "everything"}).status_code == 422
    assert browser.post(f"{path}/commit", {"mode": "all", "writes": writes}).status_code == 303
    imports.apply_imports()
    found = browser.get(path + ".json").get_json()
    assert (found["state"], found["applied"]) == ("done", 2 if writes == "both" else 1)
    assert serials() == expected
    assert (
        db.session.scalars(sa.select(MeasuringInstrument.department).order_by(MeasuringInstrument.id)).all()[0]
        == department
    )


def test_there_is_nothing_to_choose_where_all_rows_are_new(browser: Browser) -> None:
    assert '<select name="writes">' not in page(browser.get(upload(browser, [row(1)])))


def test_progress_tells_rows_pace_and_time_left(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (ledger_import_apply, ledger_import_undo):
        monkeypatch.setattr(module, "BATCH", 2)
    path = upload(browser, [row(number) for number in range(9)])
    browser.post(f"{path}/commit", {"mode": "all"})
    assert "已写入 0 行，共 9 行" in page(browser.get(path))
    with unit_of_work():
        claimed = ledger_import_apply.claim()
        assert claimed is not None
        ledger_import_apply.apply_batch(claimed)
    html = page(browser.get(path))
    assert "已写入 2 行，共 9 行" in html and "每秒约" in html and "还要约" in html
    imports.apply_imports()
    browser.post(f"{path}/undo")
    with unit_of_work():
        claimed = ledger_import_undo.claim()
        assert claimed is not None
        ledger_import_undo.undo_batch(claimed)
    html = page(browser.get(path))
    assert "已撤销 2 行，共 9 行" in html and "每秒约" in html
