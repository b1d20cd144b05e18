"""Each filter: what passes, what fails, what is not compared."""

from typing import Any

import pytest

from .builders import (
    CITY,
    CITY_BESIDE,
    COUNTY_BESIDE,
    NATION,
    PLACE,
    PROVINCE,
    capability,
    decided,
    designation,
    failed,
    institution,
    item,
    rules,
)

Json = dict[str, Any]


def with_institution(**changes: Any) -> Json:
    return rules(institutions=[institution(**changes)])


def with_capability(**changes: Any) -> Json:
    return rules(capabilities=[capability(**changes)])


def span(start: str | None, end: str | None) -> Json:
    return {"from": start, "to": end}


def stated(low: float | None, high: float | None, unit: str = "MPa") -> Json:
    return {"low": low, "high": high, "unit": unit}


PASSING = [
    # ACTIVE: the day after and the day before a suspension
    (with_institution(suspended=[span("2026-11-01", "2026-11-22"), span("2026-11-24", None)]), {}),
    # VALID: first and last day, and open ends
    (with_capability(**span("2026-11-23", "2026-11-23")), {}),
    (with_capability(**span(None, None)), {}),
    # SCOPE: the code itself is listed
    (with_capability(internal_units=["91A"]), {"enterprise": "91A"}),
    # PLACE: the place, an ancestor, any one of several areas
    (with_capability(areas=[PLACE]), {}),
    (with_capability(areas=[CITY_BESIDE, PROVINCE]), {}),
    # PLACE: the whole country for a national station
    (rules([institution(level="national")], [capability(areas=[NATION])]), {}),
    # PLACE: an ancestor that is retired is still an area
    (
        rules(capabilities=[capability(areas=["370400"])], divisions=[
            {"code": "370400", "parent": None, "level": "city", "retired": True},
            {"code": PLACE, "parent": "370400", "level": "county", "retired": False},
        ]),
        {},
    ),
    # RANGE: ends included; whole and decimal numbers are one
    (with_capability(range=stated(0.0, 1.6)), {"range": stated(0, 1.60)}),
    (with_capability(range=stated(-0.1, 0)), {"range": stated(-0.1, 0)}),
    # RANGE: an open bound holds everything
    (with_capability(range=stated(None, None)), {"range": stated(None, 1e6)}),
    # RANGE: not stated, or in another unit: not compared
    (with_capability(range=None), {"range": stated(0, 999)}),
    (with_capability(range=stated(0, 1)), {"range": None}),
    (with_capability(range=stated(0, 1, "kPa")), {"range": stated(0, 999, "MPa")}),
    (with_capability(range=stated(0, 1, "mpa")), {"range": stated(0, 999, "MPa")}),
    # ACCURACY: one of several; not stated on either side
    (with_capability(accuracy=["1.0", "1.6"]), {}),
    (with_capability(accuracy=None), {}),
    (with_capability(accuracy=["2.5"]), {"accuracy": None}),
    # EXCLUDED: others, also unknown ones
    (rules(), {"excluded": [8, 999]}),
]  # fmt: skip

FAILING = [
    ("ACTIVE", with_institution(active=False), {}),
    # suspended from its first to its last day
    ("ACTIVE", with_institution(suspended=[span("2026-11-23", "2026-12-31")]), {}),
    ("ACTIVE", with_institution(suspended=[span("2026-11-01", "2026-11-23")]), {}),
    ("ACTIVE", with_institution(suspended=[span("2020-01-01", "2020-01-02"), span(None, None)]), {}),
    ("VALID", with_capability(**span("2026-11-24", None)), {}),
    ("VALID", with_capability(**span(None, "2026-11-22")), {}),
    ("SCOPE", with_capability(internal_units=[]), {}),
    # a parent's code does not include its branches
    ("SCOPE", with_capability(internal_units=["91A"]), {"enterprise": "91A01"}),
    (
        "SCOPE",
        with_capability(internal_units=["91370303MA3D01010Y"]),
        {"enterprise": "91370303MA3D01010Y07"},
    ),
    # the whole country counts for no other level
    ("PLACE", rules([institution(level="province")], [capability(areas=[NATION])]), {}),
    ("RANGE", with_capability(range=stated(0, 1.5)), {}),
    ("RANGE", with_capability(range=stated(0.1, 60)), {}),
    # an open end of the item needs an open end of the capability
    ("RANGE", with_capability(range=stated(0, 60)), {"range": stated(None, 1)}),
    ("RANGE", with_capability(range=stated(0, 60)), {"range": stated(0, None)}),
    ("ACCURACY", with_capability(accuracy=["1.60", "2.5"]), {}),
    ("DELIVERY", with_capability(delivery=["on_site"]), {}),
    ("EXCLUDED", rules(), {"excluded": [7]}),
]


