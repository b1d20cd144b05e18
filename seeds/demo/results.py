"""What institutions record: the first person of each enters results, the second publishes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from backoffice import clock
from backoffice.actor import Role
from backoffice.database import db
from backoffice.models import AppointmentItem, Slip, User
from backoffice.services import accounts, appointment_drafts, validity, verifications
from backoffice.states import DocumentType, ItemStatus, Outcome

from .deeds import appointment_of

REGULATIONS = {
    "0201": "JJG 1204-2025",
    "0202": "JJG 539-2016",
    "0601": "JJG 443-2023",
    "1202": "JJG 270-2008",
    "1401": "JJG 52-2013",
}
"""检定规程 by kind, where there is no doubt which."""
MONTHS = {"1701": 96, "0901": 120}
USUAL_MONTHS = 12
"""The period institutions write down for a kind whose period the catalogue does not say."""

Entered = list[tuple[str, list[int]]]
"""Who publishes, and what."""


@dataclass(frozen=True, slots=True)
class People:
    """The two of an institution: who accepts and enters, who publishes."""

    first: str
    second: str


def people_of(institution_id: int) -> People:
    names = db.session.scalars(
        sa.select(User.username)
        .where(User.institution_id == institution_id, User.role == Role.INSTITUTION)
        .order_by(User.id)
    ).all()
    return People(*names[:2])


def enter(username: str, slip: Slip, *, failed: Sequence[int] = ()) -> list[int]:
    """Enter a result for everything accepted on the slip; `failed` are instruments. Returns the results' keys."""
    clerk = accounts.person(db.session.scalars(sa.select(User).where(User.username == username)).one())
    appointment_drafts.load_instruments(slip.appointment)
    accepted = [item for item in slip.items if item.status is ItemStatus.ACCEPTED]
    return [
        verifications.enter(clerk, item.id, **_values(clerk.name, slip, place, item, item.instrument_id in failed)).id
        for place, item in enumerate(accepted, start=1)
    ]


def _values(verifier: str, slip: Slip, place: int, item: AppointmentItem, has_failed: bool) -> dict[str, object]:
    today, kind = clock.today(), item.instrument.kind
    number = f"{kind.item_code}{today:%y%m}{slip.id:05d}{place:03d}"
    return {
        "verified_on": today,
        "outcome": Outcome.NOT_PASSED if has_failed else Outcome.PASSED,
        "document_type": DocumentType.REJECTION_NOTICE if has_failed else DocumentType.CERTIFICATE,
        "document_number": number,
        "valid_until": validity.last_valid_day(
            today, kind.default_period_months or MONTHS.get(kind.code, USUAL_MONTHS)
        ),
        "verifier": verifier,
        "regulation": REGULATIONS.get(kind.code, ""),
    }


def enter_all(booking: int, failing: Sequence[int] = ()) -> Entered:
    """The first person of each institution enters what was found; the second is to publish it."""
    entered = []
    for slip in appointment_of(booking).slips:
        people = people_of(slip.institution_id)
        entered.append((people.second, enter(people.first, slip, failed=failing)))
    return entered


def publish_all(entered: Entered) -> None:
    for username, verifications_of_slip in entered:
        if verifications_of_slip:
            publish(username, verifications_of_slip)


def publish(username: str, results: Sequence[int]) -> None:
    checker = accounts.person(db.session.scalars(sa.select(User).where(User.username == username)).one())
    verifications.publish_all(checker, results)
