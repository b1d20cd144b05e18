"""我的工作 of an institution: what came, what is due, what is late, and what lapses soon."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import url_for
from flask_admin import expose
from flask_babel import lazy_gettext as _l

from ... import scoping
from ...actor import Actor
from ...database import db
from ...models import Capability, Slip
from ...permissions import Permission
from ...services import job_runs
from ..base import PanelView
from .capabilities import lapses_soon
from .look_ups import NO_FACTS, clock_badge, slip_facts
from .slips import count_slips, is_due_today, is_late, is_new, is_open

MOST_URGENT = 8


class InstitutionHome(PanelView):
    """The first page after signing in: every number opens the list it counted."""

    noun, title, permission, in_dock = "", _l("我的工作"), Permission.MATCHED_SLIPS_READ, True

    @expose("/")
    def index(self) -> str:
        slips = _most_urgent(self.actor)
        facts = slip_facts(self.actor, [slip.id for slip in slips])
        return self.render(
            "institution/home.html",
            numbers=_numbers(self.actor),
            urgent=[(slip, facts.get(slip.id, NO_FACTS), clock_badge(slip)) for slip in slips],
            list_url=lambda tab: url_for("institution_slips.index_view", tab=tab),
            record_url=lambda slip: url_for("institution_slips.details_view", key=slip.id),
            accept_url=lambda slip: url_for("institution_slips.accept_view", key=slip.id),
            capabilities_url=url_for("institution_capabilities.index_view", tab="lapsing"),
            late_since=job_runs.not_running_since(),
        )


def _numbers(actor: Actor) -> dict[str, int]:
    return {
        "new": count_slips(actor, is_new(actor)),
        "today": count_slips(actor, is_due_today(actor)),
        "late": count_slips(actor, is_late(actor)),
        "lapsing": db.session.scalar(
            sa.select(sa.func.count())
            .select_from(Capability)
            .where(scoping.criterion(actor, Capability), lapses_soon(actor))
        )
        or 0,
    }


def _most_urgent(actor: Actor) -> list[Any]:
    statement = (
        scoping.visible(actor, Slip)
        .where(is_open())
        .options(sa.orm.joinedload(Slip.enterprise))
        .order_by(Slip.due_at, Slip.id)
        .limit(MOST_URGENT)
    )
    return list(db.session.scalars(statement))
