"""The PDF says exactly what the slip's content says, on every page, and reads nothing else."""

from __future__ import annotations

import os
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
import zxingcpp
from jinja2 import UndefinedError
from PIL.Image import Image
from pypdf import PdfReader

from backoffice.slip_documents import (
    MAX_ROWS_IN_REQUEST,
    MissingGlyphsError,
    SlipRenderError,
    SlipRow,
    TooManyRowsError,
    render_slip_pdf,
)
from backoffice.slip_documents.render import pdf_from_html, slip_environment, texts_of
from tests.slip_documents.samples import ACCEPTANCE_URL, KINDS, NUMBER, UPDATED_AT, slip, slip_of

DOTS_PER_INCH = 203
"""An ordinary label printer or a poor scan: the least a code at the counter has to survive."""


@cache
def pdf(rows: int) -> bytes:
    return render_slip_pdf(slip(rows), updated_at=UPDATED_AT)


@cache
def page_texts(content: bytes) -> list[str]:
    """The text of each page, without any blanks: where a line ended is not what is tested."""
    return [squeezed(page.extract_text()) for page in PdfReader(BytesIO(content)).pages]


def squeezed(text: str) -> str:
    return re.sub(r"\s", "", text)


def page_image(content: bytes, page: int) -> Image:
    document = pypdfium2.PdfDocument(content)
    image: Image = document[page].render(scale=DOTS_PER_INCH / 72).to_pil()
    return image


def render_row(**changes: Any) -> bytes:
    return render_slip_pdf(slip_of(replace(KINDS[0], **changes)), updated_at=UPDATED_AT)


@pytest.fixture
def visits() -> Iterator[tuple[str, list[bytes]]]:
    """The address of a local server, and the list of what it was asked."""
    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)
        stop = threading.Event()

        def answer() -> None:
            while not stop.is_set():
                try:
                    connection, _ = server.accept()
                except TimeoutError:
                    continue
                with connection:
                    asked.append(connection.recv(1024))

        thread = threading.Thread(target=answer)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}", asked
        stop.set()
        thread.join()


@pytest.mark.parametrize("rows", [1, 30, 199])
def test_every_cell_of_every_row_is_on_the_paper(rows: int) -> None:
    whole = "".join(page_texts(pdf(rows)))
    missing = {text for row in slip(rows).rows for text in texts_of(row) if squeezed(text) not in whole}
    assert missing == set()


def test_who_when_and_where_are_on_the_first_page() -> None:
    first = page_texts(pdf(1))[0]
    content = slip(1)
    for part in (content.enterprise, content.institution, content.visit):
        assert [text for text in texts_of(part) if squeezed(text) not in first] == []


def test_the_paper_says_that_verification_is_free_and_asks_for_three_signatures() -> None:
    last = page_texts(pdf(30))[-1]
    assert "强制检定不收取检定费（财税〔2017〕20号）" in last
    for words in ("送检人（签字／盖章）", "机构受理人（签字／盖章）", "实收", "领取人（签字）", "年月日"):
        assert words in last


def test_the_list_says_how_many_in_all_and_of_each_mode() -> None:
    assert "共30台（件）：送检23，现场检定7" in page_texts(pdf(30))[0]


def test_a_closing_row_follows_the_last_instrument() -> None:
    whole = "".join(page_texts(pdf(30)))
    assert whole.count("以下空白") == 1
    assert whole.index("以下空白") > whole.index(squeezed(slip(30).rows[-1].serial_number))


@pytest.mark.parametrize("rows", [30, 199])
def test_the_header_row_stands_on_every_page_of_the_list(rows: int) -> None:
    pages = page_texts(pdf(rows))
    listing = [page for page in pages if any(squeezed(row.serial_number) in page for row in slip(rows).rows[4:])]
    assert len(listing) > 1
    assert all("序号器具名称" in page for page in listing)


