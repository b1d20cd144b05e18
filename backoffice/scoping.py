"""Is this row theirs? The one place that turns an actor into rows.

`visible(actor, Model)` is a SELECT of the rows this actor may know of; every list, count, record, form choice, export,
file and action starts from it. A model without a rule raises; a role without a rule for a model sees nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql import ColumnElement, Select

from .actor import Actor, Role
from .database import db
from .errors import NotFound
from .models import (
    Appointment,
    AppointmentItem,
    AuditEvent,
    Capability,
    CatalogueItem,
    ChangeRequest,
    CorrectionProposal,
    Designation,
    Division,
    Enterprise,
    EnterpriseRemark,
    ImportEarlierFile,
    ImportRow,
    ImportRun,
    ImportWritten,
    Institution,
    InstitutionSuspension,
    InstrumentKind,
    JobRun,
    Laboratory,
    MatchingAttempt,
    MatchingDecision,
    MeasuringInstrument,
    Notice,
    OneTimeLink,
    OptionValue,
    OutgoingMail,
    Receipt,
    Registration,
    Slip,
    StoredFile,
    User,
    Verification,
    WorkingDayOverride,
)
from .states import ImportSubject, ItemStatus

Criterion = ColumnElement[bool]
Rule = Callable[[Actor], Criterion]

NOTHING: Criterion = sa.false()
EVERYTHING: Criterion = sa.true()

HELD_BY_INSTITUTION = (
    ItemStatus.AWAITING_ACCEPTANCE,
    ItemStatus.ACCEPTED,
    ItemStatus.PASSED,
    ItemStatus.NOT_PASSED,
    ItemStatus.ENDED,
)
"""Institutions see an item only once it is matched to them, and no more after it left them."""


def area_codes(division_code: str) -> Select[tuple[str]]:
    """Codes of a division and everything below it."""
    path = sa.select(Division.path).where(Division.code == division_code).scalar_subquery()
    return sa.select(Division.code).where(Division.path.like(path + "%"))


def area_and_above(division_code: str) -> Select[tuple[str]]:
    """Codes of a division and of every ancestor."""
    below = sa.orm.aliased(Division)
    return sa.select(Division.code).join(below, below.path.like(Division.path + "%")).where(below.code == division_code)


def _items_of_institution(actor: Actor) -> Criterion:
    return sa.and_(
        AppointmentItem.institution_id == actor.institution_id, AppointmentItem.status.in_(HELD_BY_INSTITUTION)
    )


def _item_used_in_area(actor: Actor) -> Criterion:
    return AppointmentItem.instrument_id.in_(sa.select(MeasuringInstrument.id).where(_instrument_in_area(actor)))


def _instrument_in_area(actor: Actor) -> Criterion:
    """By division of use; the regulator of the seat may also read its enterprises' instruments elsewhere."""
    codes = area_codes(actor.division_code or "")
    return sa.or_(
        MeasuringInstrument.division_code.in_(codes),
        MeasuringInstrument.enterprise_id.in_(sa.select(Enterprise.id).where(Enterprise.division_code.in_(codes))),
    )


def _enterprise_in_area(actor: Actor) -> Criterion:
    """Registered in the area, or using instruments in it."""
    codes = area_codes(actor.division_code or "")
    return sa.or_(
        Enterprise.division_code.in_(codes),
        Enterprise.id.in_(
            sa.select(MeasuringInstrument.enterprise_id).where(MeasuringInstrument.division_code.in_(codes))
        ),
    )


def _enterprise_registered_in_area(actor: Actor) -> Criterion:
    """A workbook lists instruments wherever they are used: only the regulator of the unit's seat may read them all."""
    return Enterprise.division_code.in_(area_codes(actor.division_code or ""))


def _other_import(actor: Actor) -> Criterion:
    """The catalogue's imports for who may edit it; one of capabilities for its office and those above."""
    of_catalogue = sa.and_(ImportRun.subject == ImportSubject.CATALOGUE, sa.literal(actor.may_edit_reference))
    of_area = ImportRun.division_code.in_(area_codes(actor.division_code or ""))
    return sa.or_(of_catalogue, sa.and_(ImportRun.subject == ImportSubject.CAPABILITIES, of_area))


