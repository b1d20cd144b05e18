"""Rows of reference tables: one audited way to add, change, stop and remove them, read off the model itself.

A column's own declaration says what it accepts (type, length, whether it may be empty, uniqueness); what a model knows
beyond that stands in `CHECKS`, and references that are no foreign keys in `SOFT_REFERENCES`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from .. import audit, scoping
from ..actor import Actor
from ..audit import AuditAction
from ..database import Model, db
from ..errors import Conflict
from ..models import CatalogueItem, MeasuringInstrument, OptionValue
from ..permissions import Permission, require
from .reference_checks import Problems, assign, references_to, refuse_if_referred_to

Values = Mapping[str, Any]
Check = Callable[[Problems, Values], None]
LARGEST_TEXT = 5000


def create(actor: Actor, model: type[Any], values: Values) -> Any:
    """Add a row; raises `Invalid`, `Forbidden`."""
    require(actor, Permission.ALL_REFERENCE_EDIT)
    row = model(**checked(model, values))
    db.session.add(row)
    db.session.flush()
    audit.record(actor, AuditAction.REFERENCE_CREATED, row, after=audit.values_of(row))
    return row


def change(actor: Actor, model: type[Any], key: Any, values: Values) -> Any:
    """Change a row's values, not its key; raises `Invalid`, `NotFound`, `Forbidden`."""
    row = _editable(actor, model, key)
    assign(row, checked(model, values, row))
    audit.record_change(actor, AuditAction.REFERENCE_CHANGED, row)
    return row


def checked(model: type[Any], values: Values, row: Any | None = None) -> dict[str, Any]:
    """The columns of a row, or of a new one, out of what was typed; raises `Invalid` and writes nothing."""
    problems = Problems()
    clean = _checked(problems, model, values)
    _refuse_duplicates(problems, model, clean, row)
    problems.refuse()
    return clean


def remove(actor: Actor, model: type[Any], key: Any) -> None:
    """Delete a row nothing refers to; raises `Conflict` for every other."""
    row = _editable(actor, model, key)
    refuse_if_referred_to(uses(row))
    audit.record(actor, AuditAction.REFERENCE_REMOVED, row, before=audit.values_of(row))
    db.session.delete(row)
    db.session.flush()


def switch(actor: Actor, model: type[Any], key: Any, *, is_active: bool, reason: str) -> Any:
    """停用 or 启用: rows that name it stay, new ones cannot choose it. Raises `Invalid`, `Conflict`."""
    row = _editable(actor, model, key)
    problems = Problems()
    words = problems.reason(reason)
    problems.refuse()
    if row.is_active == is_active:
        raise Conflict("changed_meanwhile")
    row.is_active = is_active
    db.session.flush()
    audit.record(
        actor,
        AuditAction.REFERENCE_CHANGED,
        row,
        before={"is_active": not is_active},
        after={"is_active": is_active, "reason": words},
    )
    return row


def uses(row: Model) -> int:
    """How many rows of other tables name this one."""
    soft = SOFT_REFERENCES.get(type(row))
    return references_to(row) + (soft(row) if soft else 0)


def _editable(actor: Actor, model: type[Any], key: Any) -> Any:
    require(actor, Permission.ALL_REFERENCE_EDIT)
    return scoping.find(actor, model, key, lock=True)


def _checked(problems: Problems, model: type[Any], values: Values) -> dict[str, Any]:
    columns = sa.inspect(model).columns
    clean = {name: _value(problems, name, columns[name], value) for name, value in values.items()}
    check = CHECKS.get(model)
    if check is not None and not problems.found:
        check(problems, clean)
    return clean


def _value(problems: Problems, name: str, column: sa.Column[Any], value: Any) -> Any:
    is_needed = not column.nullable and column.default is None
    codes = column.type.enum_class if isinstance(column.type, sa.Enum) else None
    if codes is not None and issubclass(codes, StrEnum):
        return None if value in (None, "") and column.nullable else problems.code(name, value, codes)
    if isinstance(column.type, sa.String):
        limit = column.type.length or LARGEST_TEXT
        return problems.text(name, value, limit=limit, required=is_needed) or (None if column.nullable else "")
    if value is None and is_needed:
        problems.add(name, "required")
    return value if value is not None or column.nullable else _default(column)


def _default(column: sa.Column[Any]) -> Any:
    return column.default.arg if isinstance(column.default, sa.ColumnDefault) and column.default.is_scalar else None


def _refuse_duplicates(problems: Problems, model: type[Any], clean: Values, row: Any | None) -> None:
    """The words for what the database would refuse: a key or unique value that another row has."""
    for names in _unique_sets(model):
        known = {name: clean.get(name, getattr(row, name, None)) for name in names}
        if any(value is None or name in problems.found for name, value in known.items()):
            continue
        statement = sa.select(model).where(*(getattr(model, name) == value for name, value in known.items()))
        other = db.session.scalars(statement).unique().first()
        if other is not None and other is not row:
            field = next((name for name in reversed(names) if name in clean), "")
            problems.add(field, "already_exists", existing=str(other))


def _unique_sets(model: type[Any]) -> list[list[str]]:
    mapper = sa.inspect(model)
    sets = [list(mapper.primary_key)]
    sets += [list(each.columns) for each in mapper.local_table.constraints if isinstance(each, sa.UniqueConstraint)]
    return [[mapper.get_property_by_column(column).key for column in columns] for columns in sets]


def _check_item(problems: Problems, values: Values) -> None:
    if "code" in values and not re.fullmatch(r"[0-9]{2}", values["code"]):
        problems.add("code", "item_code_malformed")


def _check_option(problems: Problems, values: Values) -> None:
    if "code" in values and not re.fullmatch(r"[a-z][a-z0-9_]*", values["code"]):
        problems.add("code", "option_code_malformed")


def _instruments_of_origin(row: Model) -> int:
    """Ledgers keep the code of their 器具产地."""
    if not isinstance(row, OptionValue) or row.list_code != "origin":
        return 0
    statement = sa.select(sa.func.count()).where(MeasuringInstrument.origin == row.code)
    return db.session.scalar(statement) or 0


CHECKS: dict[type[Any], Check] = {CatalogueItem: _check_item, OptionValue: _check_option}
SOFT_REFERENCES: dict[type[Any], Callable[[Any], int]] = {OptionValue: _instruments_of_origin}
