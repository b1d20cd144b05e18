"""代办: for which enterprise somebody may act, and in whose name.

An enterprise acts for itself. An institution acts for walk-ins it entered at its counter, as long as they have not
claimed their account. A regulator acts for enterprises of its area. Nobody ever pretends to be the enterprise: rows
keep who entered them, and the audit names the person.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from .. import scoping
from ..actor import Actor, Role
from ..database import db
from ..errors import Conflict, Forbidden, NotFound
from ..messages import sentence
from ..models import Appointment, Division, Enterprise, Institution, MeasuringInstrument, User
from ..permissions import Permission, require
from ..states import EnterpriseStatus
from . import areas

P = Permission
IN_REVIEW = (EnterpriseStatus.PENDING, EnterpriseStatus.REFUSED)


@dataclass(frozen=True, slots=True)
class Acting:
    """The enterprise somebody acts for, and who it is done by: neither for the enterprise itself."""

    enterprise: Enterprise
    institution_id: int | None = None
    division_code: str | None = None

    def stamp(self, prefix: str) -> dict[str, Any]:
        """The columns that say 由××代办 on a row: `prefix` is `added_by` or `booked_by`."""
        return {f"{prefix}_institution_id": self.institution_id, f"{prefix}_division_code": self.division_code}


def acting_for(actor: Actor, enterprise_id: int | None, *, own: Permission, area: Permission) -> Acting:
    """The enterprise, if this actor may act for it now.

    `own` is what the enterprise itself needs, `area` what a regulator needs. Raises `Forbidden`, `NotFound`; `Conflict`
    where the enterprise is not in force (a walk-in may still be in review).
    """
    if actor.role is Role.INSTITUTION:
        return Acting(walk_in(actor, enterprise_id), institution_id=actor.institution_id)
    if actor.role is Role.REGULATOR:
        require(actor, area)
        enterprise: Enterprise = scoping.find(actor, Enterprise, enterprise_id)
        refuse_unless_in_force(enterprise)
        return Acting(enterprise, division_code=actor.division_code)
    require(actor, own)
    return Acting(scoping.find(actor, Enterprise, enterprise_id))


def ledger_of(actor: Actor, enterprise_id: int | None) -> Acting:
    """Whose ledger is written."""
    return acting_for(actor, enterprise_id, own=P.OWN_LEDGER_EDIT, area=P.AREA_LEDGERS_EDIT)


def bookings_of(actor: Actor, enterprise_id: int | None) -> Acting:
    """For whom is booked; a regulator books only for enterprises registered in its area."""
    acting = acting_for(actor, enterprise_id, own=P.OWN_APPOINTMENTS_EDIT, area=P.AREA_APPOINTMENTS_EDIT)
    if actor.role is Role.REGULATOR and not is_registered_in_area(actor, acting.enterprise):
        raise NotFound
    return acting


def is_registered_in_area(actor: Actor, enterprise: Enterprise) -> bool:
    codes = scoping.area_codes(actor.division_code or "")
    return bool(db.session.scalar(sa.select(sa.literal(enterprise.division_code).in_(codes))))


def walk_in(actor: Actor, enterprise_id: int | None, *, lock: bool = False) -> Enterprise:
    """A walk-in this institution entered and that has not claimed its account; others do not exist for it."""
    require(actor, P.MATCHED_WALK_INS_EDIT)
    enterprise: Enterprise = scoping.find(actor, Enterprise, enterprise_id, lock=lock)
    if actor.institution_id is None or enterprise.registered_by_institution_id != actor.institution_id:
        raise NotFound
    if enterprise.status not in IN_REVIEW:
        refuse_unless_in_force(enterprise)
    return enterprise


def refuse_unless_in_force(enterprise: Enterprise) -> None:
    """Raise `Conflict` for an enterprise in review, suspended or closed."""
    if enterprise.status is not EnterpriseStatus.APPROVED:
        raise Conflict("enterprise_not_in_force", status=enterprise.status)


def editable_instruments(actor: Actor) -> sa.Select[tuple[MeasuringInstrument]]:
    """SELECT of the ledger rows this actor may change; raises `Forbidden` where there can be none.

    A regulator's are those used in its area; its enterprises' instruments elsewhere it only reads (SPEC, Regulator).
    """
    visible = scoping.visible(actor, MeasuringInstrument)
    if actor.role is Role.INSTITUTION:
        require(actor, P.MATCHED_WALK_INS_EDIT)
        own = sa.select(Enterprise.id).where(Enterprise.registered_by_institution_id == actor.institution_id)
        return visible.where(
            MeasuringInstrument.added_by_institution_id == actor.institution_id,
            MeasuringInstrument.enterprise_id.in_(own),
        )
    if actor.role is Role.REGULATOR:
        require(actor, P.AREA_LEDGERS_EDIT)
        return visible.where(MeasuringInstrument.division_code.in_(scoping.area_codes(actor.division_code or "")))
    require(actor, P.OWN_LEDGER_EDIT)
    return visible


def bookable_instruments(actor: Actor) -> sa.Select[tuple[MeasuringInstrument]]:
    """SELECT of the ledger rows this actor may book: a regulator's are used in its area, others' are what they see."""
    visible = scoping.visible(actor, MeasuringInstrument)
    if actor.role is not Role.REGULATOR:
        return visible
    return visible.where(MeasuringInstrument.division_code.in_(scoping.area_codes(actor.division_code or "")))


def may_edit_instrument(actor: Actor, instrument: MeasuringInstrument) -> bool:
    """Whether buttons that change this row belong on its page."""
    found = editable_instruments(actor).where(MeasuringInstrument.id == instrument.id)
    return bool(db.session.scalar(sa.select(found.exists())))


def editable_instrument(actor: Actor, instrument_id: int, *, lock: bool = False) -> MeasuringInstrument:
    """A ledger row this actor may change; raises `NotFound`, `Forbidden`."""
    statement = editable_instruments(actor).where(MeasuringInstrument.id == instrument_id)
    if lock:
        statement = statement.with_for_update(of=MeasuringInstrument)
    row = db.session.scalars(statement.execution_options(populate_existing=lock)).one_or_none()
    if row is None:
        raise NotFound
    return row


def check_booking(actor: Actor, appointment: Appointment) -> None:
    """Whether the actor may change or submit this draft: its own, or one it made on behalf."""
    acting = bookings_of(actor, appointment.enterprise_id)
    mine = acting.stamp("booked_by")
    is_on_behalf = acting.institution_id is not None or acting.division_code is not None
    if is_on_behalf and any(getattr(appointment, name) != value for name, value in mine.items()):
        raise Forbidden


def agent_name(institution_id: int | None, division_code: str | None) -> str:
    """The institution or office that acted, by name; an office nobody has an account of by its division's."""
    if institution_id is not None:
        return db.session.get_one(Institution, institution_id).name
    user = areas.regulator_office(division_code)
    if user is not None and user.organisation:
        return user.organisation
    division = db.session.get(Division, division_code)
    return sentence("office_of", {"division": division.name if division else ""})


def organisation_of(actor: Actor) -> str:
    """The name of the office or institution a person works for; the person's own name without one."""
    user = db.session.get(User, actor.user_id) if actor.user_id else None
    return (user.organisation_name if user else "") or actor.name
