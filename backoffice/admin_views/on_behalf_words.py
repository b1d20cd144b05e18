"""由××代办: the one wording of who entered or booked something in an enterprise's name, for every panel."""

from __future__ import annotations

from typing import Any

from flask import g
from flask_babel import gettext as _
from markupsafe import Markup, escape

from ..messages.on_behalf import ON_BEHALF
from ..models import Appointment, Enterprise, MeasuringInstrument
from ..services import on_behalf
from .formatting import badge
from .records import Fact

PREFIXES: dict[type[Any], str] = {
    Enterprise: "registered_by",
    MeasuringInstrument: "added_by",
    Appointment: "booked_by",
}
"""The columns that say who acted, by model: `<prefix>_institution_id`, `<prefix>_division_code`."""


def on_behalf_words(row: Enterprise | MeasuringInstrument | Appointment) -> str:
    """由××代办; empty for what an enterprise did itself."""
    prefix = PREFIXES[type(row)]
    institution_id = getattr(row, f"{prefix}_institution_id")
    division_code = getattr(row, f"{prefix}_division_code")
    if institution_id is None and division_code is None:
        return ""
    return _(ON_BEHALF, name=_agent(institution_id, division_code))


def with_on_behalf(text: Any, row: Enterprise | MeasuringInstrument | Appointment) -> Any:
    """A list's cell with a small 由××代办 under it, where somebody else acted."""
    words = on_behalf_words(row)
    return Markup('{}<br><small class="muted">{}</small>').format(escape(text), words) if words else text


def badge_with_on_behalf(state: Any, row: Enterprise | MeasuringInstrument | Appointment) -> Any:
    """A record's state badge, followed by 由××代办 where somebody else acted."""
    words = on_behalf_words(row)
    return Markup("{} {}").format(state, badge(words)) if words else state


def on_behalf_facts(row: Enterprise | MeasuringInstrument | Appointment) -> tuple[Fact, ...]:
    """One fact for a record's card, or none."""
    words = on_behalf_words(row)
    return (Fact(_("登记方式"), words),) if words else ()


def _agent(institution_id: int | None, division_code: str | None) -> str:
    """The name, asked of the database once per request and not once a row."""
    known: dict[tuple[int | None, str | None], str] = g.setdefault("on_behalf_agents", {})
    key = (institution_id, division_code)
    if key not in known:
        known[key] = on_behalf.agent_name(*key)
    return known[key]
