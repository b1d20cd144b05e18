"""The matching decision: one pure function from rules and facts to an institution, with its reasons.

docs/outside.md (`decide`) has it to the letter. Filters and ranking steps are tables; their order is the rule.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from .case import LAST, Case, area_distance, bad_field, case_of, designation_basis, looked_at
from .facts import Capability, Institution, Item, Json, Rules
from .filters import failed_filters

Outcome = Literal["matched", "no_institution", "bad_data"]
DecidedBy = Literal["preferred", "designation", "area", "level", "priority", "lowest_id"]
Offer = tuple[Institution, Capability]


class Candidate(NamedTuple):
    """A capability that was looked at (None: the institution has none of the kind) and all filters it fails."""

    institution: int
    capability: int | None
    failed: tuple[str, ...]

    def to_json(self) -> Json:
        return {"institution": self.institution, "capability": self.capability, "failed": list(self.failed)}


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer for one set of facts; `field` names the ledger field at fault when the outcome is bad_data."""

    outcome: Outcome
    institution: int | None = None
    capability: int | None = None
    decided_by: DecidedBy | None = None
    field: Literal["kind", "division"] | None = None
    candidates: tuple[Candidate, ...] = ()

    def to_json(self, id: str | int) -> Json:
        """The answer of the contract for the item that has this id."""
        return {
            "id": id,
            "outcome": self.outcome,
            "institution": self.institution,
            "capability": self.capability,
            "decided_by": self.decided_by,
            "field": self.field,
            "candidates": [candidate.to_json() for candidate in self.candidates],
        }


@dataclass(frozen=True, slots=True)
class Step:
    """A ranking step: the smallest `rank` stays (LAST: the step says nothing of the offer); `fact` shows it."""

    code: DecidedBy
    rank: Callable[[Case, Institution, Capability], float]
    fact: Callable[[Case, Institution, Capability], Any]


def preference(case: Case, institution: Institution, capability: Capability) -> float:
    return 0 if is_preferred(case, institution, capability) else LAST


def is_preferred(case: Case, institution: Institution, capability: Capability | None) -> bool:
    return institution.id == case.item.preferred


def designation_rank(case: Case, institution: Institution, capability: Capability) -> float:
    return case.designated.get(institution.id, LAST)


def designation_fact(case: Case, institution: Institution, capability: Capability | None) -> Json | None:
    basis = designation_basis(case, institution)
    return basis and {"division": basis[0], "by": basis[1]}


def most_specific_area(case: Case, institution: Institution, capability: Capability) -> str | None:
    distance = area_distance(case, institution, capability)
    return None if distance == LAST else tuple(case.distances)[int(distance)]


RANKING: tuple[Step, ...] = (
    # the last institution, if the enterprise chose it
    Step("preferred", preference, is_preferred),
    # the law's "named by": the place, then its ancestors upward, by kind before by item
    Step("designation", designation_rank, designation_fact),
    # the deepest division that covers the place
    Step("area", area_distance, most_specific_area),
    # county, city, province, national
    Step("level", lambda case, institution, capability: institution.level, lambda c, i, k: i.level.name),
    # the regulator's priority, higher first
    Step("priority", lambda case, institution, capability: -institution.priority, lambda c, i, k: i.priority),
    # falling through to here is a gap in the regulator's rules
    Step("lowest_id", lambda case, institution, capability: institution.id, lambda c, i, k: i.id),
)


def decide(rules: Rules, item: Item) -> Decision:
    """Choose the institution for an item; equal rules and facts give equal decisions, whatever their order."""
    field = bad_field(rules, item)
    if field is not None:
        return Decision("bad_data", field=field)
    return decide_case(case_of(rules, item))


def decide_case(case: Case) -> Decision:
    """Judge all that is to be looked at and choose among what passes."""
    passing: list[Offer] = []
    candidates: list[Candidate] = []
    for institution, capability in looked_at(case):
        failed = failed_filters(case, institution, capability)
        candidates.append(Candidate(institution.id, None if capability is None else capability.id, failed))
        if capability is not None and not failed:
            passing.append((institution, capability))
    if not passing:
        return Decision("no_institution", candidates=tuple(candidates))
    winner, decided_by = choose(case, passing)
    return Decision("matched", winner.institution, winner.id, decided_by, None, tuple(candidates))


def choose(case: Case, passing: Sequence[Offer]) -> tuple[Capability, DecidedBy]:
    """The best of the passing offers and the first step after which one institution was left.

    A step names itself only where it has something to say: a sole institution that is neither preferred nor
    designated was decided by its area. Among the winner's own capabilities the area decides, then the lowest id.
    """
    left = passing
    decided_by: DecidedBy | None = None
    for step in RANKING:
        rank = step.rank
        ranks = [rank(case, institution, capability) for institution, capability in left]
        best = min(ranks)
        if best == LAST:
            continue
        left = [offer for offer, reached in zip(left, ranks, strict=True) if reached == best]
        if decided_by is None and is_one_institution(left):
            decided_by = step.code
        if len(left) == 1 and decided_by is not None:
            break
    # Ids of institutions are unique: the last step leaves one whatever came before.
    return min([capability for _, capability in left], key=lambda capability: capability.id), decided_by or "lowest_id"


def is_one_institution(offers: Sequence[Offer]) -> bool:
    first = offers[0][0].id
    return all(institution.id == first for institution, _ in offers) if len(offers) > 1 else True
