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
from ...models import Receipt, Slip, Verification
from ...permissions import Permission, may
from ...services import job_runs, verifications
from ..base import PanelView
from ..tiles import TileOf, tiles
from ..verification_pages import document_words
from .look_ups import NO_FACTS, clock_badge, slip_facts
from .slips import is_open
from .verifications import is_to_be_published

MOST_URGENT = 8
TILES = (
    TileOf("slips", "new", _l("新到，待受理（张）")),
    TileOf("slips", "today", _l("今日到期（张）"), "warn"),
    TileOf("slips", "late", _l("已超期未受理（张）"), "bad"),
    TileOf("results-to-enter", "waiting", _l("待登记结果（台件）"), "warn"),
    TileOf("verifications", "waiting", _l("待核验发布（台件）"), "warn"),
    TileOf("capabilities", "lapsing", _l("授权 60 天内到期（项）"), "warn"),
)


class InstitutionHome(PanelView):
    """The first page after signing in: every number opens the list it counted."""

    noun, title, permission, in_dock = "", _l("我的工作"), Permission.MATCHED_SLIPS_READ, True

    @expose("/")
    def index(self) -> str:
        slips = _most_urgent(self.actor)
        facts = slip_facts(self.actor, [slip.id for slip in slips])
        return self.render(
            "institution/home.html",
            is_new=is_new(self.actor),
            tiles=tiles(self, TILES),
            urgent=[(slip, facts.get(slip.id, NO_FACTS), clock_badge(slip)) for slip in slips],
            record_url=lambda slip: url_for("institution_slips.details_view", key=slip.id),
            accept_url=lambda slip: url_for("institution_slips.accept_view", key=slip.id),
            results=_to_publish(self.actor) if may(self.actor, Permission.MATCHED_RESULTS_PUBLISH) else [],
            publish_url=lambda row: url_for("institution_verifications.do_publish", key=row.id),
            result_url=lambda row: url_for("institution_verifications.details_view", key=row.id),
            documents=document_words,
            late_since=job_runs.not_running_since(),
        )


def is_new(actor: Actor) -> bool:
    """No slip ever stayed here and nothing was ever answered."""
    return not any(db.session.scalar(sa.select(scoping.visible(actor, model).exists())) for model in (Slip, Receipt))


def _most_urgent(actor: Actor) -> list[Any]:
    statement = (
        scoping.visible(actor, Slip)
        .where(is_open())
        .options(sa.orm.joinedload(Slip.enterprise))
        .order_by(Slip.due_at, Slip.id)
        .limit(MOST_URGENT)
    )
    return list(db.session.scalars(statement))


def _to_publish(actor: Actor) -> list[Any]:
    """Results somebody else entered and this person may publish, the longest waiting first."""
    statement = (
        scoping.visible(actor, Verification)
        .where(is_to_be_published(), verifications.is_publishable_by(actor))
        .options(sa.orm.joinedload(Verification.instrument), sa.orm.joinedload(Verification.enterprise))
        .order_by(Verification.id)
        .limit(MOST_URGENT)
    )
    return list(db.session.scalars(statement))
