"""What the cells of one file were read as: most columns repeat a few hundred values in thousands of rows.

Only readings about which there was nothing to say are kept: they depend on the column, the text and the reference data
alone, and what is wrong is found anew in each row, with the row's own words beside it.
"""

from __future__ import annotations

from typing import Any

MOST_OF_A_COLUMN = 5_000
"""Texts kept of a column. One that never repeats, as the serial numbers, is forgotten again and again."""


class KnownCells:
    """Readings by column and text. Serves one run under one reference: what it knows is never out of date."""

    def __init__(self) -> None:
        self._by_column: dict[str, dict[str, Any]] = {}

    def of(self, column: str) -> dict[str, Any]:
        """The readings of a column, to be looked up; `keep` adds to them."""
        return self._by_column.setdefault(column, {})

    def keep(self, column: str, text: str, value: Any) -> None:
        """Remember a reading that cannot be altered by who gets it."""
        known = self.of(column)
        if value is None or isinstance(value, list):
            return
        if len(known) >= MOST_OF_A_COLUMN:
            known.clear()
        known[text] = value
