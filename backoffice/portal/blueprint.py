"""The portal's blueprint and what all its pages know: where the signed-in person works."""

from __future__ import annotations

from typing import Any

from flask import Blueprint
from flask_babel import gettext as _

from ..actor import Actor
from ..web.current import current_actor
from ..web.shell import home_of

portal = Blueprint("portal", __name__)


def work_place(actor: Actor) -> tuple[str, str]:
    """URL and words of the page a person starts at; an enterprise not yet approved has only its registration."""
    if not actor.is_approved:
        return "/registration", _("注册进度")
    return home_of(actor), _("进入工作台")


@portal.context_processor
def frame() -> dict[str, Any]:
    actor = current_actor()
    url, words = work_place(actor) if actor else ("", "")
    return {"person": actor, "work_url": url, "work_words": words}
