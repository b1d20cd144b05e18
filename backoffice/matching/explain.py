"""Why a decision came out as it did, as rows of facts: every filter and every ranking step with its values."""

from dataclasses import dataclass
from typing import Any, Literal

from .case import Case, case_of
from .decide import RANKING, Candidate, Decision, designation_fact, is_preferred
from .facts import Capability, Institution, Item, Json, Rules
from .filters import FILTERS, CapabilityFilter, InstitutionFilter

Result = Literal["passed", "failed", "not_compared"]


@dataclass(frozen=True, slots=True)
class Cell:
    """One filter of one candidate: its result, what the item wants, what the institution offers."""

    code: str
    result: Result
    wanted: Any
    offered: Any

    def to_json(self) -> Json:
        return {"code": self.code, "result": self.result, "wanted": self.wanted, "offered": self.offered}


@dataclass(frozen=True, slots=True)
class Row:
    """One candidate of the why-matrix.

    `designated` names the division whose designation holds and whether it is by kind or by item; where it is there,
    PLACE is not compared. `standing` has the value of each ranking step and is empty unless all filters passed.
    """

    institution: int
    capability: int | None
    won: bool
    preferred: bool
    designated: Json | None
    cells: tuple[Cell, ...]
    standing: tuple[tuple[str, Any], ...]

    def to_json(self) -> Json:
        return {
            "institution": self.institution,
            "capability": self.capability,
            "won": self.won,
            "preferred": self.preferred,
            "designated": self.designated,
            "cells": [cell.to_json() for cell in self.cells],
            "standing": dict(self.standing),
        }


def nearest(decision: Decision) -> tuple[Candidate, ...]:
    """The candidates that failed, fewest failed filters first, then by institution and capability."""
    failed = (candidate for candidate in decision.candidates if candidate.failed)
    return tuple(sorted(failed, key=lambda row: (len(row.failed), row.institution, row.capability or 0)))


def is_one_step_away(candidate: Candidate) -> bool:
    """Whether a single filter stands between the candidate and the item."""
    return len(candidate.failed) == 1


def trace(rules: Rules, item: Item, decision: Decision) -> tuple[Row, ...]:
    """The why-matrix of a decision that was made from these rules and this item; empty for bad data."""
    if decision.outcome == "bad_data":
        return ()
    case = case_of(rules, item)
    return tuple(_row(case, decision, candidate) for candidate in decision.candidates)


def _row(case: Case, decision: Decision, candidate: Candidate) -> Row:
    index = case.rules.index
    institution = index.institutions[candidate.institution]
    own = index.capabilities_by_institution.get(case.kind, {}).get(institution.id, ())
    capability = next((row for row in own if row.id == candidate.capability), None)
    return Row(
        institution=institution.id,
        capability=candidate.capability,
        won=capability is not None and decision.capability == capability.id,
        preferred=is_preferred(case, institution, capability),
        designated=designation_fact(case, institution, capability),
        cells=tuple(_cell(row, case, institution, capability) for row in FILTERS),
        standing=() if capability is None or candidate.failed else _standing(case, institution, capability),
    )


def _cell(
    row: InstitutionFilter | CapabilityFilter, case: Case, institution: Institution, capability: Capability | None
) -> Cell:
    if isinstance(row, InstitutionFilter):
        result: Result = "passed" if row.passes(case, institution, capability) else "failed"
        return Cell(row.code, result, *row.values(case, institution, capability))
    if capability is None:
        return Cell(row.code, "not_compared", None, None)
    if row.is_compared is not None and not row.is_compared(case, institution, capability):
        return Cell(row.code, "not_compared", *row.values(case, institution, capability))
    result = "passed" if row.passes(case, institution, capability) else "failed"
    return Cell(row.code, result, *row.values(case, institution, capability))


def _standing(case: Case, institution: Institution, capability: Capability) -> tuple[tuple[str, Any], ...]:
    return tuple((step.code, step.fact(case, institution, capability)) for step in RANKING)