def _import_in_reach(actor: Actor) -> Criterion:
    of_enterprises = ImportRun.enterprise_id.in_(sa.select(Enterprise.id).where(_enterprise_registered_in_area(actor)))
    return sa.or_(of_enterprises, _other_import(actor))


def _enterprise_at_institution(actor: Actor) -> Criterion:
    """One with items here, or one entered at this institution's counter (代办) that has not claimed its account."""
    held = sa.select(AppointmentItem.enterprise_id).where(_items_of_institution(actor))
    return sa.or_(Enterprise.id.in_(held), Enterprise.registered_by_institution_id == actor.institution_id)


def _instrument_at_institution(actor: Actor) -> Criterion:
    """One with an item here, or one entered here for a walk-in of this institution."""
    held = sa.select(AppointmentItem.instrument_id).where(_items_of_institution(actor))
    walk_ins = sa.select(Enterprise.id).where(Enterprise.registered_by_institution_id == actor.institution_id)
    return sa.or_(
        MeasuringInstrument.id.in_(held),
        sa.and_(
            MeasuringInstrument.added_by_institution_id == actor.institution_id,
            MeasuringInstrument.enterprise_id.in_(walk_ins),
        ),
    )


def _appointment_at_institution(actor: Actor) -> Criterion:
    """One with items here, or one booked here for a walk-in that has not claimed its account."""
    held = sa.select(AppointmentItem.appointment_id).where(_items_of_institution(actor))
    walk_ins = sa.select(Enterprise.id).where(Enterprise.registered_by_institution_id == actor.institution_id)
    booked = sa.and_(
        Appointment.booked_by_institution_id == actor.institution_id, Appointment.enterprise_id.in_(walk_ins)
    )
    return sa.or_(Appointment.id.in_(held), booked)


def _own_slip(actor: Actor) -> Criterion:
    """A slip is an institution's as long as it holds one of its items or decided on it.

    One whose items were all withdrawn or transferred before a decision names an enterprise and its telephone, which
    are no business of this institution any more.
    """
    held = sa.select(AppointmentItem.slip_id).where(_items_of_institution(actor), AppointmentItem.slip_id.is_not(None))
    decided = sa.select(Receipt.slip_id).where(Receipt.institution_id == actor.institution_id)
    return sa.and_(Slip.institution_id == actor.institution_id, sa.or_(Slip.id.in_(held), Slip.id.in_(decided)))


def _registrations_of_reviewer(actor: Actor) -> Criterion:
    return Registration.reviewer_division_code.in_(area_codes(actor.division_code or ""))


def _registration_without_reviewer(_: Actor) -> Criterion:
    return Registration.reviewer_division_code.is_(None)


def _notices_of_division(actor: Actor) -> Criterion:
    return Notice.division_code == actor.division_code


def _institution_in_reach(actor: Actor) -> Criterion:
    """Every institution of the province: capabilities and designations may name any of them."""
    province = sa.select(sa.func.split_part(Division.path, "/", 2)).where(Division.code == actor.division_code)
    seats = sa.select(Division.code).where(Division.path.like("/" + province.scalar_subquery() + "/%"))
    return sa.or_(Institution.seat_division_code.in_(seats), Institution.level == "national")


def _of_institution_in_reach(column: sa.orm.InstrumentedAttribute[int]) -> Rule:
    return lambda actor: column.in_(sa.select(Institution.id).where(_institution_in_reach(actor)))


def _own_enterprise(column: Any) -> Rule:
    return lambda actor: column == actor.enterprise_id


def _own_institution(column: Any) -> Rule:
    return lambda actor: column == actor.institution_id


def _through(column: Any, key: Any, inner: Rule) -> Rule:
    """Rows whose `column` points at a row the inner rule allows."""
    return lambda actor: column.in_(sa.select(key).where(inner(actor)))


def _published(inner: Rule) -> Rule:
    """A result is its institution's alone until another person of it has published it."""
    return lambda actor: sa.and_(Verification.published_at.is_not(None), inner(actor))


def _all(_: Actor) -> Criterion:
    return EVERYTHING


