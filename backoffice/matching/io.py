"""Deciding a stream of JSON lines: what `flask decide` prints, without a database."""

import json
from collections.abc import Iterable, Iterator
from typing import Any, TextIO

from .decide import decide
from .facts import Item, Rules
from .json_fields import parse_json


def read_rules(source: TextIO | Any) -> Rules:
    """Rules from an open file of JSON, or from what was parsed of it; raises FactsError."""
    if hasattr(source, "read"):
        return Rules.from_json(parse_json(source.read(), where="rules"))
    return Rules.from_json(source)


def decide_lines(rules_json: TextIO | Any, lines: Iterable[str]) -> Iterator[str]:
    """One JSON answer for each JSON item, in order; blank lines are passed over.

    The rules are read before the first line. Raises FactsError naming the line and the field at the first that is
    malformed; the answers before it have been given.
    """
    rules = read_rules(rules_json)
    return _answers(rules, lines)


def _answers(rules: Rules, lines: Iterable[str]) -> Iterator[str]:
    for number, line in enumerate(lines, start=1):
        if line.strip():
            where = f"line {number}"
            item = Item.from_json(parse_json(line, where=where), where=where)
            yield json.dumps(decide(rules, item).to_json(item.id))
