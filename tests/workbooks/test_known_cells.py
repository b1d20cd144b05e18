"""What earlier rows have taught changes no answer: rows that share cells are checked with it and without it alike."""

from __future__ import annotations

from datetime import date

import hypothesis.strategies as st
from hypothesis import HealthCheck, given, settings

from backoffice.errors import FieldProblem
from backoffice.services.ledger_further import further_values
from backoffice.services.ledger_values import FURTHER_COLUMNS
from backoffice.workbooks import known_cells
from backoffice.workbooks.cells import CellKind, RawCell
from backoffice.workbooks.checks import RawRow, check_row
from backoffice.workbooks.columns import COLUMNS
from backoffice.workbooks.known_cells import KnownCells
from backoffice.workbooks.reference import Reference
from tests.workbooks.conftest import VALUES

ODD = (
    "",
    "  ",
    "1",
    "/",
    "无编号",
    "＋１２",
    "1.2E+17",
    "2026-05-10",
    "2099-01-01",
    "2026-02-30",
    "a\u202eb",
    "张店区",
    "压力表",
    "国产",
    "现场检定",
    "0.4级",
    "x" * 300,
)
CELLS = st.one_of(
    st.builds(RawCell, st.sampled_from(ODD), st.just(CellKind.TEXT)),
    st.builds(
        RawCell, st.sampled_from((0, 1, 12, 10**15)), st.just(CellKind.INTEGER), shown=st.sampled_from((None, "0012"))
    ),
    st.builds(RawCell, st.just(True), st.just(CellKind.BOOLEAN)),
    st.builds(RawCell, st.just(1.5), st.just(CellKind.DECIMAL)),
    st.builds(RawCell, st.sampled_from(("2026-05-10", "1")), st.sampled_from((CellKind.DATE, CellKind.FORMULA))),
)
COLUMN_CODES = [column.code for column in COLUMNS]
ROWS = st.lists(st.dictionaries(st.sampled_from(COLUMN_CODES), CELLS, max_size=6), min_size=2, max_size=12)
GOOD = {code: RawCell(text, CellKind.TEXT) for code, text in VALUES.items() if text}
SAME_REFERENCE = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=80)


@SAME_REFERENCE
@given(rows=ROWS)
def test_rows_that_share_cells_are_checked_as_if_each_were_alone(
    reference: Reference, rows: list[dict[str, RawCell]]
) -> None:
    known = KnownCells()
    for number, changes in enumerate([{}, *rows, *rows], start=2):
        row = RawRow(number, {**GOOD, **changes})
        assert check_row(row, reference, known=known) == check_row(row, reference)


@settings(deadline=None, max_examples=80)
@given(st.lists(st.dictionaries(st.sampled_from(FURTHER_COLUMNS), st.sampled_from(ODD)), min_size=2, max_size=12))
def test_further_columns_are_read_as_if_each_row_were_alone(rows: list[dict[str, str]]) -> None:
    known = KnownCells()
    for row in [*rows, *rows]:
        with_it: dict[str, FieldProblem] = {}
        without: dict[str, FieldProblem] = {}
        assert further_values(row, with_it, known) == further_values(row, without)
        assert with_it == without


def test_a_reversed_pair_of_days_is_noted_though_each_day_is_known() -> None:
    known, noted = KnownCells(), {}
    for first, last in (("2026-05-10", "2026-06-10"), ("2026-06-10", "2026-05-10"), ("2026-06-10", "2026-05-10")):
        noted = {}
        further_values({"declared_verified_on": first, "declared_valid_until": last}, noted, known)
    assert noted["declared_valid_until"].facts == {"day": date(2026, 6, 10)}


def test_a_column_that_never_repeats_is_forgotten_again() -> None:
    known = KnownCells()
    for number in range(3 * known_cells.MOST_OF_A_COLUMN):
        known.keep("serial_number", str(number), str(number))
    assert len(known.readings["serial_number"]) <= known_cells.MOST_OF_A_COLUMN


def test_a_list_that_others_could_alter_is_not_kept() -> None:
    known = KnownCells()
    known.keep("areas", "张店区", (["370303"], "张店区"))
    assert not known.readings["areas"]
