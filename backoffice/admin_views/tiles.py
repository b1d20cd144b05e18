"""The numbers of a home page. A tile has no query of its own: it asks the list it opens, so the two cannot differ."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from werkzeug.datastructures import MultiDict

from ..database import db
from .base import PanelView, ScopedModelView
from .lists import read_state


@dataclass(frozen=True, slots=True)
class TileOf:
    """Which list a tile opens: noun and tab, its words, and the tone it takes when there is something."""

    noun: str
    tab: str
    label: Any
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Tile:
    """A tile as shown."""

    number: int
    label: str
    url: str
    tone: str


def tiles(home: PanelView, wanted: Iterable[TileOf]) -> list[Tile]:
    """The tiles whose lists stand on this home's panel and may be read by this person."""
    views = _lists(home)
    return [
        _counted(views[each.noun], each)
        for each in wanted
        if each.noun in views and any(tab.code == each.tab for tab in views[each.noun].tabs)
    ]


def list_url(home: PanelView, noun: str) -> str:
    """Where a list of this panel stands, "" where this person has none."""
    view = _lists(home).get(noun)
    return view.url_of("index_view") if view else ""


def _lists(home: PanelView) -> dict[str, ScopedModelView]:
    return {
        view.noun: view
        for view in home.admin._views
        if isinstance(view, ScopedModelView) and view.may(view.permissions["view"])
    }


def _counted(view: ScopedModelView, wanted: TileOf) -> Tile:
    args = MultiDict({} if wanted.tab == view.tabs[0].code else {"tab": wanted.tab})
    state = read_state(args, actor=view.actor, tabs=view.tabs, filters=view.filters, sortable=())
    rows = view.apply_state(view.scope(), state).order_by(None).options()
    counted = rows.with_only_columns(sa.literal(1), maintain_column_froms=True).subquery()
    number = db.session.scalar(sa.select(sa.func.count()).select_from(counted)) or 0
    return Tile(number=number, label=str(wanted.label), url=view.url_of("index_view", **args), tone=wanted.tone)
