"""The order among what passes, and which step is named."""

from typing import Any

import pytest

from .builders import (
    CITY,
    CITY_BESIDE,
    NATION,
    PLACE,
    PROVINCE,
    capability,
    decided,
    designation,
    institution,
    item,
    rules,
)

Json = dict[str, Any]


def two(first: Json, second: Json, *named: Json, of_first: Json | None = None, of_second: Json | None = None) -> Json:
    """Institutions 7 and 8, equal but for what is given."""
    return rules(
        [institution(7, **first), institution(8, **second)],
        [capability(90, 7, **(of_first or {})), capability(80, 8, **(of_second or {}))],
        list(named),
    )


EIGHT_WINS = [
    # preferred before a designation
    ("preferred", two({}, {}, designation(7)), {"preferred": 8}),
    # a designation before a more specific area
    ("designation", two({}, {}, designation(8, division=PROVINCE), of_first={"areas": [PLACE]}), {}),
    # a designation of the place before one of the city, though that is by kind and this by item
    ("designation", two({}, {}, designation(7, division=CITY), designation(8, kind=None, item="14")), {}),
    # of the city before one of the province
    ("designation", two({}, {}, designation(7, division=PROVINCE), designation(8, division=CITY)), {}),
    # at one place by kind before by item
    ("designation", two({}, {}, designation(7, kind=None, item="14"), designation(8)), {}),
    # the best of several designations counts
    ("designation", two({}, {}, designation(7, division=CITY), designation(8, division=PROVINCE), designation(8)), {}),
    # two are named alike: the next step decides, and a capability elsewhere ranks behind every area
    ("area", two({}, {}, designation(7), designation(8), of_first={"areas": [CITY_BESIDE]}), {}),
    ("area", two({"level": "national"}, {}, designation(7), designation(8), of_second={"areas": [PROVINCE]},
                 of_first={"areas": [CITY_BESIDE]}), {}),
    ("area", two({}, {}, of_second={"areas": [PLACE]}), {}),
    ("area", two({"level": "county"}, {"level": "province"}, of_first={"areas": [PROVINCE]}), {}),
    # the whole country is the least specific
    ("area", two({"level": "national"}, {}, of_first={"areas": [NATION]}, of_second={"areas": [PROVINCE]}), {}),
    ("level", two({"level": "city", "priority": 9}, {"level": "county"}), {}),
    ("level", two({"level": "province"}, {"level": "city"}), {}),
    ("level", two({"level": "national"}, {"level": "province"}), {}),
    ("priority", two({"priority": -1}, {"priority": 0}), {}),
    ("priority", two({"priority": 1}, {"priority": 10}), {}),
    # what does not pass does not compete
    ("area", two({"active": False}, {}), {"preferred": 7}),
    # alone: preferred, designated, or neither
    ("preferred", two({"active": False}, {}, designation(8)), {"preferred": 8}),
    ("designation", two({"active": False}, {}, designation(8)), {}),
    ("area", two({"active": False}, {}, designation(7)), {}),
]  # fmt: skip


@pytest.mark.parametrize(("step", "rules_json", "changes"), EIGHT_WINS)
def test_the_step_decides_for_institution_8(step: str, rules_json: Json, changes: Json) -> None:
    decision = decided(rules_json, item(**changes))
    assert (decision.institution, decision.capability, decision.decided_by) == (8, 80, step)


def test_equal_in_everything_the_lowest_institution_wins_whatever_its_capability() -> None:
    decision = decided(two({}, {}))
    assert (decision.institution, decision.capability, decision.decided_by) == (7, 90, "lowest_id")


def test_two_designated_alike_fall_through_to_the_lowest_id_so_that_the_gap_is_seen() -> None:
    assert decided(two({}, {}, designation(7), designation(8))).decided_by == "lowest_id"


def test_being_preferred_does_not_replace_place() -> None:
    decision = decided(two({}, {}, of_first={"areas": [CITY_BESIDE]}), item(preferred=7))
    assert (decision.institution, decision.decided_by) == (8, "area")


@pytest.mark.parametrize(("areas", "chosen"), [
    # the most specific area, though its id is higher
    ({90: [CITY], 91: [PLACE]}, 91),
    # equal areas: the lowest id
    ({92: [PLACE], 91: [CITY, PLACE], 93: [PLACE]}, 91),
])  # fmt: skip
def test_the_winners_own_capability_is_the_most_specific_then_the_lowest(areas: dict[int, Any], chosen: int) -> None:
    decision = decided(rules(capabilities=[capability(id, areas=area) for id, area in areas.items()]))
    assert (decision.institution, decision.capability, decision.decided_by) == (7, chosen, "area")


def test_a_capability_of_the_winner_that_fails_is_not_chosen() -> None:
    own = [capability(90, areas=[PLACE], delivery=["on_site"]), capability(91)]
    assert decided(rules(capabilities=own)).capability == 91


def test_a_designated_institutions_capability_that_covers_the_place_comes_before_one_that_does_not() -> None:
    own = [capability(90, areas=[CITY_BESIDE]), capability(91, areas=[PROVINCE])]
    assert decided(rules(capabilities=own, designations=[designation()])).capability == 91
