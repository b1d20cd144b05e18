"""Facts and rules in the JSON of the contract: round trip, and errors that name the place."""

import copy
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from backoffice.matching import FactsError, Item, Rules

from .builders import CITY, PLACE, PROVINCE, capability, designation, institution, item, rules

FULL = rules(
    [institution(suspended=[{"from": "2026-11-01", "to": None}]), institution(3)],
    [capability(), capability(91, 3, range=None, accuracy=None, internal_units=["91A", "90B"])],
    [designation(), designation(3, division=CITY, kind=None, item="14", **{"from": "2026-01-01"})],
)


def test_rules_round_trip() -> None:
    assert Rules.from_json(FULL).to_json() == FULL


@pytest.mark.parametrize("changes", [{}, {"range": None, "accuracy": None, "preferred": 7, "excluded": [3, 9]}])
def test_an_item_round_trips(changes: dict[str, Any]) -> None:
    assert Item.from_json(item(**changes)).to_json() == item(**changes)


def test_missing_optional_keys_of_an_item_mean_null_or_none() -> None:
    short = {key: value for key, value in item().items() if key not in ("range", "accuracy", "preferred", "excluded")}
    read = Item.from_json(short)
    assert (read.range, read.accuracy, read.preferred, read.excluded) == (None, None, None, frozenset())
    assert Item.from_json(item(excluded=None)).excluded == frozenset()


def test_numbers_are_what_was_written() -> None:
    stated = Item.from_json(item(range={"low": 0.1, "high": 1.6, "unit": "MPa"})).range
    assert stated is not None
    assert (stated.low, stated.high) == (Decimal("0.1"), Decimal("1.6"))


def test_items_with_equal_facts_are_equal_and_hash_alike_whatever_their_id() -> None:
    first, second = Item.from_json(item(id="a1", excluded=[1, 2])), Item.from_json(item(id="b2", excluded=[2, 1, 1]))
    assert first == second
    assert hash(first) == hash(second)
    assert first != Item.from_json(item(day="2026-11-24"))
    assert first.day == date(2026, 11, 23)


@pytest.mark.parametrize(("changes", "place"), [
    ({"day": "2026-11-31"}, "item.day"),
    ({"day": "20261123"}, "item.day"),
    ({"day": None}, "item.day"),
    ({"kind": 1401}, "item.kind"),
    ({"id": None}, "item.id"),
    ({"preferred": "7"}, "item.preferred"),
    ({"preferred": True}, "item.preferred"),
    ({"excluded": [3, "4"]}, "item.excluded[1]"),
    ({"excluded": 3}, "item.excluded"),
    ({"range": "0-1"}, "item.range"),
    ({"range": {"low": "0", "high": 1, "unit": "MPa"}}, "item.range.low"),
    ({"range": {"low": 0, "high": float("inf"), "unit": "MPa"}}, "item.range.high"),
    ({"range": {"low": 0, "high": 1}}, "item.range.unit"),
])  # fmt: skip
def test_a_malformed_item_names_the_field(changes: dict[str, Any], place: str) -> None:
    with pytest.raises(FactsError) as caught:
        Item.from_json(item(**changes))
    assert caught.value.where == place


@pytest.mark.parametrize("key", ["id", "enterprise", "kind", "division", "delivery", "day"])
def test_a_key_that_is_not_optional_must_be_there(key: str) -> None:
    with pytest.raises(FactsError, match=rf"item\.{key}: is missing"):
        Item.from_json({name: value for name, value in item().items() if name != key})


@pytest.mark.parametrize(("path", "value", "place"), [
    (["version"], "41", "rules.version"),
    (["kinds"], None, "rules.kinds"),
    (["kinds", 1], 5, "rules.kinds[1]"),
    (["divisions", 0, "retired"], 0, "rules.divisions[0].retired"),
    (["divisions", 0, "level"], "town", "rules.divisions[0].level"),
    (["institutions", 0, "level"], "village", "rules.institutions[0].level"),
    (["institutions", 0, "suspended", 0, "from"], "soon", "rules.institutions[0].suspended[0].from"),
    (["capabilities", 1, "areas", 0], 370300, "rules.capabilities[1].areas[0]"),
    (["designations", 0, "kind"], None, "rules.designations[0]"),
    (["designations", 0, "item"], "14", "rules.designations[0]"),
    # what contradicts itself
    (["capabilities", 1, "institution"], 99, "rules.capabilities[1].institution"),
    (["designations", 1, "institution"], 99, "rules.designations[1].institution"),
    (["institutions", 1, "id"], 7, "rules.institutions[1]"),
    (["capabilities", 1, "id"], 90, "rules.capabilities[1]"),
    (["kinds", 1, "code"], "1401", "rules.kinds[1]"),
])  # fmt: skip
def test_malformed_rules_name_the_field(path: list[Any], value: Any, place: str) -> None:
    broken = copy.deepcopy(FULL)
    holder: Any = broken
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = value
    with pytest.raises(FactsError) as caught:
        Rules.from_json(broken)
    assert caught.value.where == place


def test_divisions_that_lie_below_themselves_are_refused() -> None:
    circle = [
        {"code": PROVINCE, "parent": PLACE, "level": "province", "retired": False},
        {"code": PLACE, "parent": PROVINCE, "level": "county", "retired": False},
    ]
    with pytest.raises(FactsError, match="below itself"):
        Rules.from_json(rules(divisions=circle))
