"""Which institution verifies an instrument, and why: a pure function from facts and rules to a decision.

Belongs here: facts, filters, ranking, their explanation, reading quantities out of text.
Does not: database, clock, chance, web, sentences for people, anything else of this application.
"""

from .decide import Candidate, Decision, decide
from .explain import is_one_step_away, nearest, trace
from .facts import (
    NATION,
    Capability,
    Designation,
    Division,
    Institution,
    Item,
    Kind,
    Level,
    Period,
    Quantity,
    Rules,
)
from .io import decide_lines, read_rules
from .json_fields import FactsError
from .quantities import in_common_unit, read_accuracy, read_range

__all__ = [
    "NATION",
    "Candidate",
    "Capability",
    "Decision",
    "Designation",
    "Division",
    "FactsError",
    "Institution",
    "Item",
    "Kind",
    "Level",
    "Period",
    "Quantity",
    "Rules",
    "decide",
    "decide_lines",
    "in_common_unit",
    "is_one_step_away",
    "nearest",
    "read_accuracy",
    "read_range",
    "read_rules",
    "trace",
]
