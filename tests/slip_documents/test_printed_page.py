"""The web page printed by a browser: the signatures stay with the list they are signed for."""

from __future__ import annotations

import re
from io import BytesIO

from playwright.sync_api import Browser
from pypdf import PdfReader

from backoffice.slip_documents import SlipContent
from backoffice.slip_documents.render import slip_environment
from tests.journeys.support import ROOT
from tests.slip_documents.samples import slip
from tests.slip_documents.test_page import page


def printed(browser: Browser, content: SlipContent) -> list[str]:
    """The text of each sheet, without blanks."""
    house = (ROOT / "static" / "app.css").read_text()
    own = slip_environment().get_template("_slip.css").render()
    sheet = f"<style>{re.sub(r'@font-face[^}]*}', '', house)}</style><style>{own}</style>"
    tab = browser.new_page()
    tab.set_content(f"<html lang=zh-CN><head>{sheet}</head><body><main class=page>{page(content)}</main></body></html>")
    made = tab.pdf(prefer_css_page_size=True)
    tab.close()
    return [re.sub(r"\s", "", each.extract_text()) for each in PdfReader(BytesIO(made)).pages]


def test_a_slip_of_seven_instruments_is_one_sheet(browser: Browser) -> None:
    assert len(printed(browser, slip(7))) == 1
