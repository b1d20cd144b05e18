"""备案: time, authority and agent on the record, in the export, and on the table to print."""

from __future__ import annotations

from typing import Any

import pypdfium2
import pytest
from sqlalchemy import update

from backoffice import clock
from backoffice.database import db
from backoffice.models import MeasuringInstrument, User
from backoffice.slip_documents import filing
from tests.enterprise.ledger_app import browser, ledger_app, ledger_application, user
from tests.enterprise.test_instruments import LIST, exported, own, page
from tests.factories import InstitutionFactory, UserFactory
from tests.web.conftest import Browser

__all__ = ["browser", "ledger_app", "ledger_application", "user"]

TITLE = "强制检定工作计量器具备案表"


@pytest.fixture
def office(ledger_app: Any) -> User:
    found: User = UserFactory(regulator=True, division_code="370303", organisation="张店区市场监督管理局")
    db.session.commit()
    return found


def text_of(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(pdf)
    return "".join(document[number].get_textpage().get_text_range() for number in range(len(document)))


@pytest.mark.usefixtures("office")
def test_record_and_export_say_when_with_whom_and_by_whom_it_was_filed(browser: Browser, user: User) -> None:
    desk = InstitutionFactory(name="淄博市计量技术研究院")
    row = own(user, division_code="370303", added_by_institution_id=desk.id)
    html = page(browser.get(f"{LIST}{row.id}"))
    assert "备案机关" in html and "张店区市场监督管理局" in html and "由淄博市计量技术研究院代办" in html
    cells = exported(browser)
    assert cells["备案机关"] == "张店区市场监督管理局" and cells["代办"] == "由淄博市计量技术研究院代办"
    assert cells["备案时间"].startswith(clock.local(row.filed_at).date().isoformat())


def test_what_a_regulator_entered_names_its_office(browser: Browser, user: User, office: User) -> None:
    own(user, division_code="370303", added_by_division_code="370303")
    assert exported(browser)["代办"] == "由张店区市场监督管理局代办"


@pytest.mark.usefixtures("office")
def test_one_instrument_is_printed_as_page_and_pdf(browser: Browser, user: User) -> None:
    row = own(user, division_code="370303", serial_number="F-1")
    own(user, division_code="370303", serial_number="F-2")
    assert f'href="{LIST}{row.id}/filing"' in page(browser.get(f"{LIST}{row.id}"))
    html = page(browser.get(f"{LIST}{row.id}/filing"))
    unit = user.enterprise
    assert unit is not None
    for words in (TITLE, unit.name, unit.uscc, "F-1", "张店区市场监督管理局", "备案机关（盖章）", "共 1 台（件）"):
        assert words in html
    assert "F-2" not in html
    answer = browser.get(f"{LIST}{row.id}/filing.pdf")
    assert answer.content_type == "application/pdf"
    printed = text_of(answer.data)
    for words in (TITLE, unit.uscc, "F-1", "张店区市场监督管理局", "备案机关（盖章）"):
        assert words in printed


@pytest.mark.usefixtures("office")
def test_the_filtered_list_is_printed_and_nothing_else(browser: Browser, user: User) -> None:
    for number in range(30):
        own(user, division_code="370303", serial_number=f"P-{number:03d}")
    own(user, division_code="370303", serial_number="OTHER", kind_code="0601")
    assert f'href="{LIST}filing?kind=1401"' in page(browser.get(f"{LIST}?kind=1401"))
    html = page(browser.get(f"{LIST}filing?kind=1401"))
    assert "共 30 台（件）" in html and "OTHER" not in html and f'href="{LIST}filing.pdf?kind=1401"' in html
    printed = text_of(browser.get(f"{LIST}filing.pdf?kind=1401").data)
    assert all(f"P-{number:03d}" in printed for number in range(30)) and "OTHER" not in printed


def test_nothing_and_too_much_lead_back_with_a_sentence(
    browser: Browser, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert browser.get(f"{LIST}filing").status_code == 303
    assert "没有可以打印的器具" in page(browser.get(LIST))
    own(user), own(user)
    monkeypatch.setattr("backoffice.admin_views.enterprise.filing_form.MAX_FILING_ROWS", 1)
    assert browser.get(f"{LIST}filing.pdf").status_code == 303
    assert "请先筛选" in page(browser.get(LIST))
    assert filing.MAX_FILING_ROWS == 500


def test_a_character_without_a_glyph_is_said_and_the_page_prints(browser: Browser, user: User) -> None:
    row = own(user)
    db.session.execute(update(MeasuringInstrument).where(MeasuringInstrument.id == row.id).values(name="𠮷表"))
    db.session.commit()
    answer = browser.get(f"{LIST}{row.id}/filing.pdf")
    assert answer.status_code == 409 and "打印网页" in page(answer)
    assert "𠮷表" in page(browser.get(f"{LIST}{row.id}/filing"))
