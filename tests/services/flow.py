"""Short cuts the service tests share: an enterprise with instruments, an institution, a booked appointment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from backoffice.actor import Actor
from backoffice.database import db
from backoffice.models import Appointment, Institution, MeasuringInstrument, Slip, User
from backoffice.services import appointments, matching_runs
from tests import factories


@dataclass
class World:
    """One enterprise's clerk, one institution's counter and one regulator, each as an actor."""

    clerk: Actor
    counter: Actor
    regulator: Actor
    institution: Institution
    clerk_user: User


def world(**capability: Any) -> World:
    clerk = factories.UserFactory(of_enterprise=True)
    counter = factories.UserFactory(of_institution=True)
    regulator = factories.UserFactory(regulator=True)
    if capability.pop("with_capability", True):
        factories.CapabilityFactory(institution=counter.institution, **capability)
    return World(
        clerk=factories.actor_of(clerk),
        counter=factories.actor_of(counter),
        regulator=factories.actor_of(regulator),
        institution=counter.institution,
        clerk_user=clerk,
    )


def instruments(place: World, count: int = 1, **values: Any) -> list[MeasuringInstrument]:
    return [factories.InstrumentFactory(enterprise=place.clerk_user.enterprise, **values) for _ in range(count)]


def draft(place: World, rows: Sequence[MeasuringInstrument]) -> Appointment:
    appointment = appointments.create_draft(place.clerk)
    appointments.choose(place.clerk, appointment.id, [row.id for row in rows])
    db.session.expire(appointment)
    return appointment


def submitted(place: World, rows: Sequence[MeasuringInstrument]) -> Appointment:
    return appointments.submit(place.clerk, draft(place, rows).id)


def matched(place: World, rows: Sequence[MeasuringInstrument]) -> Appointment:
    appointment = submitted(place, rows)
    matching_runs.match_batch()
    return appointment


def only_slip(appointment: Appointment) -> Slip:
    (slip,) = appointment.slips
    return slip
