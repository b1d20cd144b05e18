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
from .registrations import Licence


def register(actor: Actor, values: Mapping[str, Any], licence: Licence = None) -> Enterprise:
    """Enter a walk-in: reviewed by the competent regulator, an account without a known password. Raises `Invalid`."""
    return registrations.register_on_behalf(actor, values, licence)


def correct(actor: Actor, enterprise_id: int, values: Mapping[str, Any], licence: Licence = None) -> Registration:
    """Correct a refused walk-in and send it again; its account gets the new telephone and e-mail.

    Raises `Invalid`, `NotFound`; `Conflict` when nothing is refused.
    """
    registration = registrations.resubmit_on_behalf(actor, enterprise_id, values, licence)
    enterprise = registration.enterprise
    for user in _accounts(enterprise):
        user.name, user.phone, user.email = enterprise.contact, enterprise.mobile, enterprise.email
        audit.record_change(actor, AuditAction.USER_CHANGED, user)
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

    Call in the transaction in which the link is used; anybody else's account stays as it is.
    """
    enterprise = user.enterprise
    if enterprise is None or not is_unclaimed(enterprise):
        return
    enterprise.registered_by_institution_id = enterprise.registered_by_division_code = None
    audit.record_change(accounts.person(user), AuditAction.ENTERPRISE_CHANGED, enterprise)


def is_unclaimed(enterprise: Enterprise) -> bool:
    """Whether somebody else entered the enterprise and its trader has not taken the account over."""
    return enterprise.registered_by_institution_id is not None or enterprise.registered_by_division_code is not None


def account_of(enterprise: Enterprise) -> User | None:
    """The first account of an enterprise: the one a CLAIM link is for."""
    return next(iter(_accounts(enterprise)), None)


def _accounts(enterprise: Enterprise) -> list[User]:
    found = db.session.scalars(sa.select(User).where(User.username == enterprise.uscc))
    return list(found)
