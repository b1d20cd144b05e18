"""Walk-ins: traders an institution enters at its counter (代办), and their claiming the account afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from .. import audit
from ..actor import Actor
from ..audit import AuditAction
from ..database import db
from ..models import Enterprise, MeasuringInstrument, Registration, User
from . import accounts, on_behalf, registrations
from .registration_fields import Licence


def register(actor: Actor, values: Mapping[str, Any], licence: Licence = None) -> Enterprise:
    """Enter a walk-in: reviewed by the competent regulator, an account without a known password. Raises `Invalid`."""
    return registrations.register_on_behalf(actor, values, licence)


def correct(actor: Actor, enterprise_id: int, values: Mapping[str, Any], licence: Licence = None) -> Registration:
    """Correct a refused walk-in and send it again; its account gets the new telephone and e-mail.

    Raises `Invalid`, `NotFound`; `Conflict` when nothing is refused.
    """
    registration = registrations.resubmit_on_behalf(actor, enterprise_id, values, licence)
    enterprise = registration.enterprise
    if (user := accounts.first_of(enterprise)) is not None:
        registrations.carry_contact(actor, enterprise, user)
    return registration


def instruments(actor: Actor, enterprise_id: int) -> list[MeasuringInstrument]:
    """What this institution entered for a walk-in of its own; raises `NotFound`, `Forbidden`."""
    on_behalf.walk_in(actor, enterprise_id)
    statement = (
        on_behalf.editable_instruments(actor)
        .where(MeasuringInstrument.enterprise_id == enterprise_id)
        .options(sa.orm.joinedload(MeasuringInstrument.kind), sa.orm.joinedload(MeasuringInstrument.division))
        .order_by(MeasuringInstrument.id)
    )
    return list(db.session.scalars(statement))


def claimed(user: User) -> None:
    """The trader set a password by a CLAIM link: the account is its own now, and nobody acts for it any longer.

    An address typed at a counter goes: whoever reads it could ask for a new password. Call in the transaction in which
    the link is used; anybody else's account stays as it is.
    """
    enterprise = user.enterprise
    if enterprise is None or not is_unclaimed(enterprise):
        return
    if enterprise.registered_by_institution_id is not None:
        user.email = enterprise.email = ""
        audit.record_change(accounts.person(user), AuditAction.USER_CHANGED, user)
    enterprise.registered_by_institution_id = enterprise.registered_by_division_code = None
    audit.record_change(accounts.person(user), AuditAction.ENTERPRISE_CHANGED, enterprise)


def is_unclaimed(enterprise: Enterprise) -> bool:
    """Whether somebody else entered the enterprise and its trader has not taken the account over."""
    return enterprise.registered_by_institution_id is not None or enterprise.registered_by_division_code is not None
