"""Rows of an import on their way: as they will be stored, and as an undo would leave them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from ..states import RowOutcome
from ..workbooks.cells import RawCell


@dataclass(slots=True)
class JudgedRow:
    """A row as it will be stored."""

    number: int
    found: dict[str, str]
    cells: Mapping[str, RawCell] = field(default_factory=dict)
    outcome: RowOutcome = RowOutcome.NEW
    columns: dict[str, Any] | None = None
    before: dict[str, Any] | None = None
    problems: list[dict[str, Any]] = field(default_factory=list)
    instrument_id: int | None = None
    record_key: str | None = None
    has_warning: bool = False
    key: tuple[str, ...] | None = None
    """The key it has in the ledger, whether or not an earlier row has the same."""
    claimed_id: int | None = None
    """The instrument it is, unless an earlier row has its key."""
    mended: Mapping[str, Any] | None = None
    """What the file had in cells that were mended since."""


class KeptCode(StrEnum):
    """Why a row stays."""

    REMOVED = "removed"
    BOOKED = "booked"
    VERIFIED = "verified"
    PROPOSED = "proposed"
    CHANGED = "changed"
    LOCKED = "locked"
    KEY_TAKEN = "key_taken"
    REFERENCE_GONE = "reference_gone"
    ALTERED = "altered"
    IN_USE = "in_use"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Kept:
    """A row that stays: `number` is the spreadsheet's, `facts` belong to the sentence of the code."""

    number: int
    code: KeptCode
    facts: dict[str, Any]
    name: str
    serial_number: str


@dataclass(frozen=True, slots=True)
class Prospect:
    """What an undo would do now: rows it would delete and restore, and those that stay, by reason."""

    removed: int = 0
    restored: int = 0
    kept: dict[KeptCode, int] = field(default_factory=dict)

    @property
    def stays(self) -> int:
        return sum(self.kept.values())
