"""The marked workbook on the import's page: offered once it is made, to its own enterprise alone."""

from __future__ import annotations

import io
from typing import Any

from flask import Flask
from openpyxl import load_workbook

from backoffice.jobs import imports
from backoffice.models import User
from tests.enterprise.ledger_app import browser, ledger_app, ledger_application, signed_in, user
from tests.enterprise.test_imports import page, send, upload
from tests.factories import UserFactory
from tests.services.ledger_samples import row
from tests.web.conftest import Browser

__all__ = ["browser", "ledger_app", "ledger_application", "user"]

BAD: list[dict[str, Any]] = [row(1), row(2, quantity=7)]


def test_the_marked_workbook_is_offered_once_the_job_has_made_it(browser: Browser) -> None:
    path = upload(browser, BAD)
    assert "正在把检查结果标注到您的工作簿里" in page(browser.get(path))
    assert browser.get(f"{path}/annotated.xlsx").status_code == 404
    imports.annotate_imports()
    html = page(browser.get(path))
    assert f'href="{path}/annotated.xlsx"' in html and "下载标注了错误的工作簿" in html
    answer = browser.get(f"{path}/annotated.xlsx")
    assert "attachment" in answer.headers["Content-Disposition"]
    assert answer.headers["Cache-Control"] == "no-store"
    book = load_workbook(io.BytesIO(answer.data))
    book.worksheets[0]["N3"].value = 1
    stream = io.BytesIO()
    book.save(stream)
    again = send(browser, stream.getvalue(), "改好.xlsx")
    assert again.headers["Location"] == path
    imports.check_imports()
    html = page(browser.get(path))
    assert "2 行都可以导入" in html and "这次导入已换过文件：台账.xlsx" in html
    assert browser.get(f"{path}/annotated.xlsx").status_code == 404


def test_a_faultless_file_offers_none(browser: Browser) -> None:
    assert "标注" not in page(browser.get(upload(browser, [row(1)])))


def test_it_is_the_enterprise_s_own(ledger_app: Flask, browser: Browser, user: User) -> None:
    path = upload(browser, BAD)
    imports.annotate_imports()
    assert browser.get(f"{path}/annotated.xlsx").status_code == 200
    other = signed_in(ledger_app, UserFactory(of_enterprise=True))
    assert other.get(f"{path}/annotated.xlsx").status_code == 404
