"""One family of service errors: a code and facts. Sentences for people are made from them in `messages.py`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


class ServiceError(Exception):
    """A use case refused to go on. `code` names a sentence in `messages.py`; `facts` fill it."""

    status = 409

    def __init__(self, code: str, **facts: Any) -> None:
        super().__init__(code, facts)
        self.code = code
        self.facts = facts


class NotFound(ServiceError):
    """The row is absent, or not this actor's: the two look exactly alike."""

    status = 404

    def __init__(self, code: str = "not_found", **facts: Any) -> None:
        super().__init__(code, **facts)


class Forbidden(NotFound):
    """The role may not do this at all; it looks like a missing page."""


class Conflict(ServiceError):
    """Somebody else was first, or the record is no longer in a state that allows this."""

    status = 409


class TooOften(ServiceError):
    """Too many attempts; the facts say until when."""

    status = 429


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """What is wrong with one field: a code with facts, worded by `messages.py`."""

    code: str
    facts: Mapping[str, Any] = field(default_factory=dict)


class Invalid(ServiceError):
    """Typed values cannot be accepted; each problem belongs beside its field (`""` for the whole form)."""

    status = 422

    def __init__(self, problems: Mapping[str, FieldProblem]) -> None:
        super().__init__("invalid_values")
        self.problems = dict(problems)

    @classmethod
    def one(cls, field_name: str, code: str, **facts: Any) -> Invalid:
        return cls({field_name: FieldProblem(code, facts)})
