"""Dates, and the spelling of headers."""

from __future__ import annotations

import datetime as dt

import hypothesis.strategies as st
import pytest
from hypothesis import example, given, settings

from backoffice.workbooks import cells
from backoffice.workbooks.cells import CellKind, RawCell, Unreadable, date_of, easily_read, is_blank, shown, text_of
from backoffice.workbooks.columns import COLUMNS, Column, Content, column_of_header


@pytest.mark.parametrize(
    "text", ["2026-11-23", "2026/11/23", "2026.11.23", "2026年11月23日", "20261123", "２０２６-11-23"]
)
def test_a_day_is_read_from_the_usual_spellings(text: str) -> None:
    assert date_of(RawCell(text, CellKind.TEXT)) == dt.date(2026, 11, 23)


def test_a_date_cell_is_a_day_and_an_empty_one_is_none() -> None:
    assert date_of(RawCell("2026-11-23T10:00:00", CellKind.DATE)) == dt.date(2026, 11, 23)
    assert date_of(None) is None


@pytest.mark.parametrize(
    "cell",
    [
        RawCell("2026-02-30", CellKind.TEXT),
        RawCell("去年", CellKind.TEXT),
        RawCell(46349, CellKind.INTEGER),
        RawCell(True, CellKind.BOOLEAN),
    ],
)
def test_what_is_no_day_is_refused(cell: RawCell) -> None:
    with pytest.raises(Unreadable):
        date_of(cell)


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (" *器具 名称 ", "name"),
        ("出厂编号＊", "serial_number"),
        ("规格型号", "model"),
        ("机号/枪号/分号", "sub_number"),
        ("科室/部门（选填）", "department"),
        ("检定证书编号", "certificate_number"),
        ("台帐编号", "ledger_number"),
    ],
)
def test_a_header_is_known_in_its_usual_spellings(header: str, code: str) -> None:
    column = column_of_header(header)
    assert column is not None
    assert column.code == code


def test_other_words_are_no_header() -> None:
    assert column_of_header("备注") is None


def test_no_character_that_is_refused_or_dropped_passes_by_the_short_way() -> None:
    """Most texts are plain and are not looked at character by character; which may, is asked of all there are."""
    short = [each for each in map(chr, range(0x110000)) if each.isprintable() and not cells._NO_LETTERS.search(each)]
    assert len(short) > 100_000
    wrong = [each for each in short if cells._is_refused(each) or ord(each) in cells._DROPPED]
    assert wrong == [] and not cells._BREAKS.search("".join(short))


TEXTS = st.one_of(st.text(max_size=120), st.text(" 0123456789eE+.-aZ无１Ａ　\u200b\u00ad\n😀", max_size=30))


@settings(max_examples=400, deadline=None)
@given(raw=TEXTS, column=st.sampled_from([column for column in COLUMNS if column.content is not Content.DAY]))
@example("12E10", COLUMNS[0])
@example("压力表\U0001f600", COLUMNS[1])
@example("x" * 80, COLUMNS[1])
@example("x" * 81, COLUMNS[1])
def test_a_text_read_the_short_way_is_what_the_rules_make_of_it(raw: str, column: Column) -> None:
    text = easily_read(raw, column)
    if text is not None:
        cell = RawCell(raw, CellKind.TEXT)
        assert text == text_of(cell, column) == shown(cell)
        assert not is_blank(cell)


def test_the_short_way_is_open_to_usual_names_and_numbers() -> None:
    by_code = {column.code: column for column in COLUMNS}
    assert easily_read("弹簧管压力表", by_code["name"]) == "弹簧管压力表"
    assert easily_read("WL-000123", by_code["serial_number"]) == "WL-000123"
    assert easily_read("１２３", by_code["serial_number"]) is None
    assert easily_read("国产", by_code["origin"]) is None
