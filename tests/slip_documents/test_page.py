"""The slip's web page says what the PDF says and obeys a strict content security policy."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape

from backoffice.slip_documents import SlipContent, qr_data_uri
from backoffice.slip_documents.render import slip_environment, texts_of
from tests.slip_documents.samples import KINDS, slip, slip_of


def page(content: SlipContent, **values: object) -> str:
    template = slip_environment().get_template("_slip.html")
    return template.render(slip=content, slip_qr=qr_data_uri(content.acceptance_url), **values)


def test_every_text_of_the_slip_is_on_the_page() -> None:
    content = replace(slip(4), cancelled_text="已取消", acceptance_url="https://qjt.example.cn/a")
    shown = unescape(page(content))
    assert [text for text in texts_of(content) if text not in shown and text != content.acceptance_url] == []


def test_values_are_escaped() -> None:
    hostile = "<img src=x onerror=alert(1)>"
    html = page(slip_of(replace(KINDS[0], instrument_name=hostile)))
    assert hostile not in html
    assert hostile in unescape(html)


def test_nothing_on_the_page_needs_an_inline_style_or_script() -> None:
    html = page(slip(4))
    assert not re.search(r"\sstyle=|\son\w+=|<script|<style", html)
    assert re.findall(r'src="([^"]{0,14})', html) == ["data:image/svg"]


def test_every_cell_of_the_list_has_its_label_for_phones() -> None:
    cells = re.findall(r"<td[^>]*>", page(slip(1)))
    assert len(cells) == 9
    assert sum("data-label=" in cell for cell in cells) == 8
    assert sum("lead" in cell for cell in cells) == 1


def test_the_pdf_is_offered_beside_printing_where_there_is_one() -> None:
    head = slip_environment().get_template("_print_head.html")
    assert "下载 PDF" not in head.render(back_url="/slips/7", slip_pdf_url=None)
    assert 'href="/slips/7.pdf"' in head.render(back_url="/slips/7", slip_pdf_url="/slips/7.pdf")


def test_what_is_brought_and_what_is_visited_are_counted_apart_each_with_its_place() -> None:
    both = unescape(page(replace(slip(4), on_site=1)))
    assert "应送 3 台（件），现场检定 1 台（件）" in both
    assert "受理地点" in both and "清单所列使用地点" in both
    visited = unescape(page(replace(slip(2), on_site=2)))
    assert "应送" not in visited
    assert "<dt>受理地点" not in visited
    assert "<dt>现场检定地点" in visited
    assert "应送 4 台（件）</span>" in unescape(page(slip(4)))


def test_an_accepted_slip_asks_nobody_to_accept_it_and_names_no_code_it_lacks() -> None:
    shown = page(slip(1))
    assert "窗口扫码受理" not in shown
    assert "条形码" not in shown
    assert "打印时间" not in shown  # It is the time of this version; when somebody prints, nobody knows here.
