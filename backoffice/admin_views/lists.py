"""What a list is asked for: a ready-made tab, words to search, filters, an order, a place. Nothing here can fail."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, DateTime
from werkzeug.datastructures import MultiDict

from .. import clock
from ..actor import Actor

Criterion = ColumnElement[bool]
MAX_SEARCH = 100
MAX_WORDS = 6
RESERVED = frozenset({"tab", "q", "sort", "after", "before"})
_unwanted = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Tab:
    """A ready-made filter with its count. `criterion` is a clause, or makes one from the actor; `None` is 全部."""

    code: str
    label: str
    criterion: Criterion | Callable[[Actor], Criterion] | None = None
    counted: bool = True

    def clause(self, actor: Actor) -> Criterion | None:
        return self.criterion(actor) if callable(self.criterion) else self.criterion


Options = Sequence[tuple[Any, str]]


@dataclass(frozen=True, slots=True)
class ChoiceFilter:
    """A drop-down. Only offered values are accepted; `where` makes the clause (default: equals `column`)."""

    code: str
    label: str
    options: Options | Callable[[Actor], Options]
    column: Any = None
    where: Callable[[Any], Criterion] | None = None
    control: str = "select"

    def offered(self, actor: Actor) -> Options:
        return self.options(actor) if callable(self.options) else self.options

    def read(self, raw: str, actor: Actor) -> tuple[Any, str] | None:
        """The value and its words, `None` when it is not offered."""
        return next(((value, label) for value, label in self.offered(actor) if str(value) == raw), None)

    def clause(self, value: Any) -> Criterion:
        made: Criterion = self.where(value) if self.where else self.column == value
        return made


@dataclass(frozen=True, slots=True)
class DayFilter:
    """A day, as lower bound (`until=False`) or upper bound, both inclusive; times are compared by Shanghai days."""

    code: str
    label: str
    column: Any
    until: bool = False
    control: str = "day"

    def read(self, raw: str, actor: Actor) -> tuple[date, str] | None:
        try:
            day = date.fromisoformat(raw) if len(raw) == 10 else None
        except ValueError:
            return None
        return (day, day.isoformat()) if day and 1900 <= day.year <= 2200 else None

    def clause(self, value: date) -> Criterion:
        edge: date | datetime = value + timedelta(days=1) if self.until else value
        if isinstance(self.column.type, DateTime):
            edge = clock.start_of(edge)
        made: Criterion = self.column < edge if self.until else self.column >= edge
        return made


@dataclass(frozen=True, slots=True)
class TextFilter:
    """Free text; `where` makes the clause from the cleaned words."""

    code: str
    label: str
    where: Callable[[str], Criterion]
    control: str = "text"

    def read(self, raw: str, actor: Actor) -> tuple[str, str] | None:
        words = clean_text(raw)
        return (words, words) if words else None

    def clause(self, value: str) -> Criterion:
        return self.where(value)


Filter = ChoiceFilter | DayFilter | TextFilter


@dataclass(frozen=True, slots=True)
class ChosenFilter:
    """A filter in use: its value and the words of its chip."""

    filter: Filter
    value: Any
    words: str


@dataclass(frozen=True, slots=True)
class ListState:
    """A list as asked for in a URL, with everything unknown dropped."""

    tab: Tab | None = None
    is_first_tab: bool = True
    search: str = ""
    chosen: tuple[ChosenFilter, ...] = ()
    sort: str = ""
    descending: bool = False
    after: str = ""
    before: str = ""
    raw: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_narrowed(self) -> bool:
        """Whether search or filters hide rows (a tab alone does not count: it names what it shows)."""
        return bool(self.search or self.chosen)

    def args(self, **changes: str | None) -> dict[str, str]:
        """The query of this list with `changes` (`None` or "" removes); any change returns to the first page."""
        made = {
            "tab": "" if self.tab is None or self.is_first_tab else self.tab.code,
            "q": self.search,
            "sort": ("-" if self.descending else "") + self.sort if self.sort else "",
            **self.raw,
        }
        made.update({name: value or "" for name, value in changes.items()})
        return {name: value for name, value in made.items() if value}


def read_state(
    args: MultiDict[str, str], *, actor: Actor, tabs: Sequence[Tab], filters: Sequence[Filter], sortable: Sequence[str]
) -> ListState:
    """Read a list's query string; whatever is not declared or not readable is left out."""
    chosen = tuple(found for each in filters if (found := _choose(each, args.get(each.code, ""), actor)))
    sort = args.get("sort", "")
    name = sort.removeprefix("-")
    tab = next((tab for tab in tabs if tab.code == args.get("tab", "")), tabs[0] if tabs else None)
    return ListState(
        tab=tab,
        is_first_tab=tab is None or tab is tabs[0],
        search=clean_text(args.get("q", "")),
        chosen=chosen,
        sort=name if name in sortable else "",
        descending=name in sortable and sort.startswith("-"),
        after=args.get("after", ""),
        before=args.get("before", ""),
        raw={each.filter.code: args.get(each.filter.code, "") for each in chosen},
    )


def clean_text(text: str, *, limit: int | None = MAX_SEARCH) -> str:
    """Typed words without control, direction or zero-width characters, trimmed and cut to `limit` characters."""
    return " ".join(_unwanted.sub(" ", text)[:limit].split())


def _choose(each: Filter, raw: str, actor: Actor) -> ChosenFilter | None:
    found = each.read(raw, actor) if raw and len(raw) <= MAX_SEARCH else None
    return ChosenFilter(each, *found) if found else None
