"""The data files of the demo, as rows."""

from __future__ import annotations

import csv
from pathlib import Path

FOLDER = Path(__file__).parent
ACCOUNTS = FOLDER.parent / "demo_accounts.csv"


def rows(name: str) -> list[dict[str, str]]:
    return _read(FOLDER / name)


def accounts() -> dict[str, dict[str, str]]:
    """Demo accounts by user name."""
    return {row["username"]: row for row in _read(ACCOUNTS)}


def _read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
