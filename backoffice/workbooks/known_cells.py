"""What the cells of one file were read as: most columns repeat a few hundred values in thousands of rows.

Only readings about which there was nothing to say are kept: they depend on the column, the text and the reference data
alone, and what is wrong is found anew in each row, with the row's own words beside it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable
from typing import Any

MOST_OF_A_COLUMN = 5_000
"""Texts kept of a column. One that never repeats, as the serial numbers, is forgotten again and again."""


class KnownCells:
    """Readings by column and text. Serves one run under one reference: what it knows is never out of date."""

    def __init__(self) -> None:
        self.readings: defaultdict[str, dict[Any, Any]] = defaultdict(dict)
        """To be looked up by column, then by text; `keep` adds to them."""

    def keep(self, column: str, text: str, reading: Hashable) -> None:
        """Remember a reading; one that could be altered by who gets it (a list) is not kept."""
        known = self.readings[column]
        if not _is_firm(reading):
            return
        if len(known) >= MOST_OF_A_COLUMN:
            known.clear()
        known[text] = reading


def _is_firm(reading: Hashable) -> bool:
    try:
        hash(reading)
    except TypeError:
        return False
    return True
