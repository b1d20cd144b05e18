"""The mandatory catalogue as a subject of the import: items and kinds by code, 停用 with a reason."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from .. import scoping
from ..actor import Actor
from ..database import db
from ..errors import Invalid
from ..models import Capability, CatalogueItem, Designation, InstrumentKind, MeasuringInstrument
from ..permissions import Permission
from ..states import Purpose
from ..workbooks.catalogue_columns import ACTIVE, EXAMPLE_CODE, OF_KINDS_ONLY, STATUSES, STOPPED
from ..workbooks.column_sets import CATALOGUE
from ..workbooks.problems import ProblemCode
from ..workbooks.reference import Reference, folded_name
from ..workbooks.resolve import parts_of
from . import catalogue, ledger_reference, reference_rows
from .record_import import Draft, Known, RecordSubject, Values
from .reference_checks import Problems

ITEM_DIGITS = 2
_CODE = re.compile(r"[0-9]{2}|[0-9]{4}")
_BLANK: Mapping[str, Any] = {
    "code": "",
    "name": "",
    "item_code": "",
    "aliases": [],
    "supervision": "",
    "verification_scheme": "",
    "default_period_months": "",
    "purposes": [],
    "scope_note": "",
    "external_code": "",
    "status": ACTIVE,
    "reason": "",
}


def is_item(code: str) -> bool:
    """Whether a code is that of an item: two digits; kinds have four."""
    return len(code) == ITEM_DIGITS


class Catalogue(RecordSubject):
    """强检器具目录."""

    columns = CATALOGUE
    permission = Permission.ALL_REFERENCE_EDIT
    blank = _BLANK
    passing = ("reason",)

    def reference(self, actor: Actor) -> Reference:
        items = db.session.execute(sa.select(CatalogueItem.code, CatalogueItem.name).order_by(CatalogueItem.code))
        return Reference(
            kinds={},
            divisions={},
            origins={},
            purposes={},
            delivery_modes={},
            further={
                "item_code": {code: f"{code} {name}" for code, name in items},
                "supervision": _words(catalogue.SUPERVISIONS, InstrumentKind.supervision),
                "verification_scheme": _words(catalogue.SCHEMES, InstrumentKind.verification_scheme),
                "purposes": ledger_reference.labels(Purpose),
                "status": STATUSES,
            },
        )

    def example(self, reference: Reference) -> Mapping[str, str]:
        return {
            "code": EXAMPLE_CODE,
            "name": "压力表（精密）",
            "item_code": next(iter(reference.choices("item_code").values()), ""),
            "aliases": "精密表、标准压力表",
            "supervision": catalogue.SUPERVISIONS[0],
            "verification_scheme": catalogue.SCHEMES[0],
            "default_period_months": "12",
            "purposes": "、".join(list(reference.choices("purposes").values())[:2]),
            "status": STATUSES[ACTIVE],
        }

    def all_of(self, actor: Actor) -> dict[str, Values]:
        return _records(scoping.visible(actor, CatalogueItem), scoping.visible(actor, InstrumentKind))

    def existing(self, keys: Iterable[str]) -> dict[str, Values]:
        wanted = list(keys)
        return _records(
            sa.select(CatalogueItem).where(CatalogueItem.code.in_(wanted)),
            sa.select(InstrumentKind).where(InstrumentKind.code.in_(wanted)),
        )

    def prepare(self, draft: Draft, known: Known) -> None:
        values = draft.values
        if not _CODE.fullmatch(values["code"]):
            _refuse_code(draft, known)
            return
        if is_item(values["code"]):
            for name in OF_KINDS_ONLY:
                if values.pop(name, ""):
                    draft.refuse(name, "import_not_of_items")
            return
        if "aliases" in values:
            values["aliases"] = list(dict.fromkeys(parts_of(values["aliases"])))
        if "purposes" in values:
            values["purposes"] = [each.value for each in Purpose if each.value in values["purposes"]]
        if values.get("item_code"):
            values["item_code"] = _item_of(values["item_code"], known)

    def key_of(self, draft: Draft, known: Known) -> str | None:
        """By code; an empty item or status of a known record leaves it as it is."""
        code = draft.values["code"]
        current = known.existing.get(code)
        for name in ("item_code", "status"):
            if not draft.values.get(name, ""):
                draft.values.pop(name, None)
        if current is not None and draft.values.get("item_code", current["item_code"]) != current["item_code"]:
            draft.refuse("item_code", "import_item_fixed", item=current["item_code"])
        self._refuse_equal_name(draft, known)
        return code if current is not None else None

    def _refuse_equal_name(self, draft: Draft, known: Known) -> None:
        """Two kinds of one file with the same name; one that stands in the catalogue is refused by its service."""
        if is_item(draft.values["code"]):
            return
        for earlier, values in known.met.get(_named(draft.values), ())[:1]:
            if values["code"] != draft.values["code"]:
                draft.refuse("name", ProblemCode.NAME_TWICE.value, earlier_row=earlier)

    def identity(self, key: str | None, values: Values) -> str:
        return str(values["code"])

    def groups(self, values: Values) -> Sequence[str]:
        return (values["code"],) if is_item(values["code"]) else (values["code"], _named(values))

    def check(self, known: Known, key: str | None, values: Values) -> None:
        problems = Problems()
        _check_status(problems, known, key, values)
        try:
            self._check_columns(known, key, values)
        except Invalid as refused:
            problems.found |= refused.problems
        if _item_comes_with_the_file(known, values):
            problems.found.pop("item_code", None)
        problems.refuse()

    def _check_columns(self, known: Known, key: str | None, values: Values) -> None:
        if is_item(values["code"]):
            row = db.session.get(CatalogueItem, key) if key else None
            reference_rows.checked(CatalogueItem, _typed_item(values, is_new=key is None), row)
        elif key is None:
            catalogue.checked_new_kind(known.actor, {**_typed_kind(values), **_place(values)})
        else:
            catalogue.checked_kind(key, _typed_kind(values))

    def compare(self, draft: Draft, key: str | None, values: Values, known: Known) -> None:
        """Codes and names are all that two rows can have in common, and those are errors."""

    def create(self, actor: Actor, values: Values) -> str:
        code = str(values["code"])
        if is_item(code):
            reference_rows.create(actor, CatalogueItem, _typed_item(values, is_new=True))
        else:
            catalogue.add_kind(actor, **_place(values), **_typed_kind(values))
        self._switch(actor, ACTIVE, values)
        return code

    def change(self, actor: Actor, key: str, values: Values) -> None:
        """Started again before and stopped after its other changes, so that every change meets a rule in force."""
        before = self.existing([key])[key]["status"]
        if is_item(key):
            reference_rows.change(actor, CatalogueItem, key, _typed_item(values, is_new=False))
        else:
            catalogue.change_kind(actor, key, **_typed_kind(values))
        self._switch(actor, before, values)

    def _switch(self, actor: Actor, before: str, values: Values) -> None:
        code, after, reason = values["code"], values["status"], values["reason"]
        if after == before:
            return
        if is_item(code):
            reference_rows.switch(actor, CatalogueItem, code, is_active=after == ACTIVE, reason=reason)
        elif after == STOPPED:
            catalogue.retire_kind(actor, code, reason=reason)
        else:
            catalogue.restore_kind(actor, code, reason=reason)

    def remove(self, actor: Actor, key: str) -> None:
        if is_item(key):
            reference_rows.remove(actor, CatalogueItem, key)
        else:
            catalogue.remove_kind(actor, key)

    def uses(self, keys: Sequence[str]) -> dict[str, int]:
        found: dict[str, int] = {}
        for column in (
            MeasuringInstrument.kind_code,
            Capability.kind_code,
            Designation.kind_code,
            Designation.item_code,
        ):
            statement = sa.select(column, sa.func.count()).where(column.in_(keys)).group_by(column)
            for key, count in db.session.execute(statement):
                found[key] = found.get(key, 0) + count
        others = sa.select(InstrumentKind.item_code, sa.func.count()).where(
            InstrumentKind.item_code.in_(keys), InstrumentKind.code.not_in(keys)
        )
        for key, count in db.session.execute(others.group_by(InstrumentKind.item_code)):
            found[key] = found.get(key, 0) + count
        return found

    def hold(self, rows: Sequence[Values], keys: Sequence[str]) -> None:
        codes = {row["code"] for row in rows} | {row.get("item_code") or "" for row in rows}
        for model in (CatalogueItem, InstrumentKind):
            statement = sa.select(model.code).where(model.code.in_(codes)).order_by(model.code)
            db.session.execute(statement.with_for_update(of=model))


def _named(values: Values) -> str:
    return f"name {values['name']}"


def _records(items: sa.Select[Any], kinds: sa.Select[Any]) -> dict[str, Values]:
    fresh = {"populate_existing": True}
    found = {row.code: _plain_item(row) for row in db.session.scalars(items, execution_options=fresh)}
    return found | {row.code: _plain_kind(row) for row in db.session.scalars(kinds, execution_options=fresh).unique()}


def _words(declared: Sequence[str], column: Any) -> dict[str, str]:
    """What the form offers, and what stands in the catalogue already."""
    used = db.session.scalars(sa.select(column).where(column != "").distinct().order_by(column))
    return {words: words for words in (*declared, *used)}


def _plain_item(row: CatalogueItem) -> Values:
    status = ACTIVE if row.is_active else STOPPED
    named = {"code": row.code, "name": row.name, "external_code": row.external_code or "", "status": status}
    return {**_BLANK, **named}


def _plain_kind(row: InstrumentKind) -> Values:
    return {
        "code": row.code,
        "name": row.name,
        "item_code": row.item_code,
        "aliases": list(row.aliases),
        "supervision": row.supervision,
        "verification_scheme": row.verification_scheme,
        "default_period_months": "" if row.default_period_months is None else row.default_period_months,
        "purposes": list(row.purposes),
        "scope_note": row.scope_note,
        "external_code": row.external_code or "",
        "status": STOPPED if row.is_retired else ACTIVE,
        "reason": "",
    }


def _typed_item(values: Values, *, is_new: bool) -> dict[str, Any]:
    code = {"code": values["code"]} if is_new else {}
    return {**code, "name": values["name"], "external_code": values["external_code"]}


def _place(values: Values) -> dict[str, Any]:
    return {"code": values["code"], "item_code": values["item_code"]}


def _typed_kind(values: Values) -> dict[str, Any]:
    names = ("name", "aliases", "supervision", "verification_scheme", "purposes", "scope_note", "external_code")
    months = values["default_period_months"]
    return {**{name: values[name] for name in names}, "default_period_months": None if months == "" else months}


def _check_status(problems: Problems, known: Known, key: str | None, values: Values) -> None:
    """A change of it needs its reason; a kind is started again only below an item in force."""
    before = known.existing[key]["status"] if key else ACTIVE
    if values["status"] == before:
        return
    problems.reason(values["reason"])
    item = known.existing.get(values["item_code"])
    is_stopped = item is not None and item["status"] == STOPPED and not _item_comes_with_the_file(known, values)
    if item is not None and is_stopped and values["status"] == ACTIVE:
        problems.add("status", "kind_of_stopped_item", item=item["name"])


def _refuse_code(draft: Draft, known: Known) -> None:
    code = draft.values["code"]
    padded = code.zfill(len(code) + len(code) % 2)
    if padded != code and padded in known.existing:
        draft.refuse("code", ProblemCode.LEADING_ZERO_LOST.value, suggestion=padded)
    else:
        draft.refuse("code", "import_code_malformed")


def _item_of(text: str, known: Known) -> str:
    """The code of an item by its code, by code and name, or by its name; what names none is refused by the service."""
    leading = re.match(r"[0-9]+", text)
    if leading:
        return leading[0]
    named = [code for code, label in known.reference.choices("item_code").items() if _is_called(text, label)]
    return named[0] if len(named) == 1 else text


def _is_called(text: str, label: str) -> bool:
    return folded_name(text) == folded_name(label.split(" ", 1)[1])


def _item_comes_with_the_file(known: Known, values: Values) -> bool:
    """Whether an earlier row brings the item, or starts it again."""
    item = values["item_code"]
    return any(row["status"] == ACTIVE for _number, row in known.met.get(item, ()))
