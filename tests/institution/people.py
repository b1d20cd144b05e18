"""The people around one slip, as accounts that can sign in."""

from __future__ import annotations

from typing import Any

from backoffice.database import db
from backoffice.models import MeasuringInstrument, Slip, User
from backoffice.services import appointment_drafts, appointments, matching_runs
from tests import factories


class People:
    """One enterprise's clerk and two people of one institution's counter, with its capability."""

    def __init__(self, **capability: Any) -> None:
        self.clerk: User = factories.UserFactory(of_enterprise=True)
        self.counter: User = factories.UserFactory(of_institution=True)
        self.institution = self.counter.institution
        self.colleague: User = factories.UserFactory(of_institution=True, institution=self.institution, name="周凯")
        self.capability = factories.CapabilityFactory(institution=self.institution, **capability)

    def instruments(self, count: int = 1, **values: Any) -> list[MeasuringInstrument]:
        return [factories.InstrumentFactory(enterprise=self.clerk.enterprise, **values) for _ in range(count)]

    def book(self, rows: list[MeasuringInstrument]) -> Any:
        actor = factories.actor_of(self.clerk)
        draft = appointment_drafts.create_draft(actor)
        appointment_drafts.choose(actor, draft.id, [row.id for row in rows])
        db.session.expire(draft)
        booked = appointments.submit(actor, draft.id)
        matching_runs.match_batch()
        db.session.commit()
        return booked

    def slip(self, count: int = 1, **values: Any) -> Slip:
        (slip,) = self.book(self.instruments(count, **values)).slips
        return slip
