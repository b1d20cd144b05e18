"""The table of texts: the same words as openpyxl's own reader gives."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from openpyxl.reader.strings import read_string_table

from backoffice.workbooks.shared_strings import read_words

TESTS = Path(__file__).resolve().parents[1]
NAMESPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
STRANGE = f"""<?xml version="1.0" encoding="UTF-8"?><sst xmlns="{NAMESPACE}">
<si><t>一</t></si><si/><si><t/></si><si><t xml:space="preserve"> 0012 </t></si>
<si><r><rPr><sz val="11"/><rFont val="Cambria"/></rPr><t>(0</t></r><r><t>～</t></r><r><t>1.6) MPa</t></r></si>
<si><t>仪表</t><rPh sb="0" eb="2"><t>yibiao</t></rPh><phoneticPr fontId="1"/></si>
<si><t>_x005F_x000D_</t></si><si><t>&#60;b&gt;</t></si>
<si>一<t>二<!-- 三 -->四</t>五<r>六<t>七</t>八</r></si></sst>"""


@pytest.mark.parametrize("name", ["golden/ledger-300.xlsx", "journeys/workbooks/ledger-600.mended.xlsx"])
def test_a_table_saved_by_a_spreadsheet_program(name: str) -> None:
    with zipfile.ZipFile(TESTS / name) as parts:
        content = parts.read("xl/sharedStrings.xml")
    assert read_words(io.BytesIO(content)) == read_string_table(io.BytesIO(content)) != []


def test_runs_are_joined_and_pronunciations_left_out() -> None:
    words = read_words(io.BytesIO(STRANGE.encode()))
    assert words == ["一", "", "", " 0012 ", "(0～1.6) MPa", "仪表", "_x000D_", "<b>", "二四七"]
    assert words == read_string_table(io.BytesIO(STRANGE.encode()))
