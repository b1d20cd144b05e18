"""One item set among the rules: what lies above its place, who is named for it, whom to look at."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from .facts import NATION, Capability, Institution, Item, Level, Rules

#: Behind every rank there is; also the rank of an offer about which a step says nothing.
LAST: Final = math.inf


@dataclass(frozen=True, slots=True)
class Case:
    """An item among the rules: what every filter and every ranking step looks at."""

    rules: Rules
    item: Item
    #: The item's kind, known to be there.
    kind: str
    #: The place and its ancestors, nearest first, with their distance.
    distances: Mapping[str, int]
    #: Institution -> rank of its best designation in force (0 is best).
    designated: Mapping[int, int]


def bad_field(rules: Rules, item: Item) -> Literal["kind", "division"] | None:
    """The ledger field that is unfit for matching, the kind first; None when both are good."""
    if not _is_kind_in_force(rules, item.kind):
        return "kind"
    return None if _is_place_of_use(rules, item.division) else "division"


def _is_kind_in_force(rules: Rules, code: str | None) -> bool:
    kind = None if code is None else rules.index.kinds.get(code)
    return kind is not None and not kind.retired


def _is_place_of_use(rules: Rules, code: str | None) -> bool:
    """Instruments stand in the smallest divisions only; a retired one may still be an area or an ancestor."""
    division = None if code is None else rules.index.divisions.get(code)
    return division is not None and not division.retired and code not in rules.index.with_active_children


def case_of(rules: Rules, item: Item) -> Case:
    """Set a good item (`bad_field` is None) among the rules; raises ValueError for one without kind or place."""
    if item.kind is None or item.division is None:
        raise ValueError("only an item with a kind and a place can be set among the rules")
    distances = rules.index.distances[item.division]
    return Case(rules, item, item.kind, distances, _designated(rules, item, item.kind, distances))


def _designated(rules: Rules, item: Item, kind: str, distances: Mapping[str, int]) -> dict[int, int]:
    """The best rank of each designated institution: the place first, then upward, at each by kind before by item."""
    index = rules.index
    ranks: dict[int, int] = {}
    for by_item, named_at in (
        (0, index.designations_by_kind.get(kind)),
        (1, index.designations_by_item.get(index.kinds[kind].item)),
    ):
        if named_at is None:
            continue
        for division, distance in distances.items():
            for designation in named_at.get(division, ()):
                if designation.valid.covers(item.day):
                    rank = 2 * distance + by_item
                    ranks[designation.institution] = min(rank, ranks.get(designation.institution, rank))
    return ranks


def designation_basis(case: Case, institution: Institution) -> tuple[str, Literal["kind", "item"]] | None:
    """The division that names the institution and whether it does so by kind or by item; None if nobody does."""
    rank = case.designated.get(institution.id)
    if rank is None:
        return None
    distance, by_item = divmod(rank, 2)
    return tuple(case.distances)[distance], "item" if by_item else "kind"


def area_distance(case: Case, institution: Institution, capability: Capability) -> float:
    """Distance of the most specific area that covers the place, LAST if none does.

    The whole country counts only for national institutions, so that nothing leaves the province by itself.
    """
    best: float = LAST
    for area in capability.areas:
        distance = case.distances.get(area, LAST)
        if distance < best and (area != NATION or institution.level is Level.national):
            best = distance
    return best


def looked_at(case: Case) -> list[tuple[Institution, Capability | None]]:
    """Every capability of the kind whose area covers the place, and those of designated and preferred institutions.

    Ordered by institution and capability, whatever order the rules come in; None: it has none of the kind.
    """
    capabilities = {row.id: row for row in _covering(case)}
    without: list[int] = []
    of_institution = case.rules.index.capabilities_by_institution.get(case.kind, {})
    for institution in _asked_for(case):
        own = of_institution.get(institution)
        if own is None:
            without.append(institution)
        else:
            capabilities.update((row.id, row) for row in own)
    offers: list[tuple[int, int, Capability | None]] = [(row.institution, row.id, row) for row in capabilities.values()]
    offers.extend((institution, 0, None) for institution in without)
    # An institution without a capability appears once, so the third place is never compared.
    offers.sort(key=lambda offer: offer[:2])
    institutions = case.rules.index.institutions
    return [(institutions[institution], capability) for institution, _, capability in offers]


def _covering(case: Case) -> Iterator[Capability]:
    in_area = case.rules.index.capabilities_by_area.get(case.kind, {})
    for area in case.distances:
        yield from in_area.get(area, ())


def _asked_for(case: Case) -> set[int]:
    asked_for = set(case.designated)
    if case.item.preferred is not None and case.item.preferred in case.rules.index.institutions:
        asked_for.add(case.item.preferred)
    return asked_for
