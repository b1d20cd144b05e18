"""The home page: what this is, the five steps, and whether an instrument must be verified."""

from __future__ import annotations

from typing import Any

from flask import jsonify, render_template, request

from ..messages.labels import label
from ..states import Purpose
from ..web.access import public
from . import places
from .blueprint import portal
from .mandatory import look_up


@portal.get("/")
@public
def home() -> str:
    words = " ".join(request.args.get("q", "").replace("\0", " ")[:50].split())
    purpose = next((each for each in Purpose if each.value == request.args.get("purpose")), None)
    return render_template(
        "portal/home.html",
        words=words,
        purpose=purpose,
        purposes=[(each, label(each)) for each in Purpose],
        answers=look_up(words, purpose) if words else None,
    )


@portal.get("/divisions.json")
@public
def divisions() -> Any:
    """Suggestions for the division field of the registration form."""
    return jsonify(places.suggest(request.args.get("q", "")))
