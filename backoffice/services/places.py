"""Finding the division people mean: a name, part of one, or a code; asked back where several are meant."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from ..database import db
from ..errors import FieldProblem
from ..models import Division

MOST_CHOICES = 30
MOST_SUGGESTIONS = 20
_PLACEHOLDERS = ("市辖区", "省直辖县级行政区划", "自治区直辖县级行政区划")
"""Levels of the official list that are no places; nobody writes them."""


@dataclass(frozen=True, slots=True)
class Place:
    """A division one can register in: no active divisions below it."""

    code: str
    name: str
    full_name: str

    @property
    def words(self) -> str:
        return f"{self.code} {self.full_name}"


@dataclass(frozen=True, slots=True)
class Found:
    """One place, or the problem with several to choose from."""

    place: Place | None = None
    problem: FieldProblem | None = None
    choices: Sequence[Place] = ()


_own, _parent, _grandparent, _child = (aliased(Division) for _ in range(4))


def _bare(name: Any) -> sa.ColumnElement[str]:
    return sa.case((name.in_(_PLACEHOLDERS), ""), else_=sa.func.coalesce(name, ""))


_full = _bare(_grandparent.name) + _bare(_parent.name) + _own.name


def _lowest() -> sa.Select[tuple[str, str, str]]:
    has_children = sa.exists().where(_child.parent_code == _own.code, _child.is_retired.is_(False))
    return (
        sa.select(_own.code, _own.name, _full)
        .outerjoin(_parent, _parent.code == _own.parent_code)
        .outerjoin(_grandparent, _grandparent.code == _parent.parent_code)
        .where(_own.is_retired.is_(False), ~has_children)
        .order_by(_own.code)
    )


def _places(statement: sa.Select[tuple[str, str, str]]) -> list[Place]:
    return [Place(*row) for row in db.session.execute(statement)]


def find(text: str, chosen: str = "") -> Found:
    """What is meant by the typed words; `chosen` is the code clicked when the page asked back."""
    words = _words(text)
    if not words:
        return Found(problem=FieldProblem("required"))
    code = next((word for word in words if re.fullmatch(r"[0-9]{6}", word)), "")
    found = _by_code(code) if code else _by_name(words)
    picked = next((place for place in found.choices if place.code == chosen), None)
    return Found(place=picked) if picked else found


def of(code: str) -> Place | None:
    """The place of a code, `None` when nobody can register there."""
    return next(iter(_places(_lowest().where(_own.code == code))), None)


def suggest(text: str) -> list[str]:
    """At most twenty places whose full name or code contains the typed words, each as code and full name."""
    words = _words(text)
    if not words:
        return []
    return [place.words for place in _matches(words, MOST_SUGGESTIONS)]


def _words(text: str) -> list[str]:
    return unicodedata.normalize("NFKC", text[:60]).replace("\0", " ").split()


def _matches(words: Sequence[str], limit: int | None = None) -> list[Place]:
    """Places that contain every word; else those with its characters in this order (淄博高新 → 淄博市高新技术…)."""
    return _places(_named(words).limit(limit)) or _places(_named(words, is_loose=True).limit(limit))


def _named(words: Sequence[str], *, is_loose: bool = False) -> sa.Select[tuple[str, str, str]]:
    statement = _lowest()
    for word in words[:6]:
        text = re.sub(r"[%_\\]", "", word)
        pattern = "%" + ("%".join(text) if is_loose else text) + "%"
        statement = statement.where(sa.or_(_full.like(pattern), _own.code.startswith(word, autoescape=True)))
    return statement


def _by_code(code: str) -> Found:
    place = of(code)
    if place is not None:
        return Found(place=place)
    division = db.session.get(Division, code)
    if division is None or division.is_retired:
        return Found(problem=FieldProblem("division_unknown"))
    below = _places(_lowest().where(_own.path.startswith(division.path, autoescape=True)).limit(MOST_CHOICES))
    return Found(problem=FieldProblem("division_too_wide", {"name": division.name}), choices=below)


def _by_name(words: Sequence[str]) -> Found:
    matches = _matches(words)
    named = [place for place in matches if place.name == words[-1] or place.full_name == "".join(words)]
    matches = named or matches
    if len(matches) == 1:
        return Found(place=matches[0])
    if not matches:
        return Found(problem=FieldProblem("division_unknown"))
    problem = FieldProblem("division_ambiguous", {"count": len(matches)})
    return Found(problem=problem, choices=matches[:MOST_CHOICES])
