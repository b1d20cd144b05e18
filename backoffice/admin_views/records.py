"""The parts of a record's page: what happens next, facts in cards, what happened so far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Button:
    """A verb. `post` sends a small form with a one-time key; `why_not` shows it disabled with that reason."""

    label: str
    url: str = ""
    post: bool = False
    primary: bool = False
    danger: bool = False
    confirm: str = ""
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class NextStep:
    """The strip on top of a record: what is, in one sentence with numbers; who acts next and by when; one button."""

    what: str
    who: str = ""
    primary: Button | None = None
    others: Sequence[Button] = ()
    warn: bool = False


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of a card; `None` and "" are shown as —. `code` uses the mono face, `wide` takes the whole width."""

    label: str
    value: Any
    code: bool = False
    wide: bool = False
    url: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    """A card of facts."""

    title: str
    facts: Sequence[Fact] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the history, newest first."""

    at: datetime
    text: str
    who: str = ""
    url: str = ""