@pytest.mark.parametrize("rows", [1, 30, 199])
def test_every_page_says_which_of_how_many_it_is(rows: int) -> None:
    pages = page_texts(pdf(rows))
    assert all(f"第{number}页/共{len(pages)}页" in page for number, page in enumerate(pages, start=1))


def test_a_later_page_alone_says_whose_slip_it_belongs_to() -> None:
    content = slip(30)
    for page in page_texts(pdf(30))[1:]:
        assert "强制检定预约单（续）" in page
        assert content.number in page
        assert content.enterprise.name in page


@pytest.mark.parametrize("rows", [10, 12, 13])
def test_notes_and_signatures_are_never_split(rows: int) -> None:
    last = page_texts(pdf(rows))[-1]
    assert last.index("强制检定不收取检定费") < last.index("送检人") < last.rindex("年月日")


def test_rare_characters_and_units_are_copied_out_as_they_were_typed() -> None:
    text = "".join(page_texts(pdf(30)))
    for part in ("E₂等级", "℃", "m³/h", "𬭸星计量仪器", "㛃䶮化工"):
        assert part in text


def test_codes_of_the_first_page_open_the_acceptance_screen_and_give_the_number() -> None:
    found = {(code.format.name, code.text) for code in zxingcpp.read_barcodes(page_image(pdf(30), 0))}
    assert {text for _, text in found} == {ACCEPTANCE_URL, NUMBER}
    assert any(name.startswith("Code128") and text == NUMBER for name, text in found)


def test_the_code_of_a_later_page_gives_the_number() -> None:
    assert [code.text for code in zxingcpp.read_barcodes(page_image(pdf(30), 1))] == [NUMBER]


def test_equal_slips_give_equal_bytes() -> None:
    assert render_slip_pdf(slip(12), updated_at=UPDATED_AT) == render_slip_pdf(slip(12), updated_at=UPDATED_AT)


def test_the_document_bears_the_date_of_the_slip() -> None:
    metadata = PdfReader(BytesIO(pdf(1))).metadata
    assert metadata is not None
    assert metadata.creation_date == UPDATED_AT
    assert render_slip_pdf(slip(1), updated_at=UPDATED_AT + timedelta(seconds=1)) != pdf(1)


def test_title_and_language_are_set_for_screen_readers() -> None:
    reader = PdfReader(BytesIO(pdf(1)))
    assert reader.metadata is not None
    assert reader.metadata.title == f"强制检定预约单 {NUMBER}"
    assert str(reader.root_object["/Lang"]) == "zh-CN"


def test_a_changed_and_cancelled_slip_says_so_on_every_page() -> None:
    content = slip(14, version=2, cancelled_text="已取消")
    assert all("已取消·版本2" in page for page in page_texts(render_slip_pdf(content, updated_at=UPDATED_AT)))
    assert not any("版本" in page or "已取消" in page for page in page_texts(pdf(30)))


@pytest.mark.parametrize(
    "value",
    [
        "<img src='/etc/passwd'>",
        "{{ 7 * 7 }}{% raw %}",
        "<pdf:nextpage/>",
        "</td></tr></table><h1>",
        "<td colspan=9999>",
        "&amp;&lt;&#20320;",
        "%(number)s",
    ],
)
def test_markup_in_a_value_is_printed_as_text(value: str) -> None:
    pages = page_texts(render_row(instrument_name=value, model=value))
    assert len(pages) == 1
    assert pages[0].count(squeezed(value)) == 2


def test_markup_in_names_and_metadata_is_text_too() -> None:
    hostile = "\"><pdf:pagebreak/><img src='x'>"
    content = slip(1)
    content = replace(content, enterprise=replace(content.enterprise, name=hostile), cancelled_text=hostile)
    assert squeezed(hostile) in page_texts(render_slip_pdf(content, updated_at=UPDATED_AT))[0]


