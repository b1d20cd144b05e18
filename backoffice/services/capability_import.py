"""Authorised kinds as a subject of the import: known by number, else by what is done where."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from .. import scoping
from ..actor import Actor
from ..database import db
from ..errors import Conflict
from ..matching import read_accuracy, read_range
from ..models import Capability, Institution, InstrumentKind, Laboratory, MatchingDecision
from ..permissions import Permission
from ..states import DeliveryMode
from ..workbooks.capability_columns import EXAMPLE_NUMBER, INTERNAL, PUBLIC, SCOPES
from ..workbooks.column_sets import CAPABILITIES
from ..workbooks.problems import ProblemCode
from ..workbooks.reference import Reference, folded_name
from ..workbooks.resolve import parts_of
from . import capabilities, ledger_reference
from .record_import import Draft, Known, RecordSubject, Values

_BLANK: Mapping[str, Any] = {
    "number": "",
    "institution_id": "",
    "laboratory_id": "",
    "kind_code": "",
    "areas": [],
    "valid_from": "",
    "valid_until": "",
    "document_number": "",
    "delivery_modes": [],
    "unit_scope": PUBLIC,
    "internal_units": [],
    "measuring_range": "",
    "accuracies": [],
}
IDENTIFYING = (
    "institution_id",
    "laboratory_id",
    "kind_code",
    "areas",
    "valid_from",
    "unit_scope",
    "internal_units",
    "measuring_range",
    "accuracies",
)
"""Two authorisations with all of these in common are one; a later period is another."""
NUMBER_DIGITS = 18


@dataclass(slots=True)
class Facts:
    """Names and places a check asks for again and again, and the capabilities by what they are about."""

    laboratories: dict[tuple[str, str], str]
    """Key by institution and name."""
    numbers: dict[str, list[str]]
    """Of the records there are, by identity."""
    parents: dict[str, str | None]
    about: dict[str, list[tuple[str, Values]]]
    """Of the records there are, by institution and kind."""


class Capabilities(RecordSubject):
    """授权检定项目."""

    columns = CAPABILITIES
    permission = Permission.AREA_CAPABILITIES_EDIT
    blank = _BLANK

    def reference(self, actor: Actor) -> Reference:
        ledger = ledger_reference.load()
        rows = db.session.execute(
            scoping.visible(actor, Institution).with_only_columns(Institution.id, Institution.name)
        ).all()
        rooms = db.session.execute(
            scoping.visible(actor, Laboratory).with_only_columns(Laboratory.id, Laboratory.name).order_by(Laboratory.id)
        ).all()
        return Reference(
            kinds=ledger.kinds,
            divisions=ledger.divisions,
            origins={},
            purposes=ledger.purposes,
            delivery_modes=ledger.delivery_modes,
            further={
                "institution_id": {str(key): name for key, name in sorted(rows, key=lambda row: row.name)},
                "laboratory_id": {str(key): name for key, name in rooms},
                "delivery_modes": ledger.delivery_modes,
                "unit_scope": SCOPES,
            },
            takes_any_kind=True,
        )

    def example(self, reference: Reference) -> Mapping[str, str]:
        kind = next((each for each in reference.kinds.values() if not each.retired), None)
        place = next((code for code, each in reference.divisions.items() if not each.retired), None)
        return {
            "number": EXAMPLE_NUMBER,
            "institution_id": next(iter(reference.choices("institution_id").values()), ""),
            "kind_code": kind.label if kind else "",
            "areas": reference.label_of_division(place) if place else "",
            "valid_from": "2026-01-01",
            "valid_until": "2030-12-31",
            "document_number": "鲁法计〔2026〕1 号",
            "delivery_modes": "、".join(reference.delivery_modes.values()),
            "unit_scope": SCOPES[PUBLIC],
            "measuring_range": "(0～60) MPa",
            "accuracies": "1.6级、2.5级",
        }

    def all_of(self, actor: Actor) -> dict[str, Values]:
        return _records(scoping.visible(actor, Capability))

    def existing(self, keys: Iterable[str]) -> dict[str, Values]:
        return _records(sa.select(Capability).where(Capability.id.in_([int(key) for key in keys])))

    def more_facts(self, actor: Actor) -> Facts:
        laboratories = db.session.scalars(scoping.visible(actor, Laboratory))
        facts = Facts(
            {(str(row.institution_id), folded_name(row.name)): str(row.id) for row in laboratories},
            defaultdict(list),
            {code: each.parent_code for code, each in ledger_reference.load().divisions.items()},
            defaultdict(list),
        )
        for key, values in self.all_of(actor).items():
            facts.numbers[self.identity(None, values)].append(key)
            facts.about[_about(values)].append((key, values))
        return facts

    def prepare(self, draft: Draft, known: Known) -> None:
        values = draft.values
        if "areas" in values:
            values["areas"] = sorted(values["areas"])
        if "delivery_modes" in values:
            values["delivery_modes"] = [each.value for each in DeliveryMode if each.value in values["delivery_modes"]]
        if "accuracies" in values:
            values["accuracies"] = list(dict.fromkeys(_accuracy(part) for part in parts_of(values["accuracies"])))
        if "internal_units" in values:
            values["internal_units"] = list(dict.fromkeys(part.upper() for part in parts_of(values["internal_units"])))
        if "measuring_range" in values:
            values["measuring_range"] = _range_text(values["measuring_range"])
        if not values.get("unit_scope", PUBLIC):
            values["unit_scope"] = PUBLIC
        if values.get("internal_units") and values.get("unit_scope", PUBLIC) == PUBLIC:
            draft.refuse("internal_units", "import_units_of_public")
        if values.get("laboratory_id"):
            _find_laboratory(draft, known.facts)

    def key_of(self, draft: Draft, known: Known) -> str | None:
        """By its number, else by what identifies it."""
        number = draft.values.pop("number", "")
        if number:
            key = number if number.isascii() and number.isdigit() and len(number) <= NUMBER_DIGITS else ""
            if key not in known.existing:
                draft.refuse("number", "import_number_unknown", found=number)
                return None
            return str(key)
        alike = known.facts.numbers.get(self.identity(None, self.merged(None, draft.values)), [])
        if len(alike) > 1:
            draft.refuse("number", "import_several_alike", count=len(alike))
            return None
        return alike[0] if alike else None

    def identity(self, key: str | None, values: Values) -> str:
        """A known record is itself, however it is changed."""
        return key or json.dumps([values[name] for name in IDENTIFYING], ensure_ascii=False)

    def groups(self, values: Values) -> Sequence[str]:
        return (_about(values),)

    def check(self, known: Known, key: str | None, values: Values) -> None:
        capability = db.session.get(Capability, int(key)) if key else None
        if capability is not None and not capabilities.may_edit(known.actor, capability):
            raise Conflict("import_not_yours")
        capabilities.checked(known.actor, capability, _typed(values))

    def compare(self, draft: Draft, key: str | None, values: Values, known: Known) -> None:
        """Warns of others of the same institution and kind that do the same, at the same places and times."""
        for other_key, other in known.facts.about.get(_about(values), ()):
            if other_key != key and _overlap(values, other, known.facts.parents):
                draft.warn("areas", ProblemCode.OVERLAPS_RECORD, number=other_key)
                break
        for number, other in known.met.get(_about(values), ()):
            if _overlap(values, other, known.facts.parents):
                draft.warn("areas", ProblemCode.OVERLAPS_ROW, earlier_row=number)
                break

    def rows(self, actor: Actor) -> Iterable[Values]:
        """Those all of whose areas lie in the actor's, with their numbers."""
        inside = set(db.session.scalars(scoping.area_codes(actor.division_code or "")))
        for key, values in self.all_of(actor).items():
            if inside.issuperset(values["areas"]):
                yield {**values, "number": key}

    def create(self, actor: Actor, values: Values) -> str:
        return str(capabilities.create(actor, **_typed(values)).id)

    def change(self, actor: Actor, key: str, values: Values) -> None:
        capabilities.update(actor, int(key), **_typed(values))

    def remove(self, actor: Actor, key: str) -> None:
        capabilities.remove(actor, int(key))

    def uses(self, keys: Sequence[str]) -> dict[str, int]:
        """How many decisions of the matching considered each."""
        candidate = sa.func.jsonb_array_elements(MatchingDecision.candidates).table_valued("value").lateral("candidate")
        used = sa.cast(candidate.c.value, JSONB)["capability"].astext
        statement = sa.select(used, sa.func.count()).select_from(MatchingDecision).join(candidate, sa.true())
        rows = db.session.execute(statement.where(used.in_(keys)).group_by(used))
        return dict(rows.tuples().all())

    def hold(self, rows: Sequence[Values], keys: Sequence[str]) -> None:
        """What is referred to before what refers, as a form of any of them would take them."""
        for model, wanted in (
            (Institution, {int(row["institution_id"]) for row in rows}),
            (Laboratory, {int(row["laboratory_id"]) for row in rows if row.get("laboratory_id")}),
        ):
            db.session.execute(
                sa.select(model.id)
                .where(model.id.in_(wanted))
                .order_by(model.id)
                .with_for_update(key_share=True, read=True)
            )
        codes = {row["kind_code"] for row in rows}
        db.session.execute(
            sa.select(InstrumentKind.code)
            .where(InstrumentKind.code.in_(codes))
            .order_by(InstrumentKind.code)
            .with_for_update(of=InstrumentKind, key_share=True, read=True)
        )
        ids = [int(key) for key in keys]
        db.session.execute(
            sa.select(Capability.id).where(Capability.id.in_(ids)).order_by(Capability.id).with_for_update()
        )


