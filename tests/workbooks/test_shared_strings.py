"""The table of texts: the same words as openpyxl's own reader gives."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError, XMLParser

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl.reader.strings import read_string_table

from backoffice.workbooks import shared_strings
from backoffice.workbooks.shared_strings import Texts

TESTS = Path(__file__).resolve().parents[1]
NAMESPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
STRANGE = f"""<?xml version="1.0" encoding="UTF-8"?><sst xmlns="{NAMESPACE}">
<si><t>一</t></si><si/><si><t/></si><si><t xml:space="preserve"> 0012 </t></si>
<si><r><rPr><sz val="11"/><rFont val="Cambria"/></rPr><t>(0</t></r><r><t>～</t></r><r><t>1.6) MPa</t></r></si>
<si><t>仪表</t><rPh sb="0" eb="2"><t>yibiao</t></rPh><phoneticPr fontId="1"/></si>
<si><t>_x005F_x000D_</t></si><si><t>&#60;b&gt;</t></si>
<si>一<t>二<!-- 三 -->四</t>五<r>六<t>七</t>八</r></si></sst>"""


def read_words(source: io.BytesIO) -> list[str]:
    return Texts(source)[: 1 << 30]


@pytest.mark.parametrize("name", ["golden/ledger-300.xlsx", "journeys/workbooks/ledger-600.mended.xlsx"])
def test_a_table_saved_by_a_spreadsheet_program(name: str) -> None:
    with zipfile.ZipFile(TESTS / name) as parts:
        content = parts.read("xl/sharedStrings.xml")
    assert read_words(io.BytesIO(content)) == read_string_table(io.BytesIO(content)) != []


def test_runs_are_joined_and_pronunciations_left_out() -> None:
    words = read_words(io.BytesIO(STRANGE.encode()))
    assert words == ["一", "", "", " 0012 ", "(0～1.6) MPa", "仪表", "_x000D_", "<b>", "二四七"]
    assert words == read_string_table(io.BytesIO(STRANGE.encode()))


STRINGS = (
    "<si><t>一</t></si>",
    '<si><t xml:space="preserve"> 0012 </t></si>',
    "<si><t>&#19968;&amp;&lt;b&gt;&#x4e00;</t></si>",
    "<si><r><t>甲</t></r></si>",
    *(
        f'<si><r><rPr><sz val="{size}"/><rFont val="宋体!"/></rPr><t>甲</t></r>'
        f'<r><rPr><sz val="{size}"/></rPr><t xml:space="preserve"> 2 </t></r><r><t>乙</t></r></si>'
        for size in (9, 11)
    ),
    '<si><t>仪表</t><phoneticPr fontId="1" type="noConversion"/></si>',
    '<si><r><t>仪</t></r><r><t>表</t></r><phoneticPr fontId="1"/></si>',
    '<si><t>仪表</t><rPh sb="0" eb="2"><t>yibiao</t></rPh></si>',
    "<si><rPh><r><t>a</t></r><r><t>b</t></r></rPh><t>c</t></si>",
    "<si/>",
    "<si><t/></si>",
    "<si></si>",
    "<si><t>_x005F_x000D_</t></si>",
    "<si><r><t>_x00</t></r><r><t>5F_</t></r></si>",
    "<si><t>\ue000</t></si>",
    "<si><r><t>\ue001</t></r><r><t>二</t></r></si>",
    "<si><t>&#57344;</t></si>",
    "<si><r><t>&#57345;</t></r><r><t>二</t></r></si>",
    "<si><t>一\r\n二\r三</t></si>",
    "<si><t>一<!-- 二 -->三</t></si>",
    "<si><t><![CDATA[<si><t>一</t></si>]]></t></si>",
    "<si><r><!-- <rPr/> --><t>一</t></r></si>",
    "<si><t>一<b/>二</t></si>",
    "<si>一<t>二</t>三</si>",
    "<si><t>二</t><t>三</t></si>",
    '<si><t xml:space="preserve" xml:space="preserve">二</t></si>',
    "<si><t>&#12</t></si>",
    "<si><r><t>&#1996</t></r><r><t>8;</t></r></si>",
    "<si><t>]]></t></si>",
    "<si><r><t>]]</t></r><r><t>></t></r></si>",
    "<si><t>\x01</t></si>",
    "<si><t>\uffff</t></si>",
    "<si><t>&nothing;</t></si>",
    '<si><r><rPr><b a="1" a="1"/></rPr><t>一</t></r></si>',
    "<si><r><rPr><q:b/></rPr><t>一</t></r></si>",
    '<si><r><rPr><b val=">"/></rPr><t>一</t></r></si>',
    "<si><r><rPr><b val='1'/></rPr><t>一</t></r></si>",
    '<si xmlns="urn:x"><t>一</t></si>',
    "<a>",
    "</a>",
    "<a/>",
    '<a b=">',
    '">',
    "文",
    "\n",
    "\x0c",
    "<?pi <si><t>一</t></si>?>",
    "<!-- <si><t>一</t></si> -->",
    "</sst>",
)
HEADS = (
    "",
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\r\n',
    "\ufeff",
    "<?xml version='1.0' encoding='us-ascii'?>",
    '<?xml version="1.0" encoding="gbk"?>',
    "<!-- <sst> -->",
)


def _told_everything(source: io.BytesIO) -> list[str]:
    words = shared_strings._Words()
    parser = XMLParser(target=words)  # noqa: S314 - the document is made here
    parser.feed(source.read())
    parser.close()
    return words.found


def _all(read: Callable[[io.BytesIO], Any], table: str) -> Any:
    try:
        return read(io.BytesIO(table.encode()))
    except Exception:
        return "broken"


@st.composite
def _tables(draw: st.DrawFn) -> str:
    strings = draw(st.lists(st.one_of(st.sampled_from(STRINGS[:7]), st.sampled_from(STRINGS)), max_size=12))
    namespace = draw(st.sampled_from([NAMESPACE, NAMESPACE, NAMESPACE, "urn:x"]))
    return f'{draw(st.sampled_from(HEADS))}<sst xmlns="{namespace}" count="9">{"".join(strings)}</sst>'


@pytest.mark.parametrize("read_bytes", [65_536, 200, 23])
@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(table=_tables(), data=st.data())
def test_any_table_gives_the_words_the_parser_tells_string_by_string(
    monkeypatch: pytest.MonkeyPatch, read_bytes: int, table: str, data: st.DataObject
) -> None:
    monkeypatch.setattr(shared_strings, "_READ_BYTES", read_bytes)
    damages = st.sampled_from(["", "<", ">", '"', "/", "&", " ", "]]>", "<!--"])
    if data.draw(st.integers(0, 2)) == 0:
        at = data.draw(st.integers(0, len(table) - 1))
        table = table[:at] + data.draw(damages) + table[at + 1 :]
    assert _all(read_words, table) == _all(_told_everything, table)


def test_strings_with_known_looks_are_not_told_to_the_parser(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[bytes] = []
    told_whole = Texts._told_whole
    monkeypatch.setattr(Texts, "_told_whole", lambda self, content: told.append(content) or told_whole(self, content))
    monkeypatch.setattr(shared_strings, "_READ_BYTES", 5_000)
    table = f'<sst xmlns="{NAMESPACE}">{"".join(STRINGS[:8]) * 200}</sst>'
    assert read_words(io.BytesIO(table.encode())) == read_string_table(io.BytesIO(table.encode()))
    assert 0 < len(told) < 100


def test_no_more_is_read_than_is_asked_for() -> None:
    table = f'<sst xmlns="{NAMESPACE}">' + "".join(f"<si><t>{number}</t></si>" for number in range(100_000)) + "<broken"
    stream = io.BytesIO(table.encode())
    texts = Texts(stream)
    assert (texts[0], texts[12], stream.tell() < 200_000) == ("0", "12", True)
    with pytest.raises(ParseError):
        texts[100_000]
    with pytest.raises(ParseError):
        Texts(io.BytesIO(table.encode())).finish()


def test_a_text_that_is_not_there_is_an_error_and_the_last_ones_can_be_counted_from_the_end() -> None:
    texts = Texts(io.BytesIO(STRANGE.encode()))
    assert texts[-1] == "二四七"
    with pytest.raises(IndexError):
        texts[9]
