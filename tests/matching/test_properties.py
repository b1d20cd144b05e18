"""What holds in every world, whatever its rules."""

import random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from backoffice.matching import Decision, Item, Rules, decide, trace

from .builders import CITY_BESIDE, PLACE, capability, designation, institution
from .generated import wanted, world

Json = dict[str, Any]
seeds = st.integers(0, 2**32)
few = settings(max_examples=150, deadline=None, derandomize=True)


def case(seed: int) -> tuple[Json, Json]:
    chance = random.Random(seed)
    return world(chance), wanted(chance)


def decided(rules_json: Json, item_json: Json) -> Decision:
    return decide(Rules.from_json(rules_json), Item.from_json(item_json))


@few
@given(seeds, st.randoms(use_true_random=False))
def test_the_order_of_the_rules_does_not_matter(seed: int, chance: random.Random) -> None:
    rules_json, item_json = case(seed)
    shuffled = {key: chance.sample(rows, len(rows)) for key, rows in rules_json.items() if key != "version"}
    shuffled["version"] = rules_json["version"]
    assert decided(shuffled, item_json) == decided(rules_json, item_json)


@few
@given(seeds)
def test_an_institution_that_concerns_another_place_or_kind_changes_nothing(seed: int) -> None:
    rules_json, item_json = case(seed)
    item_json |= {"division": PLACE, "kind": "1401", "preferred": None}
    more = rules_json | {
        "institutions": [institution(1000, priority=99), *rules_json["institutions"]],
        "capabilities": [
            capability(1000, 1000, areas=[CITY_BESIDE]), capability(1001, 1000, kind="1402", areas=[PLACE]),
            *rules_json["capabilities"],
        ],
        "designations": [designation(1000, division=CITY_BESIDE), *rules_json["designations"]],
    }  # fmt: skip
    assert decided(more, item_json) == decided(rules_json, item_json)


@few
@given(seeds)
def test_a_preferred_institution_that_passes_always_wins(seed: int) -> None:
    rules_json, item_json = case(seed)
    for candidate in decided(rules_json, item_json).candidates:
        if not candidate.failed:
            again = decided(rules_json, item_json | {"preferred": candidate.institution})
            assert (again.institution, again.decided_by) == (candidate.institution, "preferred")


@few
@given(seeds)
def test_excluding_the_winner_never_keeps_it_and_excluding_a_loser_never_moves_the_winner(seed: int) -> None:
    rules_json, item_json = case(seed)
    before = decided(rules_json, item_json)
    for id in {candidate.institution for candidate in before.candidates}:
        after = decided(rules_json, item_json | {"excluded": [*item_json.get("excluded", []), id]})
        assert (after.institution == before.institution) == (id != before.institution or before.institution is None)


@few
@given(seeds)
def test_matched_exactly_when_a_candidate_passes_and_the_winner_is_one_of_them(seed: int) -> None:
    decision = decided(*case(seed))
    passing = {(row.institution, row.capability) for row in decision.candidates if not row.failed}
    assert (decision.outcome == "matched") == bool(passing)
    assert decision.outcome != "matched" or (decision.institution, decision.capability) in passing
    assert (decision.decided_by is None) == (decision.outcome != "matched")


@few
@given(seeds)
def test_the_matrix_agrees_with_the_decision_and_the_json_survives_a_round_trip(seed: int) -> None:
    rules_json, item_json = case(seed)
    rules, item = Rules.from_json(rules_json), Item.from_json(item_json)
    decision = decide(rules, item)
    for row, candidate in zip(trace(rules, item, decision), decision.candidates, strict=True):
        assert tuple(cell.code for cell in row.cells if cell.result == "failed") == candidate.failed
    assert decide(Rules.from_json(rules.to_json()), Item.from_json(item.to_json())) == decision
