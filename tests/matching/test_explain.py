"""The why-matrix: facts for every filter of every candidate."""

import json
from typing import Any

from backoffice.matching import Item, Rules, decide, is_one_step_away, nearest, trace
from backoffice.matching.explain import Row

from .builders import CITY, CITY_BESIDE, PLACE, capability, decided, designation, institution, item, rules


def traced(rules_json: dict[str, Any], **changes: Any) -> tuple[Row, ...]:
    world, facts = Rules.from_json(rules_json), Item.from_json(item(**changes))
    return trace(world, facts, decide(world, facts))


def results(row: Row) -> dict[str, str]:
    return {cell.code: cell.result for cell in row.cells}


def test_nearest_has_the_fewest_failures_first_and_says_which_is_one_step_away() -> None:
    world = rules(
        [institution(7, active=False), institution(8), institution(9)],
        [capability(90, 7, delivery=[]), capability(80, 8, delivery=[]), capability(70, 9, to="2025-01-01")],
    )
    found = nearest(decided(world))
    assert [(row.institution, row.failed) for row in found] == [
        (8, ("DELIVERY",)), (9, ("VALID",)), (7, ("ACTIVE", "DELIVERY"))
    ]  # fmt: skip
    assert [is_one_step_away(row) for row in found] == [True, True, False]


def test_nearest_leaves_out_what_passed() -> None:
    assert nearest(decided(rules())) == ()


def test_a_row_has_all_filters_in_order_with_both_values() -> None:
    (row,) = traced(rules(capabilities=[capability(range={"low": 0, "high": 1, "unit": "MPa"})]))
    assert [cell.code for cell in row.cells] == [
        "ACTIVE", "AUTH", "VALID", "SCOPE", "PLACE", "RANGE", "ACCURACY", "DELIVERY", "EXCLUDED"
    ]  # fmt: skip
    cells = {cell.code: cell for cell in row.cells}
    assert cells["RANGE"].result == "failed"
    assert cells["RANGE"].wanted == {"low": 0, "high": 1.6, "unit": "MPa"}
    assert cells["RANGE"].offered == {"low": 0, "high": 1, "unit": "MPa"}
    assert (cells["PLACE"].result, cells["PLACE"].wanted, cells["PLACE"].offered) == ("passed", PLACE, [CITY])
    assert cells["VALID"].offered == {"from": "2024-01-01", "to": "2027-01-01"}


def test_cells_fail_exactly_where_the_decision_says() -> None:
    world = rules([institution(active=False)], [capability(), capability(91, delivery=[], areas=[CITY_BESIDE])])
    decision = decided(world, item(preferred=7))
    rows = traced(world, preferred=7)
    assert [[cell.code for cell in row.cells if cell.result == "failed"] for row in rows] == [
        list(candidate.failed) for candidate in decision.candidates
    ]


def test_what_is_not_stated_is_not_compared() -> None:
    (row,) = traced(rules(capabilities=[capability(range=None)]), accuracy=None)
    assert [code for code, result in results(row).items() if result == "not_compared"] == ["RANGE", "ACCURACY"]


def test_a_designation_is_named_and_place_is_not_compared() -> None:
    (row,) = traced(rules(capabilities=[capability(areas=[CITY_BESIDE])], designations=[designation(division=CITY)]))
    assert row.won
    assert row.designated == {"division": CITY, "by": "kind"}
    assert results(row)["PLACE"] == "not_compared"


def test_an_institution_without_the_kind_is_compared_only_as_an_institution() -> None:
    (row,) = traced(rules(capabilities=[]), preferred=7)
    assert row.preferred
    assert (row.capability, row.standing, results(row)["AUTH"], results(row)["VALID"]) == (
        None, (), "failed", "not_compared"
    )  # fmt: skip


def test_the_standing_shows_why_one_came_before_the_other() -> None:
    first, second = traced(rules([institution(7), institution(8, priority=3)], [capability(), capability(80, 8)]))
    assert (first.won, second.won) == (False, True)
    assert dict(first.standing) | {"priority": 3, "lowest_id": 8} == dict(second.standing)
    assert dict(second.standing) == {
        "preferred": False, "designation": None, "area": CITY, "level": "city", "priority": 3, "lowest_id": 8
    }  # fmt: skip


def test_bad_data_has_no_matrix() -> None:
    assert traced(rules(), kind="9999") == ()


def test_a_matrix_is_json() -> None:
    rows = traced(rules(designations=[designation()]), excluded=[3])
    assert json.loads(json.dumps([row.to_json() for row in rows]))[0]["designated"] == {"division": PLACE, "by": "kind"}
