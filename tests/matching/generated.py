"""Random small worlds, dense enough that every filter fails and every ranking step decides somewhere."""

import random
from typing import Any

from .builders import CITY, CITY_BESIDE, COUNTY_BESIDE, DIVISIONS, KINDS, NATION, PLACE, PROVINCE

Json = dict[str, Any]
AREAS = [PLACE, PLACE, COUNTY_BESIDE, CITY, CITY, PROVINCE, CITY_BESIDE, NATION, "370399"]
PLACES = [PLACE, COUNTY_BESIDE, CITY_BESIDE, CITY, "370399", "999999"]
DAYS = ["2026-11-22", "2026-11-23", "2026-11-24", None, None]
UNITS = ["91A", "91B", "91A01"]


def world(chance: random.Random) -> Json:
    institutions = [_institution(chance, id) for id in chance.sample(range(1, 30), chance.randint(1, 5))]
    ids = [row["id"] for row in institutions]
    capabilities = [_capability(chance, id, ids) for id in chance.sample(range(1, 99), chance.randint(0, 9))]
    return {
        "version": 1,
        "divisions": chance.sample(DIVISIONS, len(DIVISIONS)),
        "kinds": KINDS,
        "institutions": institutions,
        "capabilities": capabilities,
        "designations": [_designation(chance, ids) for _ in range(chance.choice([0, 0, 1, 2, 3]))],
    }


def wanted(chance: random.Random) -> Json:
    item = {
        "id": chance.randrange(1000),
        "enterprise": chance.choice(UNITS),
        "kind": chance.choices(["1401", "1402", "1499", "9999"], [40, 10, 1, 1])[0],
        "division": chance.choices(PLACES, [30, 8, 8, 1, 1, 1])[0],
        "delivery": chance.choice(["send_in", "on_site"]),
        "day": "2026-11-23",
    }
    optional = {
        "range": chance.choice([None, _range(chance)]),
        "accuracy": chance.choice([None, "1.6", "2.5"]),
        "preferred": chance.choice([None, None, chance.randint(1, 30)]),
        "excluded": chance.sample(range(1, 30), chance.choice([0, 0, 3])),
    }
    return item | {key: value for key, value in optional.items() if chance.random() < 0.9}


def _period(chance: random.Random) -> Json:
    return {"from": chance.choice(["2026-11-22", "2026-11-23", None, None, "2026-11-24"]), "to": chance.choice(DAYS)}


def _range(chance: random.Random) -> Json:
    low, high = chance.choice([None, 0, 0.1, -0.1]), chance.choice([None, 1, 1.6, 1.60, 60])
    return {"low": low, "high": high, "unit": chance.choice(["MPa", "MPa", "kg"])}


def _institution(chance: random.Random, id: int) -> Json:
    return {
        "id": id,
        "level": chance.choice(["county", "city", "city", "province", "national"]),
        "priority": chance.choice([0, 0, 0, 5]),
        "active": chance.random() < 0.9,
        "suspended": [_period(chance)] if chance.random() < 0.15 else [],
    }


def _capability(chance: random.Random, id: int, institutions: list[int]) -> Json:
    return {
        "id": id,
        "institution": chance.choice(institutions),
        "kind": chance.choice(["1401", "1401", "1401", "1402"]),
        "areas": chance.sample(AREAS, chance.choice([1, 1, 2, 3])),
        **(_period(chance) if chance.random() < 0.3 else {"from": None, "to": None}),
        "delivery": chance.choice([["send_in"], ["on_site"], ["send_in", "on_site"], ["send_in", "on_site"]]),
        "range": chance.choice([None, None, _range(chance)]),
        "accuracy": chance.choice([None, None, ["1.6"], ["1.6", "2.5"]]),
        "internal_units": chance.choice([None, None, None, None, [], ["91A"]]),
    }


def _designation(chance: random.Random, institutions: list[int]) -> Json:
    by_kind = chance.random() < 0.5
    return {
        "division": chance.choice([PLACE, CITY, PROVINCE, COUNTY_BESIDE]),
        "kind": chance.choice(["1401", "1401", "1402"]) if by_kind else None,
        "item": None if by_kind else chance.choice(["14", "14", "15"]),
        "institution": chance.choice(institutions),
        **_period(chance),
    }
