"""Short cuts the service tests share: an enterprise with instruments, an institution, a booked appointment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from backoffice import clock
from backoffice.actor import Actor
from backoffice.database import db
from backoffice.models import (
    Appointment,
    AppointmentItem,
    Institution,
    MeasuringInstrument,
    Slip,
    User,
    Verification,
)
from backoffice.services import acceptance, appointment_drafts, appointments, matching_runs, verifications
from backoffice.states import DocumentType, Outcome
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
    appointment = appointment_drafts.create_draft(place.clerk)
    appointment_drafts.choose(place.clerk, appointment.id, [row.id for row in rows])
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


def accepted(place: World, rows: Sequence[MeasuringInstrument]) -> Appointment:
    """Booked, matched and accepted: what an institution holds to verify."""
    appointment = matched(place, rows)
    acceptance.accept(place.counter, only_slip(appointment).id)
    return appointment


def colleague(place: World, name: str = "孙丽", **changes: Any) -> Actor:
    """Another person of the institution, who may publish what the counter entered."""
    user = factories.UserFactory(of_institution=True, institution=place.institution, name=name, **changes)
    return factories.actor_of(user)


def a_pass(number: str = "QD-2026-00151", **changes: Any) -> dict[str, Any]:
    """The fields of a certificate issued today, a year's validity written on it."""
    today = clock.today()
    return {
        "verified_on": today,
        "outcome": Outcome.PASSED,
        "document_type": DocumentType.CERTIFICATE,
        "document_number": number,
        "valid_until": today.replace(year=today.year + 1, day=1),
        "verifier": "李敏",
        "regulation": "JJG 52-2013",
        **changes,
    }


def a_fail(number: str = "TZ-2026-00007", **changes: Any) -> dict[str, Any]:
    """The fields of a 检定结果通知书 issued today."""
    fail = {"outcome": Outcome.NOT_PASSED, "document_type": DocumentType.REJECTION_NOTICE, "valid_until": None}
    return a_pass(number, **{**fail, **changes})


def entered(place: World, item: AppointmentItem, **values: Any) -> Verification:
    return verifications.enter(place.counter, item.id, **(values or a_pass()))


def published(place: World, item: AppointmentItem, **values: Any) -> Verification:
    return verifications.publish(colleague(place), entered(place, item, **values).id)
