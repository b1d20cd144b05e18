"""The web page printed by a browser: the signatures stay with the list they are signed for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO

import pytest
from playwright.sync_api import Browser, sync_playwright
from pypdf import PdfReader

from backoffice.slip_documents import SlipContent
from backoffice.slip_documents.render import slip_environment
from tests.journeys.support import ROOT, launch_arguments, write_font_configuration
from tests.slip_documents.samples import slip
from tests.slip_documents.test_page import page


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    fonts = write_font_configuration(tmp_path_factory.mktemp("fonts"))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**launch_arguments(fonts))
        yield browser
        browser.close()


def printed(chromium: Browser, content: SlipContent) -> list[str]:
    """The text of each sheet, without blanks."""
    house = (ROOT / "static" / "app.css").read_text()
    own = slip_environment().get_template("_slip.css").render()
    sheet = f"<style>{re.sub(r'@font-face[^}]*}', '', house)}</style><style>{own}</style>"
    tab = chromium.new_page()
    tab.set_content(f"<html lang=zh-CN><head>{sheet}</head><body><main class=page>{page(content)}</main></body></html>")
    made = tab.pdf(prefer_css_page_size=True)
    tab.close()
    return [re.sub(r"\s", "", each.extract_text()) for each in PdfReader(BytesIO(made)).pages]


def test_a_slip_of_seven_instruments_is_one_sheet(chromium: Browser) -> None:
    assert len(printed(chromium, slip(7))) == 1