@pytest.mark.parametrize(("rules_json", "changes"), PASSING)
def test_passes(rules_json: Json, changes: Json) -> None:
    decision = decided(rules_json, item(**changes))
    assert (decision.outcome, decision.institution, decision.capability) == ("matched", 7, 90)
    assert failed(decision) == []


@pytest.mark.parametrize(("code", "rules_json", "changes"), FAILING)
def test_fails_alone(code: str, rules_json: Json, changes: Json) -> None:
    decision = decided(rules_json, item(**changes))
    assert decision.outcome == "no_institution"
    assert (decision.institution, decision.capability, decision.decided_by) == (None, None, None)
    assert failed(decision) == [code]


def test_all_that_fails_is_listed_in_the_order_of_the_filters() -> None:
    worst = capability(
        areas=[CITY_BESIDE], to="2025-01-01", internal_units=[], range=stated(5, 6), accuracy=["4"], delivery=[]
    )
    decision = decided(rules([institution(active=False)], [worst]), item(preferred=7, excluded=[7]))
    assert failed(decision) == [
        "ACTIVE", "VALID", "SCOPE", "PLACE", "RANGE", "ACCURACY", "DELIVERY", "EXCLUDED"
    ]  # fmt: skip


def test_an_institution_without_the_kind_fails_auth_and_only_what_concerns_itself() -> None:
    world = rules([institution(active=False)], [capability(kind="1402", delivery=[])])
    assert failed(decided(world, item(preferred=7, excluded=[7])), capability=None) == ["ACTIVE", "AUTH", "EXCLUDED"]


def test_a_designated_institution_without_the_kind_is_a_candidate() -> None:
    assert failed(decided(rules(capabilities=[], designations=[designation()])), capability=None) == ["AUTH"]


def test_an_unknown_preferred_institution_is_ignored() -> None:
    decision = decided(rules(), item(preferred=999))
    assert (decision.institution, decision.decided_by, len(decision.candidates)) == (7, "area", 1)


def test_a_capability_elsewhere_is_no_candidate_unless_preferred() -> None:
    elsewhere = rules(capabilities=[capability(areas=[CITY_BESIDE])])
    assert decided(elsewhere).candidates == ()
    assert failed(decided(elsewhere, item(preferred=7))) == ["PLACE"]


@pytest.mark.parametrize("named", [
    # of the place or above it, for the kind or its item
    designation(), designation(division=CITY), designation(division=PROVINCE, kind=None, item="14"),
    # on its first and its last day
    designation(**{"from": "2026-11-23", "to": "2026-11-23"}),
])  # fmt: skip
def test_a_designation_in_force_replaces_place(named: Json) -> None:
    decision = decided(rules(capabilities=[capability(areas=[CITY_BESIDE])], designations=[named]))
    assert (decision.institution, decision.decided_by) == (7, "designation")


@pytest.mark.parametrize("named", [
    designation(division=COUNTY_BESIDE), designation(kind="1402"), designation(kind=None, item="15"),
    designation(**{"from": "2026-11-24"}), designation(to="2026-11-22"), designation(institution=8),
])  # fmt: skip
def test_a_designation_of_another_place_kind_day_or_institution_replaces_nothing(named: Json) -> None:
    world = rules([institution(), institution(8)], [capability(areas=[CITY_BESIDE])], [named])
    assert failed(decided(world, item(preferred=7))) == ["PLACE"]


BAD = [
    ("kind", {"kind": "9999"}),
    ("kind", {"kind": "1499"}),
    ("kind", {"kind": None}),
    ("division", {"division": "999999"}),
    ("division", {"division": "370399"}),
    ("division", {"division": None}),
    # the whole country and what has active children are no places of use
    ("division", {"division": NATION}),
    ("division", {"division": CITY}),
    # both bad: the kind is named
    ("kind", {"kind": "9999", "division": "999999"}),
]


@pytest.mark.parametrize(("field", "changes"), BAD)
def test_bad_data_names_the_field_and_has_no_candidates(field: str, changes: Json) -> None:
    answer = decided(rules(designations=[designation()]), item(**changes)).to_json("a1")
    nothing: Json = {"institution": None, "capability": None, "decided_by": None, "candidates": []}
    assert answer == {"id": "a1", "outcome": "bad_data", "field": field, **nothing}


def test_a_division_whose_children_are_all_retired_is_a_place_of_use() -> None:
    divisions = [
        {"code": CITY, "parent": None, "level": "city", "retired": False},
        {"code": PLACE, "parent": CITY, "level": "county", "retired": True},
    ]
    assert decided(rules(divisions=divisions), item(division=CITY)).institution == 7