def _about(values: Values) -> str:
    return f"{values['institution_id']} {values['kind_code']}"


def _records(statement: sa.Select[Any]) -> dict[str, Values]:
    rows = db.session.scalars(statement.order_by(Capability.id), execution_options={"populate_existing": True})
    return {str(row.id): _plain(row) for row in rows}


def _plain(row: Capability) -> Values:
    return {
        "number": "",
        "institution_id": str(row.institution_id),
        "laboratory_id": "" if row.laboratory_id is None else str(row.laboratory_id),
        "kind_code": row.kind_code,
        "areas": sorted(row.areas),
        "valid_from": row.valid_from.isoformat() if row.valid_from else "",
        "valid_until": row.valid_until.isoformat() if row.valid_until else "",
        "document_number": row.document_number,
        "delivery_modes": [each.value for each in DeliveryMode if each.value in row.delivery_modes],
        "unit_scope": PUBLIC if row.internal_units is None else INTERNAL,
        "internal_units": list(row.internal_units or ()),
        "measuring_range": capabilities.range_of(row),
        "accuracies": list(row.accuracies),
    }


def _typed(values: Values) -> dict[str, Any]:
    """Plain values as the service takes them."""
    names = ("kind_code", "areas", "document_number", "delivery_modes", "measuring_range", "accuracies")
    return {
        **{name: values[name] for name in names},
        "institution_id": int(values["institution_id"]),
        "laboratory_id": int(values["laboratory_id"]) if values["laboratory_id"] else None,
        "valid_from": _day(values["valid_from"]),
        "valid_until": _day(values["valid_until"]),
        "internal_units": values["internal_units"] if values["unit_scope"] == INTERNAL else None,
    }


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def _accuracy(text: str) -> str:
    """As it is stored; what cannot be read is left for the service to refuse."""
    return read_accuracy(text) or text


