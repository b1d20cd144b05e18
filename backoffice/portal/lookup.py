"""“是否强制检定？”: what the catalogue says of an instrument, why, and who verifies it at a place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import render_template, request

from .. import messages
from ..messages.guide import VERDICTS, confidence_sentence
from ..messages.labels import label
from ..services import contacts, look_up, places
from ..states import Purpose
from ..web.access import public
from .blueprint import portal
from .limits import limited

LONGEST_PLACE = 60


def purpose_asked() -> Purpose | None:
    return next((each for each in Purpose if each.value == request.args.get("purpose")), None)


def purpose_choices() -> list[tuple[Purpose, str]]:
    return [(each, label(each)) for each in Purpose]


@dataclass(frozen=True, slots=True)
class PlaceAsked:
    """The place typed or chosen; `said` tells why it was not understood."""

    typed: str
    found: places.Found

    @property
    def said(self) -> str:
        problem = self.found.problem
        return messages.sentence(problem.code, problem.facts) if problem else ""


def place_asked() -> PlaceAsked:
    """Where, from the query: `place` as typed, `division` as chosen when the page asked back."""
    typed = request.args.get("place", "").replace("\0", " ")[:LONGEST_PLACE].strip()
    return PlaceAsked(typed, places.find(typed, request.args.get("division", "")) if typed else places.Found())


@portal.get("/lookup")
@public
@limited
def lookup() -> str:
    """The question and its answer on one page; every answer has an address that can be sent to others."""
    words, purpose = look_up.folded(request.args.get("q", "")), purpose_asked()
    chosen = look_up.kind_of(request.args.get("kind", ""), purpose)
    answers = [chosen] if chosen else look_up.kinds_called(words, purpose) if words else None
    return render_template(
        "portal/lookup.html",
        words=words or (chosen.kind.name if chosen else ""),
        purpose=purpose,
        purposes=purpose_choices(),
        answers=answers,
        one=answers[0] if answers is not None and len(answers) == 1 else None,
        verdicts=VERDICTS,
        confidence=confidence_sentence,
        where=where_asked(answers),
    )


def where_asked(answers: list[look_up.Answer] | None) -> dict[str, Any]:
    """The place typed or chosen, and who verifies the one kind there; nothing is offered for several kinds at once."""
    asked = place_asked()
    facts: dict[str, Any] = {
        "typed": asked.typed,
        "found": asked.found,
        "said": asked.said,
        "offers": None,
        "office": None,
    }
    place = asked.found.place
    if place is not None and answers is not None and len(answers) == 1:
        facts["offers"] = look_up.who_verifies(answers[0].kind.code, place.code)
        facts["office"] = contacts.competent_office(place.code)
    return facts
