"""Load the reference data files into the database; loading again changes nothing a person edited."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy.dialects.postgresql import insert

from backoffice.database import Model, db
from backoffice.models import CatalogueItem, Division, InstrumentKind, OptionValue
from backoffice.states import Level, Purpose

FOLDER = Path(__file__).parent

PURPOSES = {
    "安全防护": Purpose.SAFETY,
    "医疗卫生": Purpose.MEDICAL,
    "环境监测": Purpose.ENVIRONMENT,
    "贸易结算": Purpose.TRADE,
}


def load() -> dict[str, int]:
    """Insert what is missing; returns how many rows each file offered."""
    divisions = list(_divisions())
    kinds = list(_rows("kinds.csv"))
    items = {row["item_code"]: row["item_name"] for row in kinds}
    _insert(Division, divisions, ["code"])
    _insert(CatalogueItem, [{"code": code, "name": name, "is_active": True} for code, name in items.items()], ["code"])
    _insert(InstrumentKind, [_kind(row) for row in kinds], ["code"])
    options = [{**row, "position": int(row["position"]), "is_active": True} for row in _rows("options.csv")]
    _insert(OptionValue, options, ["list_code", "code"])
    return {"divisions": len(divisions), "kinds": len(kinds), "options": len(options)}


def _rows(name: str) -> Iterator[dict[str, str]]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _divisions() -> Iterator[dict[str, Any]]:
    """Parents before children: a province's path is its code, every other adds its own."""
    paths: dict[str, str] = {}
    order = {level: place for place, level in enumerate(("province", "city", "county"))}
    for row in sorted(_rows("divisions.csv"), key=lambda row: (order[row["level"]], row["code"])):
        parent = row["parent_code"] or None
        paths[row["code"]] = (paths[parent] if parent else "/") + row["code"] + "/"
        yield {
            "code": row["code"],
            "name": row["name"],
            "level": Level(row["level"]),
            "parent_code": parent,
            "path": paths[row["code"]],
            "source": row["source"],
            "is_retired": False,
        }


def _kind(row: dict[str, str]) -> dict[str, Any]:
    months = row["default_period_months"]
    return {
        "code": row["kind_code"],
        "item_code": row["item_code"],
        "name": row["kind_name"],
        "aliases": [alias for alias in row["aliases"].split("|") if alias],
        "supervision": row["supervision"],
        "verification_scheme": row["verification_scheme"],
        "purposes": [PURPOSES[purpose].value for purpose in row["purposes"].split("|") if purpose],
        "scope_note": row["scope_note"],
        "default_period_months": int(months) if months else None,
        "confidence": row["confidence"],
        "is_retired": False,
    }


def _insert(model: type[Model], rows: list[dict[str, Any]], key: list[str]) -> None:
    # A statement that inserts nothing still counts as a change of the rules, so ask first.
    known = {tuple(row) for row in db.session.execute(db.select(*(getattr(model, column) for column in key)))}
    missing = [row for row in rows if tuple(row[column] for column in key) not in known]
    if missing:
        db.session.execute(insert(model), missing)
