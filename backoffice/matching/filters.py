"""The filters of a matching decision, in order: each a code, a predicate and the two values it compares.

Values are plain facts (codes, numbers, days as text); the sentences around them are made for people elsewhere.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .case import LAST, Case, area_distance
from .facts import Capability, Institution, Quantity

#: What the item wants and what the institution offers.
Compared = tuple[Any, Any]


@dataclass(frozen=True, slots=True)
class InstitutionFilter:
    """A filter that also judges an institution without any capability of the kind."""

    code: str
    passes: Callable[[Case, Institution, Capability | None], bool]
    values: Callable[[Case, Institution, Capability | None], Compared]


@dataclass(frozen=True, slots=True)
class CapabilityFilter:
    """A filter that judges a capability; `is_compared` None: always, else it passes where it says no."""

    code: str
    passes: Callable[[Case, Institution, Capability], bool]
    values: Callable[[Case, Institution, Capability], Compared]
    is_compared: Callable[[Case, Institution, Capability], bool] | None = None


def is_active(case: Case, institution: Institution, capability: Capability | None) -> bool:
    if not institution.suspended:
        return institution.active
    return institution.active and not any(period.covers(case.item.day) for period in institution.suspended)


def day_and_activity(case: Case, institution: Institution, capability: Capability | None) -> Compared:
    suspended = [period.to_json() for period in institution.suspended]
    return case.item.day.isoformat(), {"active": institution.active, "suspended": suspended}


def has_the_kind(case: Case, institution: Institution, capability: Capability | None) -> bool:
    return capability is not None


def kinds(case: Case, institution: Institution, capability: Capability | None) -> Compared:
    return case.item.kind, capability and capability.kind


def is_valid_on_the_day(case: Case, institution: Institution, capability: Capability) -> bool:
    return capability.valid.covers(case.item.day)


def day_and_validity(case: Case, institution: Institution, capability: Capability) -> Compared:
    return case.item.day.isoformat(), capability.valid.to_json()


def serves_the_enterprise(case: Case, institution: Institution, capability: Capability) -> bool:
    """Serves everybody, or lists exactly this code: a parent's code does not include its branches."""
    return capability.internal_units is None or case.item.enterprise in capability.internal_units


def enterprise_and_units(case: Case, institution: Institution, capability: Capability) -> Compared:
    units = capability.internal_units
    return case.item.enterprise, None if units is None else list(units)


def is_not_designated(case: Case, institution: Institution, capability: Capability) -> bool:
    """A designation replaces the comparison of places."""
    return institution.id not in case.designated


def covers_the_place(case: Case, institution: Institution, capability: Capability) -> bool:
    return institution.id in case.designated or area_distance(case, institution, capability) < LAST


def place_and_areas(case: Case, institution: Institution, capability: Capability) -> Compared:
    return case.item.division, list(capability.areas)


def states_a_range(case: Case, institution: Institution, capability: Capability) -> bool:
    wanted, offered = case.item.range, capability.range
    return wanted is not None and offered is not None and wanted.unit == offered.unit


def measures_the_range(case: Case, institution: Institution, capability: Capability) -> bool:
    wanted, offered = case.item.range, capability.range
    return wanted is None or offered is None or wanted.unit != offered.unit or offered.contains(wanted)


def ranges(case: Case, institution: Institution, capability: Capability) -> Compared:
    return _range_facts(case.item.range), _range_facts(capability.range)


def _range_facts(quantity: Quantity | None) -> Any:
    return quantity and quantity.to_json()


def states_an_accuracy(case: Case, institution: Institution, capability: Capability) -> bool:
    """An empty text or list states nothing."""
    return bool(case.item.accuracy) and bool(capability.accuracy)


def reaches_the_accuracy(case: Case, institution: Institution, capability: Capability) -> bool:
    wanted, offered = case.item.accuracy, capability.accuracy
    return not wanted or not offered or wanted in offered


def accuracies(case: Case, institution: Institution, capability: Capability) -> Compared:
    offered = capability.accuracy
    return case.item.accuracy, None if offered is None else list(offered)


def offers_the_delivery(case: Case, institution: Institution, capability: Capability) -> bool:
    return case.item.delivery in capability.delivery


def deliveries(case: Case, institution: Institution, capability: Capability) -> Compared:
    return case.item.delivery, list(capability.delivery)


def is_not_excluded(case: Case, institution: Institution, capability: Capability | None) -> bool:
    return institution.id not in case.item.excluded


def exclusions(case: Case, institution: Institution, capability: Capability | None) -> Compared:
    return sorted(case.item.excluded), institution.id


FILTERS: tuple[InstitutionFilter | CapabilityFilter, ...] = (
    # in force and not suspended on the day
    InstitutionFilter("ACTIVE", is_active, day_and_activity),
    # authorised for the kind at all
    InstitutionFilter("AUTH", has_the_kind, kinds),
    # the authorisation is in force on the day
    CapabilityFilter("VALID", is_valid_on_the_day, day_and_validity),
    # open to everybody, or the enterprise is on its list
    CapabilityFilter("SCOPE", serves_the_enterprise, enterprise_and_units),
    # an area is the place or above it, or the institution is designated
    CapabilityFilter("PLACE", covers_the_place, place_and_areas, is_not_designated),
    # the stated range contains the item's
    CapabilityFilter("RANGE", measures_the_range, ranges, states_a_range),
    # the item's accuracy is among the stated ones
    CapabilityFilter("ACCURACY", reaches_the_accuracy, accuracies, states_an_accuracy),
    # brought in or visited, as the item wants
    CapabilityFilter("DELIVERY", offers_the_delivery, deliveries),
    # the institution has not returned this instrument as beyond its ability
    InstitutionFilter("EXCLUDED", is_not_excluded, exclusions),
)

# What deciding needs of the table, taken out once: this is the innermost loop of a run over a million items.
_CHECKS = tuple((row.code, row.passes) for row in FILTERS)
_CHECKS_OF_INSTITUTION = tuple((row.code, row.passes) for row in FILTERS if isinstance(row, InstitutionFilter))


def failed_filters(case: Case, institution: Institution, capability: Capability | None) -> tuple[str, ...]:
    """The codes of all filters that fail, in order; without a capability only those of the institution are judged."""
    if capability is None:
        return tuple([code for code, passes in _CHECKS_OF_INSTITUTION if not passes(case, institution, None)])
    return tuple([code for code, passes in _CHECKS if not passes(case, institution, capability)])
