"""A telephone's photo of the licence is made smaller in the browser, so that the form takes it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser

from backoffice.services.stored_files import LARGEST_LICENCE
from tests.journeys.support import ROOT

FORM = """<form data-registration="{}"><label for="type">t</label><select name="type" id="type"></select>
<label for="principal">p</label><input name="principal" id="principal">
<input type="file" name="licence" id="licence"></form>"""


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A picture no compression makes small: larger than the form takes."""
    side = 2400
    made = tmp_path / "IMG_2031.png"
    Image.frombytes("RGB", (side, side), os.urandom(side * side * 3)).save(made)
    assert made.stat().st_size > LARGEST_LICENCE
    return made


def test_a_large_photo_is_made_to_fit_and_stays_a_picture(photo: Path, browser: Browser) -> None:
    page = browser.new_page()
    page.set_content(FORM)
    page.add_script_tag(path=ROOT / "static" / "registration.js")
    page.set_input_files("#licence", photo)
    page.wait_for_function("document.getElementById('licence').files[0].name.endsWith('.jpg')")
    size, kind = page.evaluate("(f => [f.size, f.type])(document.getElementById('licence').files[0])")
    page.close()
    assert kind == "image/jpeg"
    assert 0 < size <= LARGEST_LICENCE
