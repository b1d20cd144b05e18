"""The product's decision equals a second one written straight from the contract."""

import random
from collections import Counter

from backoffice.matching import Item, Rules, decide

from .generated import wanted, world
from .oracle import decide_naively

WORLDS, ITEMS = 800, 4
EVERY_CODE = [
    "matched", "no_institution", "bad_data", "kind", "division",
    "preferred", "designation", "area", "level", "priority", "lowest_id",
    "ACTIVE", "AUTH", "VALID", "SCOPE", "PLACE", "RANGE", "ACCURACY", "DELIVERY", "EXCLUDED",
]  # fmt: skip


def test_equals_the_naive_reading_of_the_contract_in_generated_worlds() -> None:
    chance = random.Random(20261123)
    seen: Counter[str | None] = Counter()
    for _ in range(WORLDS):
        rules_json = world(chance)
        rules = Rules.from_json(rules_json)
        for _ in range(ITEMS):
            item_json = wanted(chance)
            item = Item.from_json(item_json)
            answer, expected = decide(rules, item).to_json(item.id), decide_naively(rules_json, item_json)
            for each in (answer, expected):
                each["candidates"].sort(key=lambda row: (row["institution"], row["capability"] or 0))
            assert answer == expected, (rules_json, item_json)
            seen.update([answer["outcome"], answer["decided_by"], answer["field"]])
            seen.update(code for row in answer["candidates"] for code in row["failed"])
    # The comparison is worth something only where every branch was met.
    assert {code: seen[code] for code in EVERY_CODE if seen[code] < 10} == {}
