"""Sets of columns: each header names one column, and what a cell holds of several entries is read back."""

from __future__ import annotations

from collections import Counter

import pytest

from backoffice.workbooks.column_sets import SETS, ColumnSet
from backoffice.workbooks.columns import column_of_header, folded_header
from backoffice.workbooks.resolve import joined, parts_of


@pytest.mark.parametrize("columns", SETS.values(), ids=SETS)
def test_every_spelling_names_exactly_one_column(columns: ColumnSet) -> None:
    spellings = Counter(
        spelling
        for column in columns.columns
        for spelling in {folded_header(each) for each in (column.header, column.code, *column.aliases)}
    )
    assert [spelling for spelling, count in spellings.items() if count > 1] == []
    for column in columns.columns:
        assert column_of_header(f" {column.header} ＊", columns.columns) is column


@pytest.mark.parametrize("columns", SETS.values(), ids=SETS)
def test_the_example_and_the_columns_always_shown_are_of_the_set(columns: ColumnSet) -> None:
    code, text = columns.example
    assert {code, *columns.shown} <= set(columns.by_code)
    assert columns.is_example({code: ("text", f" {text} ", None)})
    assert not columns.is_example({code: ("text", "14", None)}) and not columns.is_example({})


@pytest.mark.parametrize("entries", [[], ["甲"], ["甲", "乙"], ["甲、乙"], ["甲、乙", "丙"], ["1401", "甲，乙"]])
def test_entries_of_a_cell_go_round(entries: list[str]) -> None:
    assert parts_of(joined(entries)) == entries


def test_entries_are_separated_as_people_separate_them() -> None:
    assert parts_of("甲、乙，丙, 丁\n戊") == ["甲", "乙", "丙", "丁", "戊"]
    assert parts_of("型式批准、强制检定", ["型式批准、强制检定"]) == ["型式批准、强制检定"]
