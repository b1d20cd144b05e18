"""Where a line of a cell may end."""

from __future__ import annotations

import pytest

from backoffice.slip_documents.fonts import text_width
from backoffice.slip_documents.lines import CLOSING_MARKS, OPENING_MARKS, break_lines


def lines(text: str, columns: int) -> list[str]:
    """Broken for a cell of so many columns, a Han or full-width character taking two, any other one."""
    return break_lines(text, max_width=columns, measure=lambda part: sum(2 if ord(c) > 0x2E7F else 1 for c in part))


def test_text_that_fits_is_one_line() -> None:
    assert lines("压力表", 10) == ["压力表"]


def test_an_empty_text_is_one_empty_line() -> None:
    assert lines("", 10) == [""]


def test_chinese_breaks_between_any_two_characters() -> None:
    assert lines("红旗仪表股份公司", 8) == ["红旗仪表", "股份公司"]


def test_a_closing_mark_never_begins_a_line() -> None:
    assert lines("红旗仪表，股份", 8) == ["红旗仪", "表，股份"]


def test_an_opening_mark_never_ends_a_line() -> None:
    assert lines("红旗表（杭州）", 8) == ["红旗表", "（杭州）"]


def test_numbers_units_and_models_stay_whole() -> None:
    assert lines("编号419.527厂", 10) == ["编号", "419.527厂"]
    assert lines("压力(0～1.6)MPa", 12) == ["压力", "(0～1.6)MPa"]


def test_latin_breaks_at_blanks() -> None:
    assert lines("Mettler Toledo International", 16) == ["Mettler Toledo", "International"]


def test_a_word_wider_than_the_cell_breaks_after_its_marks_first() -> None:
    assert lines("Y-100/ABC-2000-XYZ", 10) == ["Y-100/ABC-", "2000-XYZ"]


def test_a_word_without_marks_breaks_by_character() -> None:
    assert lines("ABCDEFGHIJ", 4) == ["ABCD", "EFGH", "IJ"]


def test_the_last_line_is_never_a_single_character() -> None:
    assert lines("红旗仪表厂", 8) == ["红旗仪", "表厂"]


def test_a_character_wider_than_the_cell_stands_alone() -> None:
    assert lines("表计", 1) == ["表", "计"]


@pytest.mark.parametrize("width", [20.0, 37.5, 61.0])
def test_no_line_is_wider_than_the_cell_and_nothing_is_lost(width: float) -> None:
    text = "砝码（E₂等级），测量范围：1～500 g；《JJG 99-2022》Mettler-Toledo International (Shanghai) Ltd."
    broken = break_lines(text, max_width=width, measure=lambda part: text_width(part, size=8))
    assert all(text_width(line, size=8) <= width + 1e-6 for line in broken)
    assert "".join(broken).replace(" ", "") == text.replace(" ", "")


def test_marks_are_kept_off_line_edges_in_a_cell_of_ordinary_width() -> None:
    text = "请将器具擦拭干净，压力表（含引压管）拆下后送检；燃气表由“检定一室”派员到现场检定。"
    for width in range(40, 120, 8):
        broken = break_lines(text, max_width=width, measure=lambda part: text_width(part, size=8))
        assert not any(line[0] in CLOSING_MARKS for line in broken)
        assert not any(line[-1] in OPENING_MARKS for line in broken)