ITEMS: dict[Role, Rule] = {
    Role.ENTERPRISE: _own_enterprise(AppointmentItem.enterprise_id),
    Role.INSTITUTION: _items_of_institution,
    Role.REGULATOR: _item_used_in_area,
}
APPOINTMENTS: dict[Role, Rule] = {
    Role.ENTERPRISE: _own_enterprise(Appointment.enterprise_id),
    Role.INSTITUTION: _appointment_at_institution,
    Role.REGULATOR: _through(Appointment.id, AppointmentItem.appointment_id, _item_used_in_area),
}
SLIPS: dict[Role, Rule] = {
    Role.ENTERPRISE: _own_enterprise(Slip.enterprise_id),
    Role.INSTITUTION: _own_slip,
    Role.REGULATOR: _through(Slip.id, AppointmentItem.slip_id, _item_used_in_area),
}
REFERENCE: dict[Role, Rule] = dict.fromkeys((Role.ENTERPRISE, Role.INSTITUTION, Role.REGULATOR, Role.ADMIN), _all)

RULES: dict[type[Any], dict[Role, Rule]] = {
    AppointmentItem: ITEMS,
    Appointment: APPOINTMENTS,
    Slip: SLIPS,
    Receipt: {
        Role.ENTERPRISE: _through(Receipt.appointment_id, Appointment.id, APPOINTMENTS[Role.ENTERPRISE]),
        Role.INSTITUTION: _own_institution(Receipt.institution_id),
        Role.REGULATOR: _through(Receipt.slip_id, Slip.id, SLIPS[Role.REGULATOR]),
    },
    MatchingAttempt: {
        role: _through(MatchingAttempt.item_id, AppointmentItem.id, rule) for role, rule in ITEMS.items()
    },
    MatchingDecision: {
        role: _through(MatchingDecision.id, AppointmentItem.decision_id, rule) for role, rule in ITEMS.items()
    },
    MeasuringInstrument: {
        Role.ENTERPRISE: _own_enterprise(MeasuringInstrument.enterprise_id),
        Role.INSTITUTION: _instrument_at_institution,
        Role.REGULATOR: _instrument_in_area,
    },
    Verification: {
        Role.ENTERPRISE: _published(_own_enterprise(Verification.enterprise_id)),
        Role.INSTITUTION: _own_institution(Verification.institution_id),
        Role.REGULATOR: _published(_through(Verification.instrument_id, MeasuringInstrument.id, _instrument_in_area)),
    },
    Enterprise: {
        Role.ENTERPRISE: _own_enterprise(Enterprise.id),
        Role.INSTITUTION: _enterprise_at_institution,
        Role.REGULATOR: _enterprise_in_area,
        Role.ADMIN: _through(Enterprise.id, Registration.enterprise_id, _registration_without_reviewer),
    },
    Registration: {
        Role.ENTERPRISE: _own_enterprise(Registration.enterprise_id),
        Role.REGULATOR: _registrations_of_reviewer,
        Role.ADMIN: _registration_without_reviewer,
    },
    ChangeRequest: {
        Role.ENTERPRISE: _own_enterprise(ChangeRequest.enterprise_id),
        Role.REGULATOR: lambda actor: ChangeRequest.reviewer_division_code.in_(area_codes(actor.division_code or "")),
        Role.ADMIN: lambda _: ChangeRequest.reviewer_division_code.is_(None),
    },
    CorrectionProposal: {
        Role.ENTERPRISE: _own_enterprise(CorrectionProposal.enterprise_id),
        Role.INSTITUTION: _own_institution(CorrectionProposal.institution_id),
        Role.REGULATOR: _through(CorrectionProposal.instrument_id, MeasuringInstrument.id, _instrument_in_area),
    },
    EnterpriseRemark: {Role.INSTITUTION: _own_institution(EnterpriseRemark.institution_id)},
    StoredFile: {
        Role.ENTERPRISE: _own_enterprise(StoredFile.enterprise_id),
        Role.REGULATOR: _through(StoredFile.enterprise_id, Enterprise.id, _enterprise_in_area),
        Role.ADMIN: _through(StoredFile.enterprise_id, Registration.enterprise_id, _registration_without_reviewer),
    },
    ImportRun: {
        Role.ENTERPRISE: _own_enterprise(ImportRun.enterprise_id),
        Role.REGULATOR: _import_in_reach,
    },
    ImportEarlierFile: {
        Role.ENTERPRISE: _through(ImportEarlierFile.run_id, ImportRun.id, _own_enterprise(ImportRun.enterprise_id)),
        Role.REGULATOR: _through(ImportEarlierFile.run_id, ImportRun.id, _other_import),
    },
    ImportRow: {
        Role.ENTERPRISE: _through(ImportRow.run_id, ImportRun.id, _own_enterprise(ImportRun.enterprise_id)),
        Role.REGULATOR: _through(ImportRow.run_id, ImportRun.id, _other_import),
    },
    ImportWritten: {
        Role.ENTERPRISE: _through(ImportWritten.run_id, ImportRun.id, _own_enterprise(ImportRun.enterprise_id)),
        Role.REGULATOR: _through(ImportWritten.run_id, ImportRun.id, _other_import),
    },
    Institution: {
        Role.INSTITUTION: _own_institution(Institution.id),
        Role.REGULATOR: _institution_in_reach,
        Role.ADMIN: _all,
    },
    InstitutionSuspension: {
        Role.INSTITUTION: _own_institution(InstitutionSuspension.institution_id),
        Role.REGULATOR: _of_institution_in_reach(InstitutionSuspension.institution_id),
    },
    Laboratory: {
        Role.INSTITUTION: _own_institution(Laboratory.institution_id),
        Role.REGULATOR: _of_institution_in_reach(Laboratory.institution_id),
    },
    Capability: {
        Role.INSTITUTION: _own_institution(Capability.institution_id),
        Role.REGULATOR: _of_institution_in_reach(Capability.institution_id),
    },
    Designation: {
        Role.INSTITUTION: _own_institution(Designation.institution_id),
        Role.REGULATOR: _of_institution_in_reach(Designation.institution_id),
    },
    Notice: {
        Role.ENTERPRISE: _own_enterprise(Notice.enterprise_id),
        Role.INSTITUTION: _own_institution(Notice.institution_id),
        Role.REGULATOR: _notices_of_division,
    },
    User: {Role.ADMIN: _all},
    OneTimeLink: {},
    OutgoingMail: {Role.ADMIN: _all},
    JobRun: {Role.REGULATOR: _all, Role.ADMIN: _all},
    AuditEvent: {Role.AUDITOR: _all},
    Division: REFERENCE,
    CatalogueItem: REFERENCE,
    InstrumentKind: REFERENCE,
    OptionValue: REFERENCE,
    WorkingDayOverride: REFERENCE,
}


