"""Small valid rules and items as JSON of the contract; tests change the one thing they are about.

Places: 370000 > 370300 > 370302 and 370303; 370100 is the neighbour city. Kind 1401 belongs to item 14.
"""

from typing import Any

from backoffice.matching import Decision, Item, Rules, decide

Json = dict[str, Any]
PLACE, COUNTY_BESIDE, CITY, PROVINCE, CITY_BESIDE, NATION = "370303", "370302", "370300", "370000", "370100", "000000"

DIVISIONS = [
    {"code": PROVINCE, "parent": None, "level": "province", "retired": False},
    {"code": CITY, "parent": PROVINCE, "level": "city", "retired": False},
    {"code": CITY_BESIDE, "parent": PROVINCE, "level": "city", "retired": False},
    {"code": COUNTY_BESIDE, "parent": CITY, "level": "county", "retired": False},
    {"code": PLACE, "parent": CITY, "level": "county", "retired": False},
    {"code": "370399", "parent": CITY, "level": "county", "retired": True},
]
KINDS = [
    {"code": "1401", "item": "14", "retired": False},
    {"code": "1402", "item": "14", "retired": False},
    {"code": "1499", "item": "14", "retired": True},
]


def institution(id: int = 7, **changes: Any) -> Json:
    return {"id": id, "level": "city", "priority": 0, "active": True, "suspended": []} | changes


def capability(id: int = 90, institution: int = 7, **changes: Any) -> Json:
    return {
        "id": id, "institution": institution, "kind": "1401", "areas": [CITY], "from": "2024-01-01", "to": "2027-01-01",
        "delivery": ["send_in", "on_site"], "range": {"low": 0, "high": 60, "unit": "MPa"}, "accuracy": ["1.6"],
        "internal_units": None,
    } | changes  # fmt: skip


def designation(institution: Any = 7, **changes: Any) -> Json:
    whole = {"division": PLACE, "kind": "1401", "item": None, "institution": institution, "from": None, "to": None}
    return whole | changes


def rules(
    institutions: list[Json] | None = None,
    capabilities: list[Json] | None = None,
    designations: list[Json] | None = None,
    **changes: Any,
) -> Json:
    return {
        "version": 41,
        "divisions": DIVISIONS,
        "kinds": KINDS,
        "institutions": [institution()] if institutions is None else institutions,
        "capabilities": [capability()] if capabilities is None else capabilities,
        "designations": designations or [],
    } | changes


def item(**changes: Any) -> Json:
    return {
        "id": "a1", "enterprise": "91370300MA3C000000", "kind": "1401", "division": PLACE, "delivery": "send_in",
        "range": {"low": 0, "high": 1.6, "unit": "MPa"}, "accuracy": "1.6", "preferred": None, "excluded": [],
        "day": "2026-11-23",
    } | changes  # fmt: skip


def decided(rules_json: Json, item_json: Json | None = None) -> Decision:
    return decide(Rules.from_json(rules_json), Item.from_json(item_json or item()))


def failed(decision: Decision, capability: int | None = 90, institution: int = 7) -> list[str]:
    """What the one candidate failed; it must have been looked at."""
    (found,) = [c for c in decision.candidates if (c.institution, c.capability) == (institution, capability)]
    return list(found.failed)
