"""Which column of a file is what, as a person has said it: plain values that are stored, passed on, and read with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import islice
from typing import Any

from openpyxl.utils import column_index_from_string, get_column_letter

from backoffice.workbooks.cells import CellKind, RawCell
from backoffice.workbooks.problems import FileProblemCode, FileProblemError
from backoffice.workbooks.sheets import Sheet
from backoffice.workbooks.tables import Header, Table

KIND_FROM = "name"
"""The column a kind is read from where the file has none of its own."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The sheet and its header row; `columns` by letter, `fills` the same value for every row by column code.

    `kind_from_name` reads the kind of each row from its name. `words` are the headers as they stood, by letter: a file
    with the very same ones is read in the same way.
    """

    sheet: str
    header_row: int
    columns: Mapping[str, str]
    fills: Mapping[str, str] = field(default_factory=dict)
    kind_from_name: bool = False
    words: Mapping[str, str] = field(default_factory=dict)

    def stored(self) -> dict[str, Any]:
        """Plain values for a JSON column."""
        return asdict(self)

    @classmethod
    def restored(cls, stored: Mapping[str, Any]) -> Choice:
        """The choice `stored()` was made from."""
        return cls(**stored)

    def completed(self, cells: Mapping[str, RawCell]) -> dict[str, RawCell]:
        """The cells of a row with those the file has no column for."""
        filled = {code: RawCell(text, CellKind.TEXT) for code, text in self.fills.items()}
        if self.kind_from_name and KIND_FROM in cells:
            filled["kind_code"] = cells[KIND_FROM]
        return {**filled, **cells}


def chosen_table(sheets: Sequence[Sheet], choice: Choice) -> Table:
    """The table a person has pointed out. Raises `FileProblemError` where the file has no such sheet any more."""
    sheet = next((sheet for sheet in sheets if sheet.title == choice.sheet), None)
    if sheet is None:
        raise FileProblemError(FileProblemCode.HEADER_NOT_FOUND)
    positions = {code: column_index_from_string(letter) - 1 for letter, code in choice.columns.items()}
    cells = next(
        (cells for number, cells in islice(sheet.rows(), choice.header_row) if number == choice.header_row), ()
    )
    words = {code: _word(cells, position) for code, position in positions.items()}
    return Table(sheet, Header(choice.header_row, positions, words, [], []), [])


def _word(cells: Sequence[Any], position: int) -> str:
    cell = cells[position] if position < len(cells) else None
    return str(cell[1]).strip() if cell is not None else get_column_letter(position + 1)
