"""The decision once more, slow and plain, sentence by sentence from docs/outside.md, on the raw JSON.

It shares nothing with the product's code, so that the same mistake is not made twice.
"""

from fractions import Fraction
from typing import Any

Json = dict[str, Any]
LEVELS = ["county", "city", "province", "national"]


def decide_naively(rules: Json, item: Json) -> Json:
    answer = {
        "id": item["id"], "outcome": "bad_data", "institution": None, "capability": None, "decided_by": None,
        "field": None, "candidates": [],
    }  # fmt: skip
    if not [k for k in rules["kinds"] if k["code"] == item["kind"] and not k["retired"]]:
        return answer | {"field": "kind"}
    if not good_place(rules, item["division"]):
        return answer | {"field": "division"}
    candidates, passing = [], []
    for inst in rules["institutions"]:
        own = [c for c in rules["capabilities"] if c["institution"] == inst["id"] and c["kind"] == item["kind"]]
        asked = designations(rules, item, inst) or item.get("preferred") == inst["id"]
        if asked and not own:
            fails = failing(rules, item, inst, None)
            candidates.append({"institution": inst["id"], "capability": None, "failed": fails})
        for cap in own:
            if asked or set(cap["areas"]) & set(above(rules, item["division"])):
                fails = failing(rules, item, inst, cap)
                candidates.append({"institution": inst["id"], "capability": cap["id"], "failed": fails})
                if not fails:
                    passing.append((inst, cap))
    answer["candidates"] = candidates
    if not passing:
        return answer | {"outcome": "no_institution"}
    winner = min(passing, key=lambda pair: [*order(rules, item, *pair), pair[1]["id"]])
    return answer | {
        "outcome": "matched",
        "institution": winner[0]["id"],
        "capability": winner[1]["id"],
        "decided_by": reason(rules, item, winner, passing),
    }


def good_place(rules: Json, code: str) -> bool:
    active = [d for d in rules["divisions"] if not d["retired"]]
    return any(d["code"] == code for d in active) and not any(d["parent"] == code for d in active)


def above(rules: Json, code: str | None) -> list[str]:
    if code is None:
        return ["000000"]
    (parent,) = [d["parent"] for d in rules["divisions"] if d["code"] == code]
    return [code, *above(rules, parent)]


def during(day: str, period: Json) -> bool:
    return (period["from"] or "0000-00-00") <= day <= (period["to"] or "9999-99-99")


def designations(rules: Json, item: Json, inst: Json) -> list[list[int]]:
    """[how far above the place, 0 by kind or 1 by item] of each designation of this institution that counts."""
    (catalogue_item,) = [k["item"] for k in rules["kinds"] if k["code"] == item["kind"]]
    places = above(rules, item["division"])
    found = []
    for d in rules["designations"]:
        if d["institution"] == inst["id"] and during(item["day"], d) and d["division"] in places:
            up = places.index(d["division"])
            if d["kind"] == item["kind"]:
                found.append([up, 0])
            elif d["item"] == catalogue_item:
                found.append([up, 1])
    return sorted(found)


def covering_distance(rules: Json, item: Json, inst: Json, cap: Json) -> int | None:
    for up, code in enumerate(above(rules, item["division"])):
        if code in cap["areas"] and (code != "000000" or inst["level"] == "national"):
            return up
    return None


def failing(rules: Json, item: Json, inst: Json, cap: Json | None) -> list[str]:
    fails = []
    if not inst["active"] or any(during(item["day"], s) for s in inst["suspended"]):
        fails.append("ACTIVE")
    if cap is None:
        fails.append("AUTH")
    else:
        fails += failing_of_capability(rules, item, inst, cap)
    if inst["id"] in (item.get("excluded") or []):
        fails.append("EXCLUDED")
    return fails


def failing_of_capability(rules: Json, item: Json, inst: Json, cap: Json) -> list[str]:
    fails = []
    if not during(item["day"], cap):
        fails.append("VALID")
    if cap["internal_units"] is not None and item["enterprise"] not in cap["internal_units"]:
        fails.append("SCOPE")
    if covering_distance(rules, item, inst, cap) is None and not designations(rules, item, inst):
        fails.append("PLACE")
    ours, theirs = item.get("range"), cap["range"]
    if ours and theirs and ours["unit"] == theirs["unit"]:
        below = theirs["low"] is not None and (ours["low"] is None or exact(ours["low"]) < exact(theirs["low"]))
        beyond = theirs["high"] is not None and (ours["high"] is None or exact(ours["high"]) > exact(theirs["high"]))
        if below or beyond:
            fails.append("RANGE")
    if item.get("accuracy") and cap["accuracy"] and item["accuracy"] not in cap["accuracy"]:
        fails.append("ACCURACY")
    if item["delivery"] not in cap["delivery"]:
        fails.append("DELIVERY")
    return fails


def exact(number: float) -> Fraction:
    return Fraction(str(number))


def order(rules: Json, item: Json, inst: Json, cap: Json) -> list[Any]:
    distance = covering_distance(rules, item, inst, cap)
    return [
        inst["id"] != item.get("preferred"),
        next(iter(designations(rules, item, inst)), [99, 99]),
        99 if distance is None else distance,
        LEVELS.index(inst["level"]),
        -inst["priority"],
        inst["id"],
    ]


def reason(rules: Json, item: Json, winner: tuple[Json, Json], passing: list[tuple[Json, Json]]) -> str:
    """The first step after which one institution is left."""
    steps = ["preferred", "designation", "area", "level", "priority", "lowest_id"]
    best = order(rules, item, *winner)
    rivals = [order(rules, item, *pair) for pair in passing if pair[0]["id"] != winner[0]["id"]]
    if not rivals and winner[0]["id"] == item.get("preferred"):
        return "preferred"
    if not rivals:
        return "designation" if designations(rules, item, winner[0]) else "area"
    for step in range(len(steps)):
        if all(rival[: step + 1] != best[: step + 1] for rival in rivals):
            return steps[step]
    raise AssertionError("two institutions with one id")
