"""《使用指南》: the four tasks in order, and every state with its meaning."""

from __future__ import annotations

from flask import render_template

from ..messages.guide import SECTIONS, state_tables
from ..web.access import public
from .blueprint import portal


@portal.get("/guide")
@public
def guide() -> str:
    """One page; each section has an anchor that screens lead to (`web/help.py`)."""
    return render_template("portal/guide.html", sections=SECTIONS, tables=state_tables())
