"""What columns of other people's lists are taken for: never the wrong one; and where a table has its header."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count

import pytest
from openpyxl.utils import get_column_letter

from backoffice.workbooks.beginnings import Beginning, beginning_of, read_beginning
from backoffice.workbooks.header_guesses import guess_columns, guess_header_row
from backoffice.workbooks.ledger_headers import ledger_vocabulary
from backoffice.workbooks.reference import Reference
from backoffice.workbooks.sheet_cells import Cell
from backoffice.workbooks.sheets import Sheet
from tests.workbooks.own_lists import LISTS, OwnList


def sheet_of(lines: Sequence[Sequence[object]], title: str = "台账") -> Sheet:
    rows = [(number, [_cell(value) for value in line]) for number, line in enumerate(lines, start=1)]
    return Sheet(title, lambda: iter(rows))


def _cell(value: object) -> Cell | None:
    return ("text", str(value), None) if value not in (None, "") else None


def beginning(each: OwnList) -> Beginning:
    return read_beginning(sheet_of([*each.above, each.header, *each.rows]))


@pytest.mark.parametrize("each", LISTS, ids=lambda each: each.name)
def test_columns_of_other_peoples_lists_are_guessed_and_never_wrongly(each: OwnList, reference: Reference) -> None:
    row = len(each.above) + 1
    found = guess_columns(beginning(each), row, ledger_vocabulary(reference))
    assert {letter: guess.code for letter, guess in found.items()} == dict(each.expected)


@pytest.mark.parametrize("each", [each for each in LISTS if each.expected], ids=lambda each: each.name)
def test_the_header_is_found_below_titles(each: OwnList, reference: Reference) -> None:
    assert guess_header_row(beginning(each), ledger_vocabulary(reference)) == len(each.above) + 1


def test_only_names_that_are_always_known_count_as_certain(reference: Reference) -> None:
    lines = [["器具名称", "出厂号", "编号", "生产厂家"], *[["压力表", f"A{n}", f"J{n}", "红旗"] for n in range(3)]]
    found = guess_columns(read_beginning(sheet_of(lines)), 1, ledger_vocabulary(reference))
    assert {letter for letter, guess in found.items() if guess.is_certain} == {"A", "D"}


def test_rows_of_values_titles_and_lonely_words_are_no_header(reference: Reference) -> None:
    data = [["压力表", 1401, "Y-100", 20230101, "红旗仪表", "2026-01-02", 3]] * 4
    for lines in (data, [["某某公司器具台账"], *data], [["甲", "乙"], ["a", "b"]], [["名称", "型号", "编号"]], []):
        assert read_beginning(sheet_of(lines)).header_rows() == []
        assert guess_header_row(read_beginning(sheet_of(lines)), ledger_vocabulary(reference)) is None
        assert beginning_of([sheet_of(lines)]) is None


def test_a_header_below_the_tenth_row_is_not_looked_for() -> None:
    lines = [[]] * 10 + [["名称", "型号", "编号"], ["a", "b", "c"]]
    assert read_beginning(sheet_of(lines)).header_rows() == []


def test_the_sheet_that_is_most_like_a_ledger_is_shown() -> None:
    notes = sheet_of([["问", "答", "谁", "何时"], ["甲", "乙", "丙", "丁"]], "说明")
    own = sheet_of([["品名", "型号", "厂家"], ["秤", "A", "甲厂"]], "器具")
    found = beginning_of([notes, own])
    assert found is not None and found.sheet == "器具"


def test_samples_are_different_values_from_below_the_header_cut_to_forty_characters() -> None:
    numbers = count()
    lines = [["台账"], ["名称", "长", "空"], *[["秤", f"{next(numbers)}" + "长" * 60, None] for _ in range(20)]]
    found = read_beginning(sheet_of(lines))
    assert found.samples(2, "A") == ["秤"]
    assert found.samples(2, "B")[0] == "0" + "长" * 39
    assert found.samples(2, "C") == []
    assert found.letters(2) == ["A", "B", "C"]


def test_a_beginning_is_the_same_after_it_was_stored() -> None:
    found = read_beginning(
        sheet_of([["名称", "型号"], ["秤", "A"], *[["秤", get_column_letter(n)] for n in range(1, 30)]])
    )
    assert Beginning.restored(found.stored()) == found


def test_the_result_column_of_an_earlier_check_is_not_theirs() -> None:
    found = read_beginning(sheet_of([["名称", "型号", "编号", "检查结果"], ["秤", "A", "1", "错误"]]))
    assert found.words(1) == {"A": "名称", "B": "型号", "C": "编号"}
    assert found.letters(1) == ["A", "B", "C"]
