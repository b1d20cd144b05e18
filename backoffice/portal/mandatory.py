"""Is it mandatory? The catalogue's answer for an instrument's name or everyday name."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from ..database import db
from ..models import InstrumentKind
from ..states import Purpose

MOST = 8


@dataclass(frozen=True, slots=True)
class Answer:
    """`fits`: whether the asked purpose is among those for which the kind is mandatory."""

    kind: InstrumentKind
    purposes: list[Purpose]
    fits: bool

    @property
    def is_needed(self) -> bool:
        return self.kind.is_mandatory and not self.kind.is_to_be_confirmed and self.fits


def look_up(words: str, purpose: Purpose | None) -> list[Answer]:
    """Kinds whose name or alias contains the words, those named exactly so first."""
    aliases = sa.func.array_to_string(InstrumentKind.aliases, "|")
    exact = sa.or_(InstrumentKind.name == words, sa.literal(words) == sa.any_(InstrumentKind.aliases))
    kinds = db.session.scalars(
        sa.select(InstrumentKind)
        .where(
            InstrumentKind.is_retired.is_(False),
            sa.or_(InstrumentKind.name.icontains(words, autoescape=True), aliases.icontains(words, autoescape=True)),
        )
        .order_by(sa.desc(exact), InstrumentKind.code)
        .limit(MOST)
    )
    return [_answer(kind, purpose) for kind in kinds]


def _answer(kind: InstrumentKind, purpose: Purpose | None) -> Answer:
    purposes = [Purpose(code) for code in kind.purposes]
    return Answer(kind=kind, purposes=purposes, fits=purpose is None or not purposes or purpose in purposes)
