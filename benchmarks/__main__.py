"""How the cost of a decision grows with the institutions of a province, as ratios of one run; then the import's.

Run by ``make bench``. Each size decides the same items; the smallest is the measure for the others.
"""

from __future__ import annotations

import random
import statistics
import time
from typing import Any

from backoffice.matching import decide, read_rules
from backoffice.matching.facts import Item
from benchmarks import imports

COUNTIES = [f"37{city:02d}{county:02d}" for city in range(1, 13) for county in range(2, 9)]
SIZES = (20, 100, 500)
ITEMS, ROUNDS = 400, 5


def world(institutions: int) -> Any:
    """A province with that many institutions, each authorised for every kind in three counties."""
    chance = random.Random(institutions)
    kinds = ["0601", "1401", "1801"]
    capabilities = [
        {
            "id": number * 10 + position,
            "institution": number,
            "kind": kind,
            "areas": chance.sample(COUNTIES, 3),
            "valid": {"from": None, "to": None},
            "delivery": ["send_in", "on_site"],
        }
        for number in range(1, institutions + 1)
        for position, kind in enumerate(kinds)
    ]
    return read_rules(
        {
            "version": 1,
            "divisions": _divisions(),
            "kinds": [{"code": kind, "item": kind[:2], "mandatory": True, "retired": False} for kind in kinds],
            "institutions": [
                {"id": number, "level": "county", "priority": 0, "active": True, "suspended": []}
                for number in range(1, institutions + 1)
            ],
            "capabilities": capabilities,
            "designations": [],
        }
    )


def _divisions() -> list[dict[str, Any]]:
    cities = sorted({code[:4] + "00" for code in COUNTIES})
    return [
        {"code": "370000", "parent": None, "level": "province", "retired": False},
        *({"code": code, "parent": "370000", "level": "city", "retired": False} for code in cities),
        *({"code": code, "parent": code[:4] + "00", "level": "county", "retired": False} for code in COUNTIES),
    ]


def items() -> list[Item]:
    chance = random.Random(1)
    return [
        Item.from_json(
            {
                "id": number,
                "enterprise": "91370303MA3D01010Y",
                "kind": chance.choice(["0601", "1401", "1801"]),
                "division": chance.choice(COUNTIES),
                "delivery": "send_in",
                "day": "2026-11-23",
            }
        )
        for number in range(ITEMS)
    ]


def main() -> None:
    worlds, wanted = {size: world(size) for size in SIZES}, items()
    seconds: dict[int, list[float]] = {size: [] for size in SIZES}
    for _ in range(ROUNDS):
        for size, rules in worlds.items():
            begin = time.perf_counter()
            for item in wanted:
                decide(rules, item)
            seconds[size].append(time.perf_counter() - begin)
    measure = statistics.median(seconds[SIZES[0]])
    for size in SIZES:
        middle = statistics.median(seconds[size])
        each, times = middle / ITEMS * 1e6, middle / measure
        print(f"{size:4d} 家机构：{each:7.0f} µs/台  ×{times:.1f}（机构数 ×{size / SIZES[0]:.0f}）")


if __name__ == "__main__":
    main()
    imports.main()
