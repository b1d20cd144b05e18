"""找谁: whom to telephone, by division."""

from __future__ import annotations

from flask import render_template

from ..services import contacts as directory
from ..web.access import public
from .blueprint import portal
from .limits import limited
from .lookup import place_asked


@portal.get("/contacts")
@public
@limited
def contacts() -> str:
    """All institutions and offices, or those around a place: its own, then the city's, then the province's."""
    asked = place_asked()
    place = asked.found.place
    return render_template(
        "portal/contacts.html",
        typed=asked.typed,
        found=asked.found,
        said=asked.said,
        listed=directory.around(place.code) if place else directory.directory(),
        competent=directory.competent_office(place.code) if place else None,
    )
