"""Reading JSON objects field by field; what is wrong is named by its place, so that a person can find it."""

import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar

T = TypeVar("T")

TYPE_NAMES: dict[type, str] = {str: "text", int: "a whole number", bool: "true or false", list: "a list"}

# Far beyond any instrument; keeps "1e999999999" from becoming a number with a billion digits.
LARGEST_EXPONENT = 30


class FactsError(ValueError):
    """Facts or rules that are not of the agreed shape: `where` names line and field, `problem` what is wrong."""

    def __init__(self, where: str, problem: str) -> None:
        super().__init__(f"{where}: {problem}")
        self.where = where
        self.problem = problem


def parse_json(text: str, *, where: str) -> object:
    """Parse one JSON text, keeping decimal fractions exact; raises FactsError."""
    try:
        return json.loads(text, parse_float=Decimal, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise FactsError(where, f"is not JSON ({error})") from error


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is not a number")


class Fields:
    """One JSON object and the place where it stands; every reader checks the type and raises FactsError."""

    __slots__ = ("_object", "where")

    def __init__(self, value: object, where: str) -> None:
        if not isinstance(value, dict):
            raise FactsError(where, "must be an object")
        self._object: dict[str, Any] = value
        self.where = where

    def place(self, key: str) -> str:
        return f"{self.where}: {key}" if self.where.startswith("line ") else f"{self.where}.{key}"

    def text(self, key: str) -> str:
        return self._required(key, str)

    def text_or_null(self, key: str) -> str | None:
        return None if self._is_null(key) else self.text(key)

    def present_text_or_null(self, key: str) -> str | None:
        """A text that may be null but whose key must be there."""
        return None if key in self._object and self._object[key] is None else self.text(key)

    def text_or_whole(self, key: str) -> str | int:
        return self.text(key) if isinstance(self._object.get(key), str) else self.whole(key)

    def whole(self, key: str) -> int:
        return self._required(key, int)

    def whole_or_null(self, key: str) -> int | None:
        return None if self._is_null(key) else self.whole(key)

    def flag(self, key: str) -> bool:
        return self._required(key, bool)

    def day(self, key: str) -> date:
        text = self.text(key)
        try:
            day = date.fromisoformat(text)
        except ValueError:
            day = None
        # fromisoformat also takes 20261123 and week dates, which the contract does not.
        if day is None or day.isoformat() != text:
            raise FactsError(self.place(key), "must be a day like 2026-11-23")
        return day

    def day_or_null(self, key: str) -> date | None:
        return None if self._is_null(key) else self.day(key)

    def number_or_null(self, key: str) -> Decimal | None:
        value = self._object.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
            raise FactsError(self.place(key), "must be a number")
        # The shortest spelling of a float is the number that was written: 1.6 stays 1.6.
        number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
        if not number.is_finite() or abs(number.adjusted()) > LARGEST_EXPONENT:
            raise FactsError(self.place(key), "is out of range")
        return number

    def texts(self, key: str) -> tuple[str, ...]:
        return self._list_of(key, str)

    def texts_or_null(self, key: str) -> tuple[str, ...] | None:
        return None if self._is_null(key) else self.texts(key)

    def wholes_or_null(self, key: str) -> tuple[int, ...]:
        """The whole numbers of a list; null and a missing key mean an empty one."""
        return () if self._is_null(key) else self._list_of(key, int)

    def object_or_null(self, key: str) -> "Fields | None":
        return None if self._is_null(key) else Fields(self._object[key], self.place(key))

    def objects(self, key: str) -> "Iterator[Fields]":
        for index, value in enumerate(self._required(key, list)):
            yield Fields(value, f"{self.place(key)}[{index}]")

    def _is_null(self, key: str) -> bool:
        return self._object.get(key) is None

    def _required(self, key: str, type_: type[T]) -> T:
        if key not in self._object:
            raise FactsError(self.place(key), "is missing")
        return _checked(self._object[key], type_, self.place(key))

    def _list_of(self, key: str, type_: type[T]) -> tuple[T, ...]:
        place = self.place(key)
        return tuple(_checked(value, type_, f"{place}[{i}]") for i, value in enumerate(self._required(key, list)))


def _checked(value: object, type_: type[T], place: str) -> T:
    # True is an int to Python, never to the contract.
    if not isinstance(value, type_) or (type_ is int and isinstance(value, bool)):
        raise FactsError(place, f"must be {TYPE_NAMES[type_]}")
    return value
