"""The data files of the demo, as rows."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent
ACCOUNTS = FOLDER.parent / "demo_accounts.csv"

Row = dict[str, str]


def rows(name: str) -> list[Row]:
    return _read(FOLDER / name)


def accounts() -> dict[str, Row]:
    """Demo accounts by user name."""
    return {row["username"]: row for row in _read(ACCOUNTS)}


@cache
def _read(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
