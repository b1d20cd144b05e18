"""Lines between the reading process and its reader: every cell comes over as it was, and a text kept is the same."""

from __future__ import annotations

import math

import pytest

from backoffice.workbooks import lines
from backoffice.workbooks.cells import CellKind, RawCell
from backoffice.workbooks.lines import ToldCells, line_of, line_of_rows, message_of, row_told
from backoffice.workbooks.sheet_cells import Cell

CELLS: tuple[Cell, ...] = (
    ("text", "一\u2028\n\"'\\", None),
    ("text", "", None),
    ("integer", 12, "0012"),
    ("integer", 0, None),
    ("integer", 2**63, None),
    ("integer", -(2**64), None),
    ("integer", 10**40, "1" * 41),
    ("decimal", 1.6, None),
    ("decimal", -0.0, None),
    ("decimal", 1e300, None),
    ("decimal", math.inf, None),
    ("decimal", -math.inf, None),
    ("decimal", math.nan, None),
    ("boolean", True, None),
    ("date", "2026-01-02", None),
    ("error", "#N/A", None),
    ("formula", "=A1&B1", None),
)


def over(cell: Cell) -> RawCell:
    """A cell as the reader has it."""
    message = message_of(line_of_rows([row_told(7, {"a": cell}), row_told(8, {})]))
    (number, cells), following = message["rows"]
    assert (number, following) == (7, [8, {}])
    known = ToldCells("B")
    return known[cells["a"]] if isinstance(cells["a"], str) else known.other(cells["a"])


@pytest.mark.parametrize("cell", CELLS, ids=repr)
def test_a_cell_comes_over_as_it_was(cell: Cell) -> None:
    read = over(cell)
    assert (read.kind, repr(read.value), read.letter, read.shown) == (CellKind(cell[0]), repr(cell[1]), "B", cell[2])


def test_half_a_character_becomes_a_question_mark() -> None:
    assert over(("text", "a\ud800b", None)).value == "a?b"
    assert message_of(line_of({"problem": "\udfff"})) == {"problem": "?"}


def test_what_is_no_line_is_a_value_error() -> None:
    for line in (b"", b"{", b'"\xff"', b"[NaN]"):
        with pytest.raises(ValueError, match=r"."):
            message_of(line)


def test_a_text_that_comes_again_is_the_same_cell_and_few_are_held() -> None:
    known = ToldCells("C")
    assert known["一"] is known["一"] == RawCell("一", CellKind.TEXT, "C")
    long = "长" * 1_000
    assert known[long] is not known[long]
    for number in range(3 * lines._MOST_OF_A_COLUMN):
        assert known[str(number)].value == str(number)
        assert len(known) <= lines._MOST_OF_A_COLUMN
