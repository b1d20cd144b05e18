"""The demo accounts as a table for the console."""

from __future__ import annotations

import csv
import unicodedata
from pathlib import Path

#: Columns a person needs to log in as somebody, with the words above them.
COLUMNS = {"username": "账号", "password": "密码", "role": "身份", "organisation": "单位", "division": "区划"}
ROLES = {
    "enterprise": "企业",
    "institution": "技术机构",
    "regulator": "监管部门",
    "auditor": "审计",
    "admin": "系统管理",
}


def account_lines(path: Path) -> list[str]:
    """Return the table's lines; raises OSError where there is no such file."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    table = [list(COLUMNS.values())]
    table += [[ROLES.get(row.get(name) or "", row.get(name) or "") for name in COLUMNS] for row in rows]
    widths = [max(map(width, column)) for column in zip(*table, strict=True)]
    return [
        "  ".join(cell + " " * (w - width(cell)) for cell, w in zip(line, widths, strict=True)).rstrip()
        for line in table
    ]


def width(text: str) -> int:
    """Return how many columns of a terminal the text takes; a Chinese character takes two."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)
