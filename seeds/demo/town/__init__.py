"""The town around the published accounts: more institutions and enterprises, and a year and a half of their work."""

from __future__ import annotations

from ..telling import Days, Story
from . import events, life
from .offices import offices

__all__ = ["offices", "stories"]


def stories(days: Days) -> list[Story]:
    return [*life.stories(days), *events.stories(days)]