@pytest.mark.parametrize(
    "markup",
    [
        '<img src="{address}/a.png">',
        '<link rel="stylesheet" href="{address}/a.css">',
        '<style>@import url("{address}/a.css");</style>',
        '<style>body {{ background-image: url("{address}/a.png") }}</style>',
        '<pdf:insertpdf src="{address}/a.pdf"/>',
    ],
)
def test_no_address_is_ever_asked(markup: str, visits: tuple[str, list[bytes]]) -> None:
    address, asked = visits
    # Refusing the document is as good as leaving the resource out.
    with suppress(SlipRenderError):
        pdf_from_html(f"<html><body>{markup.format(address=address)}</body></html>", updated_at=UPDATED_AT)
    assert asked == []


def test_no_file_is_ever_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    secret = tmp_path / "secret.png"
    secret.write_bytes(page_png())
    for source in ("secret.png", str(secret), secret.as_uri()):
        with pytest.raises(SlipRenderError):
            pdf_from_html(f'<html><body><img src="{source}"></body></html>', updated_at=UPDATED_AT)


def page_png() -> bytes:
    target = BytesIO()
    page_image(pdf(1), 0).resize((8, 8)).save(target, "PNG")
    return target.getvalue()


def test_a_character_without_a_glyph_is_named_instead_of_printed_as_a_box() -> None:
    with pytest.raises(MissingGlyphsError) as caught:
        render_row(manufacturer="𠮷野计量")
    assert caught.value.characters == {"𠮷"}


def test_a_warning_of_the_layout_is_a_failure() -> None:
    with pytest.raises(SlipRenderError):
        pdf_from_html("<html><body style='font-family: Nowhere'>表</body></html>", updated_at=UPDATED_AT)


@pytest.mark.parametrize("field", ["instrument_name", "serial_number"])
def test_cells_of_three_thousand_characters_are_printed_whole(field: str) -> None:
    assert "".join(page_texts(render_row(**{field: "囊" * 3000}))).count("囊") == 3000


def test_words_of_the_institution_may_be_longer_than_a_page() -> None:
    content = slip(1)
    content = replace(content, visit=replace(content.visit, words="请将器具擦拭干净。" * 340))
    assert len(page_texts(render_slip_pdf(content, updated_at=UPDATED_AT))) >= 2


def test_a_slip_with_nothing_optional_is_printed() -> None:
    bare = SlipRow(
        position=1,
        instrument_name="秤",
        kind_name="秤",
        serial_number="无",
        delivery_mode="送检",
        application_type="首次",
    )
    content = slip_of(bare)
    content = replace(content, appointment_number="", visit=replace(content.visit, day="", time="", place="", words=""))
    assert "—" in page_texts(render_slip_pdf(content, updated_at=UPDATED_AT))[0]


def test_more_rows_than_a_request_may_render_are_refused() -> None:
    with pytest.raises(TooManyRowsError):
        render_slip_pdf(slip(MAX_ROWS_IN_REQUEST + 1), updated_at=UPDATED_AT)


def test_a_job_may_render_a_long_slip(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backoffice.slip_documents.render.MAX_ROWS_IN_REQUEST", 2)
    assert render_slip_pdf(slip(3), updated_at=UPDATED_AT, allow_long=True).startswith(b"%PDF")


def test_the_environment_is_left_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "5")
    render_slip_pdf(slip(1), updated_at=UPDATED_AT)
    assert os.environ["SOURCE_DATE_EPOCH"] == "5"


def test_templates_refuse_an_unknown_name() -> None:
    with pytest.raises(UndefinedError):
        slip_environment().from_string("{{ nobody.name }}").render()


def test_the_paper_counts_what_is_brought_and_what_is_visited_apart() -> None:
    (text,) = page_texts(render_slip_pdf(replace(slip(4), on_site=1), updated_at=UPDATED_AT))
    assert "应送3台（件），现场检定1台（件）" in text
    assert "现场检定清单所列使用地点" in text
    (text,) = page_texts(render_slip_pdf(replace(slip(2), on_site=2), updated_at=UPDATED_AT))
    assert "应送" not in text
    assert "现场检定地点" in text
