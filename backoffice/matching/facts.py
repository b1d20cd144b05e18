"""Everything a matching decision is made from, and nothing else: an item's facts and the rules in force.

The JSON shapes are those of docs/outside.md (`rules export`, `decide`); reading and writing them round-trips.
Codes, numbers and days only: sentences for people are made elsewhere.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import IntEnum
from typing import Any, TypeVar

from .json_fields import FactsError, Fields

Json = dict[str, Any]
K = TypeVar("K", str, int)
V = TypeVar("V")

#: The whole country as an area. It is not among the divisions; a null parent means it.
NATION = "000000"


class Level(IntEnum):
    """Levels of divisions and institutions; the smaller value is preferred."""

    county = 0
    city = 1
    province = 2
    national = 3


@dataclass(frozen=True, slots=True)
class Period:
    """Days from `start` to `end`, both included; None is open."""

    start: date | None
    end: date | None

    def covers(self, day: date) -> bool:
        return (self.start is None or self.start <= day) and (self.end is None or day <= self.end)

    @classmethod
    def from_fields(cls, fields: Fields) -> "Period":
        return cls(fields.day_or_null("from"), fields.day_or_null("to"))

    def to_json(self) -> Json:
        return {"from": self.start and self.start.isoformat(), "to": self.end and self.end.isoformat()}


@dataclass(frozen=True, slots=True)
class Quantity:
    """A measuring range: `low` to `high` in `unit`, both ends included; None is open."""

    low: Decimal | None
    high: Decimal | None
    unit: str

    def contains(self, other: "Quantity") -> bool:
        """Whether the other range lies within this one; the caller has compared the units."""
        low_held = self.low is None or (other.low is not None and self.low <= other.low)
        return low_held and (self.high is None or (other.high is not None and other.high <= self.high))

    @classmethod
    def read(cls, fields: Fields | None) -> "Quantity | None":
        """A range that may not be stated."""
        if fields is None:
            return None
        return cls(fields.number_or_null("low"), fields.number_or_null("high"), fields.text("unit"))

    def to_json(self) -> Json:
        return {"low": _number(self.low), "high": _number(self.high), "unit": self.unit}


def _number(value: Decimal | None) -> int | float | None:
    if value is None:
        return None
    return int(value) if value == value.to_integral_value() else float(value)


@dataclass(frozen=True, slots=True)
class Item:
    """The facts of one instrument to be matched on one day. Two items with equal facts are equal: `id` only names."""

    id: str | int = field(compare=False)
    enterprise: str
    kind: str | None
    division: str | None
    delivery: str
    range: Quantity | None
    accuracy: str | None
    preferred: int | None
    excluded: frozenset[int]
    day: date

    @classmethod
    def from_json(cls, value: object, *, where: str = "item") -> "Item":
        """Read one item; `where` names its place in errors. Raises FactsError."""
        fields = Fields(value, where)
        return cls(
            id=fields.text_or_whole("id"),
            enterprise=fields.text("enterprise"),
            kind=fields.present_text_or_null("kind"),
            division=fields.present_text_or_null("division"),
            delivery=fields.text("delivery"),
            range=Quantity.read(fields.object_or_null("range")),
            accuracy=fields.text_or_null("accuracy"),
            preferred=fields.whole_or_null("preferred"),
            excluded=frozenset(fields.wholes_or_null("excluded")),
            day=fields.day("day"),
        )

    def to_json(self) -> Json:
        return {
            "id": self.id,
            "enterprise": self.enterprise,
            "kind": self.kind,
            "division": self.division,
            "delivery": self.delivery,
            "range": self.range and self.range.to_json(),
            "accuracy": self.accuracy,
            "preferred": self.preferred,
            "excluded": sorted(self.excluded),
            "day": self.day.isoformat(),
        }


@dataclass(frozen=True, slots=True)
class Division:
    """An administrative division; `parent` None is the whole country."""

    code: str
    parent: str | None
    level: Level
    retired: bool

    @classmethod
    def from_fields(cls, fields: Fields) -> "Division":
        return cls(fields.text("code"), fields.text_or_null("parent"), _level(fields), fields.flag("retired"))

    def to_json(self) -> Json:
        return {"code": self.code, "parent": self.parent, "level": self.level.name, "retired": self.retired}


@dataclass(frozen=True, slots=True)
class Kind:
    """A second-level entry of the catalogue under its first-level `item`."""

    code: str
    item: str
    retired: bool

    @classmethod
    def from_fields(cls, fields: Fields) -> "Kind":
        return cls(fields.text("code"), fields.text("item"), fields.flag("retired"))

    def to_json(self) -> Json:
        return {"code": self.code, "item": self.item, "retired": self.retired}


@dataclass(frozen=True, slots=True)
class Institution:
    """A verification institution; a higher `priority` wins, it takes nothing while suspended."""

    id: int
    level: Level
    priority: int
    active: bool
    suspended: tuple[Period, ...] = ()

    @classmethod
    def from_fields(cls, fields: Fields) -> "Institution":
        return cls(
            id=fields.whole("id"),
            level=_level(fields),
            priority=fields.whole("priority"),
            active=fields.flag("active"),
            suspended=tuple(Period.from_fields(period) for period in fields.objects("suspended")),
        )

    def to_json(self) -> Json:
        return {
            "id": self.id,
            "level": self.level.name,
            "priority": self.priority,
            "active": self.active,
            "suspended": [period.to_json() for period in self.suspended],
        }


@dataclass(frozen=True, slots=True)
class Capability:
    """What an institution is authorised to verify, where, when and how.

    `internal_units` None serves everybody, else exactly these enterprise codes;
    `range` and `accuracy` None are not stated.
    """

    id: int
    institution: int
    kind: str
    areas: tuple[str, ...]
    valid: Period
    delivery: tuple[str, ...]
    range: Quantity | None = None
    accuracy: tuple[str, ...] | None = None
    internal_units: tuple[str, ...] | None = None

    @classmethod
    def from_fields(cls, fields: Fields) -> "Capability":
        return cls(
            id=fields.whole("id"),
            institution=fields.whole("institution"),
            kind=fields.text("kind"),
            areas=fields.texts("areas"),
            valid=Period.from_fields(fields),
            delivery=fields.texts("delivery"),
            range=Quantity.read(fields.object_or_null("range")),
            accuracy=fields.texts_or_null("accuracy"),
            internal_units=fields.texts_or_null("internal_units"),
        )

    def to_json(self) -> Json:
        return {
            "id": self.id,
            "institution": self.institution,
            "kind": self.kind,
            "areas": list(self.areas),
            **self.valid.to_json(),
            "delivery": list(self.delivery),
            "range": self.range and self.range.to_json(),
            "accuracy": None if self.accuracy is None else list(self.accuracy),
            "internal_units": None if self.internal_units is None else list(self.internal_units),
        }


@dataclass(frozen=True, slots=True)
class Designation:
    """The institution a division names for one kind, or for a whole item of the catalogue: exactly one is set."""

    division: str
    kind: str | None
    item: str | None
    institution: int
    valid: Period

    @classmethod
    def from_fields(cls, fields: Fields) -> "Designation":
        kind, item = fields.text_or_null("kind"), fields.text_or_null("item")
        if (kind is None) == (item is None):
            raise FactsError(fields.where, "must name either a kind or an item")
        return cls(fields.text("division"), kind, item, fields.whole("institution"), Period.from_fields(fields))

    def to_json(self) -> Json:
        return {
            "division": self.division,
            "kind": self.kind,
            "item": self.item,
            "institution": self.institution,
            **self.valid.to_json(),
        }


def _level(fields: Fields) -> Level:
    name = fields.text("level")
    if name not in Level.__members__:
        raise FactsError(fields.place("level"), f"must be one of {', '.join(Level.__members__)}")
    return Level[name]


@dataclass(frozen=True, slots=True)
class Rules:
    """All rules of one version, with an index over them. Two Rules with equal rules in equal order are equal."""

    version: int
    divisions: tuple[Division, ...] = ()
    kinds: tuple[Kind, ...] = ()
    institutions: tuple[Institution, ...] = ()
    capabilities: tuple[Capability, ...] = ()
    designations: tuple[Designation, ...] = ()
    index: "RulesIndex" = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "index", RulesIndex.of(self))

    @classmethod
    def from_json(cls, value: object) -> "Rules":
        """Read what `rules export` prints; raises FactsError naming the field."""
        fields = Fields(value, "rules")
        return cls(
            version=fields.whole("version"),
            divisions=tuple(Division.from_fields(row) for row in fields.objects("divisions")),
            kinds=tuple(Kind.from_fields(row) for row in fields.objects("kinds")),
            institutions=tuple(Institution.from_fields(row) for row in fields.objects("institutions")),
            capabilities=tuple(Capability.from_fields(row) for row in fields.objects("capabilities")),
            designations=tuple(Designation.from_fields(row) for row in fields.objects("designations")),
        )

    def to_json(self) -> Json:
        return {
            "version": self.version,
            "divisions": [row.to_json() for row in self.divisions],
            "kinds": [row.to_json() for row in self.kinds],
            "institutions": [row.to_json() for row in self.institutions],
            "capabilities": [row.to_json() for row in self.capabilities],
            "designations": [row.to_json() for row in self.designations],
        }


@dataclass(frozen=True, slots=True)
class RulesIndex:
    """Look-ups by which one decision touches only the rules that concern it."""

    kinds: Mapping[str, Kind]
    divisions: Mapping[str, Division]
    institutions: Mapping[int, Institution]
    #: Division -> itself and its ancestors up to NATION, nearest first, each with its distance (0 is the division).
    distances: Mapping[str, Mapping[str, int]]
    with_active_children: frozenset[str]
    #: Kind -> area -> capabilities.
    capabilities_by_area: Mapping[str, Mapping[str, Sequence[Capability]]]
    #: Kind -> institution -> capabilities.
    capabilities_by_institution: Mapping[str, Mapping[int, Sequence[Capability]]]
    #: Kind -> division -> designations; the same for items of the catalogue.
    designations_by_kind: Mapping[str, Mapping[str, Sequence[Designation]]]
    designations_by_item: Mapping[str, Mapping[str, Sequence[Designation]]]

    @classmethod
    def of(cls, rules: Rules) -> "RulesIndex":
        """Build the index; raises FactsError for what contradicts itself (a code twice, a cycle, an unknown id)."""
        divisions = _unique("divisions", ((row.code, row) for row in rules.divisions))
        institutions = _unique("institutions", ((row.id, row) for row in rules.institutions))
        _unique("capabilities", ((row.id, row) for row in rules.capabilities))
        _refuse_unknown_institutions("capabilities", rules.capabilities, institutions)
        _refuse_unknown_institutions("designations", rules.designations, institutions)
        return cls(
            kinds=_unique("kinds", ((row.code, row) for row in rules.kinds)),
            divisions=divisions,
            institutions=institutions,
            distances={code: _distances(code, divisions) for code in divisions},
            with_active_children=frozenset(row.parent for row in rules.divisions if row.parent and not row.retired),
            capabilities_by_area=_grouped(
                (row.kind, area, row) for row in rules.capabilities for area in dict.fromkeys(row.areas)
            ),
            capabilities_by_institution=_grouped((row.kind, row.institution, row) for row in rules.capabilities),
            designations_by_kind=_grouped((row.kind, row.division, row) for row in rules.designations if row.kind),
            designations_by_item=_grouped((row.item, row.division, row) for row in rules.designations if row.item),
        )


def _unique(noun: str, rows: Iterable[tuple[K, V]]) -> dict[K, V]:
    found: dict[K, V] = {}
    for position, (key, row) in enumerate(rows):
        if key in found:
            raise FactsError(f"rules.{noun}[{position}]", f"{key!r} is there twice")
        found[key] = row
    return found


def _grouped(rows: Iterable[tuple[str, K, V]]) -> dict[str, dict[K, list[V]]]:
    groups: dict[str, dict[K, list[V]]] = {}
    for outer, inner, row in rows:
        groups.setdefault(outer, {}).setdefault(inner, []).append(row)
    return groups


def _refuse_unknown_institutions(
    noun: str, rows: Iterable[Capability | Designation], known: Mapping[int, Institution]
) -> None:
    for position, row in enumerate(rows):
        if row.institution not in known:
            raise FactsError(f"rules.{noun}[{position}].institution", f"{row.institution} is not an institution")


def _distances(code: str, divisions: Mapping[str, Division]) -> dict[str, int]:
    chain: dict[str, int] = {}
    here: str | None = code
    while here is not None and here != NATION:
        if here in chain:
            raise FactsError(f"rules.divisions: {code}", "is below itself")
        chain[here] = len(chain)
        division = divisions.get(here)
        here = division.parent if division else None
    chain[NATION] = len(chain)
    return chain
