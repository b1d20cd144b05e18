"""Is it mandatory? What the catalogue says of an instrument, and who can verify it at a place. For everybody."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa

from .. import clock, matching
from ..database import db
from ..models import CatalogueItem, Institution, InstrumentKind
from ..states import DeliveryMode, Purpose
from . import rules

MOST = 12
LONGEST = 50
SHORTEST_NAME = 2
"""A name of one character says too little to be looked for inside what was typed."""


class Verdict(StrEnum):
    """The answer for a kind and a purpose."""

    MANDATORY = "mandatory"
    OTHER_PURPOSE = "other_purpose"
    NOT_MANDATORY = "not_mandatory"
    UNCONFIRMED = "unconfirmed"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the catalogue says of one kind. `is_near`: its name is only part of what was typed."""

    kind: InstrumentKind
    purposes: list[Purpose]
    verdict: Verdict
    is_near: bool = False


@dataclass(frozen=True, slots=True)
class Offer:
    """An institution that can verify a kind at a place. `is_usual`: matching would choose it for one of the modes."""

    institution: Institution
    modes: list[DeliveryMode]
    is_usual: bool


def folded(words: str) -> str:
    """Typed words: half-width, single spaces, at most fifty characters."""
    return " ".join(unicodedata.normalize("NFKC", words.replace("\0", " "))[:LONGEST].split())


def kinds_called(words: str, purpose: Purpose | None = None) -> list[Answer]:
    """Kinds whose name, alias, item or code is or contains the words, exact ones first.

    Where there are none: kinds whose name or alias stands inside the words (精密压力表 → 压力表).
    """
    named = db.session.scalars(_named(words)).all()
    if named:
        return [_answer(kind, purpose) for kind in named]
    return [_answer(kind, purpose, is_near=True) for kind in _inside(words)]


def kind_of(code: str, purpose: Purpose | None = None) -> Answer | None:
    """The answer for the kind of a code, `None` for one that is not in force."""
    kind = db.session.get(InstrumentKind, folded(code)[:8])
    return _answer(kind, purpose) if kind is not None and kind.is_in_force else None


def _named(words: str) -> sa.Select[tuple[InstrumentKind]]:
    aliases = sa.func.array_to_string(InstrumentKind.aliases, "|")
    exact = sa.or_(InstrumentKind.name == words, sa.literal(words) == sa.any_(InstrumentKind.aliases))
    in_item = sa.exists().where(
        CatalogueItem.code == InstrumentKind.item_code, CatalogueItem.name.icontains(words, autoescape=True)
    )
    contains = sa.or_(InstrumentKind.name.icontains(words, autoescape=True), aliases.icontains(words, autoescape=True))
    return (
        sa.select(InstrumentKind)
        .where(InstrumentKind.is_in_force, sa.or_(contains, in_item, InstrumentKind.code == words))
        .order_by(sa.desc(exact), sa.desc(contains), InstrumentKind.code)
        .limit(MOST)
    )


def _inside(words: str) -> list[InstrumentKind]:
    """The catalogue is a page long, so looking it through here is simpler than teaching the database to."""
    kinds = db.session.scalars(
        sa.select(InstrumentKind).where(InstrumentKind.is_in_force).order_by(InstrumentKind.code)
    )
    return [kind for kind in kinds if any(_stands_in(name, words) for name in (kind.name, *kind.aliases))][:MOST]


def _stands_in(name: str, words: str) -> bool:
    return len(name) >= SHORTEST_NAME and name.casefold() in words.casefold()


def _answer(kind: InstrumentKind, purpose: Purpose | None, *, is_near: bool = False) -> Answer:
    purposes = [Purpose(code) for code in kind.purposes]
    return Answer(kind=kind, purposes=purposes, verdict=_verdict(kind, purposes, purpose), is_near=is_near)


def _verdict(kind: InstrumentKind, purposes: Sequence[Purpose], purpose: Purpose | None) -> Verdict:
    if kind.is_to_be_confirmed:
        return Verdict.UNCONFIRMED
    if not kind.is_mandatory:
        return Verdict.NOT_MANDATORY
    return Verdict.MANDATORY if purpose is None or not purposes or purpose in purposes else Verdict.OTHER_PURPOSE


def who_verifies(kind_code: str, division_code: str) -> list[Offer]:
    """Institutions that would be matched today for a kind used at a place, the one matching would choose first.

    Asked of the very function that matches, for an enterprise nobody lists as its own and an instrument that states
    neither range nor accuracy: what is 仅限内部 or suspended does not appear.
    """
    decisions = {mode: _decision(kind_code, division_code, mode) for mode in DeliveryMode}
    modes: dict[int, list[DeliveryMode]] = {}
    for mode, decision in decisions.items():
        for candidate in decision.candidates:
            if not candidate.failed and mode not in modes.setdefault(candidate.institution, []):
                modes[candidate.institution].append(mode)
    chosen = {decision.institution for decision in decisions.values()}
    found = db.session.scalars(sa.select(Institution).where(Institution.id.in_([i for i, own in modes.items() if own])))
    offers = [Offer(row, modes[row.id], is_usual=row.id in chosen) for row in found]
    return sorted(offers, key=lambda offer: (not offer.is_usual, offer.institution.id))


def _decision(kind_code: str, division_code: str, mode: DeliveryMode) -> matching.Decision:
    item = matching.Item(
        id=0,
        enterprise="",
        kind=kind_code,
        division=division_code,
        delivery=mode.value,
        range=None,
        accuracy=None,
        preferred=None,
        excluded=frozenset(),
        day=clock.today(),
    )
    return matching.decide(rules.current(), item)