def declare_reference(model: type[Any]) -> None:
    """Reference data without an owner: everybody reads it. A rule that stands in `RULES` is never replaced."""
    RULES.setdefault(model, REFERENCE)


class NoRule(LookupError):
    """A model nobody thought about: closed by default, and loudly."""


def criterion(actor: Actor, model: type[Any]) -> Criterion:
    """The condition that keeps only rows this actor may know of; raises `NoRule` for a model without rules."""
    if model not in RULES:
        raise NoRule(model.__name__)
    if actor.role is Role.SYSTEM:
        return EVERYTHING
    rule = RULES[model].get(actor.role)
    return rule(actor) if rule else NOTHING


def visible(actor: Actor, model: type[Any]) -> Select[Any]:
    """SELECT of the rows of a model this actor may know of."""
    return sa.select(model).where(criterion(actor, model))


def find(actor: Actor, model: type[Any], key: Any, *, lock: bool = False) -> Any:
    """The row with this primary key, if it is theirs; else `NotFound`, which looks the same for absent and foreign.

    `lock` takes the row FOR UPDATE, for use cases that decide on its state.
    """
    statement = visible(actor, model).where(sa.inspect(model).primary_key[0] == key)
    if lock:
        statement = statement.with_for_update(of=model)
    row = db.session.scalars(statement.execution_options(populate_existing=lock)).unique().one_or_none()
    if row is None:
        raise NotFound
    return row
