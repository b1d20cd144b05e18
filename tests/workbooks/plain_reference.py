"""The seeded catalogue and divisions as plain facts, without a database."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

from backoffice.workbooks.reference import DivisionFact, KindFact, Reference
from backoffice.workbooks.template import write_template

SEEDS = Path(__file__).resolve().parents[2] / "seeds"
ORIGINS = {"domestic": "国产", "imported": "进口"}
PURPOSES = {"1": "安全防护", "2": "医疗卫生", "3": "环境监测", "4": "贸易结算"}
DELIVERY_MODES = {"send_in": "送检", "on_site": "现场检定（外检）"}
_PURPOSE_CODES = {label: code for code, label in PURPOSES.items()}


def _rows(name: str) -> list[dict[str, str]]:
    with (SEEDS / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@cache
def kinds() -> tuple[KindFact, ...]:
    return tuple(
        KindFact(
            code=row["kind_code"],
            name=row["kind_name"],
            item_code=row["item_code"],
            item_name=row["item_name"],
            aliases=tuple(filter(None, row["aliases"].split("|"))),
            supervision=row["supervision"],
            verification_scheme=row["verification_scheme"],
            purposes=tuple(_PURPOSE_CODES[label] for label in row["purposes"].split("|") if label),
            scope_note=row["scope_note"],
            default_period_months=int(row["default_period_months"]) if row["default_period_months"] else None,
        )
        for row in _rows("kinds.csv")
    )


@cache
def divisions() -> tuple[DivisionFact, ...]:
    return tuple(
        DivisionFact(code=row["code"], name=row["name"], parent_code=row["parent_code"] or None)
        for row in _rows("divisions.csv")
    )


@cache
def reference() -> Reference:
    return Reference.of(
        kinds=kinds(), divisions=divisions(), origins=ORIGINS, purposes=PURPOSES, delivery_modes=DELIVERY_MODES
    )


def write_plain_template(stream: BinaryIO, rows: Iterable[Mapping[str, Any]] = ()) -> None:
    """The ledger's template over these facts, with rows in it."""
    write_template(
        stream,
        kinds=kinds(),
        divisions=divisions(),
        origins=ORIGINS,
        purposes=PURPOSES,
        delivery_modes=DELIVERY_MODES,
        rows=rows,
    )