def _range_text(text: str) -> str:
    read = read_range(text) if text else None
    return capabilities.range_text(read.low, read.high, read.unit) if read else text


def _find_laboratory(draft: Draft, facts: Facts) -> None:
    """A 检定室 is known by its name within its institution."""
    institution, name = draft.values.get("institution_id", ""), draft.values["laboratory_id"]
    found = facts.laboratories.get((institution, folded_name(name)))
    if found is None:
        offered = [label for (owner, label) in facts.laboratories if owner == institution]
        draft.refuse("laboratory_id", ProblemCode.NOT_IN_LIST.value, allowed=offered or ["不分检定室的留空"])
        return
    draft.values["laboratory_id"] = found


def _overlap(one: Values, other: Values, parents: Mapping[str, str | None]) -> bool:
    return (
        one["unit_scope"] == other["unit_scope"]
        and _share_units(one, other)
        and _share_days(one, other)
        and _share_range(one["measuring_range"], other["measuring_range"])
        and _share_places(one["areas"], other["areas"], parents)
    )


def _share_units(one: Values, other: Values) -> bool:
    return one["unit_scope"] == PUBLIC or bool(set(one["internal_units"]) & set(other["internal_units"]))


def _share_days(one: Values, other: Values) -> bool:
    first = max(one["valid_from"], other["valid_from"])
    ends = [each["valid_until"] for each in (one, other) if each["valid_until"]]
    return not ends or first <= min(ends)


def _share_range(one: str, other: str) -> bool:
    """Ranges that cannot be compared are taken for overlapping: a warning is looked at by a person."""
    first, second = read_range(one) if one else None, read_range(other) if other else None
    if first is None or second is None or first.unit != second.unit:
        return True
    is_below = first.high is not None and second.low is not None and first.high <= second.low
    is_above = first.low is not None and second.high is not None and first.low >= second.high
    return not (is_below or is_above)


def _share_places(one: Sequence[str], other: Sequence[str], parents: Mapping[str, str | None]) -> bool:
    return any(code in other for code in _with_above(one, parents)) or any(
        code in one for code in _with_above(other, parents)
    )


def _with_above(codes: Iterable[str], parents: Mapping[str, str | None]) -> Iterable[str]:
    for code in codes:
        above: str | None = code
        while above is not None:
            yield above
            above = parents.get(above)
