"""The home page: what this is, the five steps, whether an instrument must be verified, and the three ways in."""

from __future__ import annotations

from typing import Any

from flask import jsonify, render_template, request

from ..services import places
from ..web.access import public
from . import demo_people
from .blueprint import portal
from .lookup import purpose_choices


@portal.get("/")
@public
def home() -> str:
    return render_template(
        "portal/home.html",
        purposes=purpose_choices(),
        demo_people=demo_people.first_of_each_panel(),
    )


@portal.get("/divisions.json")
@public
def divisions() -> Any:
    """Suggestions for the division field of the registration form."""
    return jsonify(places.suggest(request.args.get("q", "")))
