"""Is this row theirs? Two tenants who share nothing, and every role's view of every table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from backoffice import clock, scoping
from backoffice.actor import SYSTEM, Actor, Role
from backoffice.database import db
from backoffice.errors import Conflict, NotFound
from backoffice.models import (
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
    JobHeartbeat,
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
from backoffice.services import acceptance, appointments, assignments, notices
from backoffice.states import (
    DocumentType,
    ImportState,
    ItemStatus,
    Outcome,
    RegistrationState,
    ReturnCode,
    RowOutcome,
)
from tests import factories
from tests.services import flow

SHARED = {Division, CatalogueItem, InstrumentKind, OptionValue, WorkingDayOverride}
"""Reference data everybody works with."""


@dataclass
class Tenant:
    """An enterprise, its institution and its district's regulator; rows of everything."""

    place: flow.World
    division: str
    accepted: Appointment
    returned: Appointment
    withdrawn: Appointment
    unmatched: Appointment

    @property
    def actors(self) -> dict[Role, Actor]:
        return {
            Role.ENTERPRISE: self.place.clerk,
            Role.INSTITUTION: self.place.counter,
            Role.REGULATOR: self.place.regulator,
        }


def tenant(division: str, seat: str, serial: str) -> Tenant:
    enterprise = factories.EnterpriseFactory(division_code=division)
    institution = factories.InstitutionFactory(seat_division_code=seat)
    factories.CapabilityFactory(institution=institution, areas=[division])
    factories.DesignationFactory(institution=institution, division_code=division, kind_code="0601")
    clerk_user = factories.UserFactory(role=Role.ENTERPRISE, enterprise=enterprise)
    counter_user = factories.UserFactory(role=Role.INSTITUTION, institution=institution)
    regulator_user = factories.UserFactory(regulator=True, division_code=division)
    place = flow.World(
        clerk=factories.actor_of(clerk_user),
        counter=factories.actor_of(counter_user),
        regulator=factories.actor_of(regulator_user),
        institution=institution,
        clerk_user=clerk_user,
    )

    def booked(**values: Any) -> Appointment:
        return flow.matched(place, flow.instruments(place, division_code=division, **values))

    accepted, returned, withdrawn, unmatched = booked(), booked(), booked(), booked(kind_code="1801")
    acceptance.accept(place.counter, flow.only_slip(accepted).id)
    acceptance.return_items(place.counter, flow.only_slip(returned).id, code=ReturnCode.OTHER, words="铭牌不清")
    appointments.withdraw(place.clerk, withdrawn.id)
    _rows_without_a_service(place, division, accepted.items[0], serial)
    return Tenant(place, division, accepted, returned, withdrawn, unmatched)


def _rows_without_a_service(place: flow.World, division: str, item: AppointmentItem, serial: str) -> None:
    """Rows of tables whose services are not this test's business."""
    now, today, enterprise_id = clock.now(), clock.today(), place.clerk.enterprise_id
    file = StoredFile(
        enterprise_id=enterprise_id,
        name="台账.xlsx",
        media_type="x",
        size=1,
        sha256=serial * 64,
        content=b"x",
        created_at=now,
    )
    db.session.add_all(
        [
            file,
            Laboratory(institution_id=place.institution.id, name="压力室"),
            InstitutionSuspension(institution_id=place.institution.id, starts_on=today, ends_on=today),
            Registration(
                enterprise_id=enterprise_id,
                state=RegistrationState.PENDING,
                reviewer_division_code=division,
                submitted={},
                submitted_at=now,
                due_at=now,
            ),
            ChangeRequest(
                enterprise_id=enterprise_id,
                reviewer_division_code=division,
                before={"name": "旧名"},
                after={"name": "新名"},
                submitted_at=now,
                due_at=now,
            ),
            CorrectionProposal(
                instrument_id=item.instrument_id,
                enterprise_id=enterprise_id,
                institution_id=place.institution.id,
                before={"model": "Y-60"},
                after={"model": "Y-100"},
                proposed_at=now,
            ),
            EnterpriseRemark(enterprise_id=enterprise_id, institution_id=place.institution.id, words="上门先打电话"),
            Verification(
                instrument_id=item.instrument_id,
                enterprise_id=enterprise_id,
                institution_id=place.institution.id,
                item_id=item.id,
                verified_on=today,
                outcome=Outcome.PASSED,
                document_type=DocumentType.CERTIFICATE,
                verifier="李敏",
                published_at=now,
            ),
        ]
    )
    db.session.flush()
    run = ImportRun(
        enterprise_id=enterprise_id, uploaded_by_id=place.clerk.user_id, file_id=file.id, state=ImportState.READY
    )
    db.session.add(run)
    db.session.flush()
    db.session.add(ImportRow(run_id=run.id, number=2, outcome=RowOutcome.NEW, found={}))
    db.session.add(ImportWritten(run_id=run.id, number=2, instrument_id=1, applied_at=clock.now()))
    earlier = {"file_id": run.file_id, "replaced_by_id": run.uploaded_by_id, "replaced_at": clock.now(), "errors": 1}
    db.session.add(ImportEarlierFile(run_id=run.id, **earlier))
    notices.tell_regulator(division, "notice_job_failed", run, job="matching")
    notices.tell_institution(place.institution.id, "notice_slip_arrived", run)


@pytest.fixture
def tenants(app: Flask) -> tuple[Tenant, Tenant]:
    """Two tenants in different provinces: not even their institutions are known to the other's regulator."""
    here, there = tenant("370303", "370300", "a"), tenant("110101", "110100", "b")
    db.session.add_all([JobRun(job="matching", scheduled_for=clock.now(), started_at=clock.now(), counts={})])
    db.session.flush()
    db.session.expire_all()
    return here, there


def _of_enterprise(model: type[Any]) -> Callable[[Tenant], sa.Select[Any]]:
    return lambda owner: sa.select(model).where(model.enterprise_id == owner.place.clerk.enterprise_id)


def _of_institution(model: type[Any]) -> Callable[[Tenant], sa.Select[Any]]:
    return lambda owner: sa.select(model).where(model.institution_id == owner.place.institution.id)


def _items(owner: Tenant) -> sa.Select[tuple[int]]:
    return sa.select(AppointmentItem.id).where(AppointmentItem.enterprise_id == owner.place.clerk.enterprise_id)


def _notices(owner: Tenant) -> sa.Select[Any]:
    return sa.select(Notice).where(
        sa.or_(
            Notice.enterprise_id == owner.place.clerk.enterprise_id,
            Notice.institution_id == owner.place.institution.id,
            Notice.division_code == owner.division,
        )
    )


ROWS_OF: dict[type[Any], Callable[[Tenant], sa.Select[Any]]] = {
    **{
        model: _of_enterprise(model)
        for model in (
            Appointment,
            AppointmentItem,
            Slip,
            MeasuringInstrument,
            Verification,
            Registration,
            StoredFile,
            ImportRun,
            ChangeRequest,
            CorrectionProposal,
            EnterpriseRemark,
        )
    },
    **{
        model: _of_institution(model) for model in (Receipt, Capability, Designation, Laboratory, InstitutionSuspension)
    },
    Enterprise: lambda owner: sa.select(Enterprise).where(Enterprise.id == owner.place.clerk.enterprise_id),
    Institution: lambda owner: sa.select(Institution).where(Institution.id == owner.place.institution.id),
    ImportEarlierFile: lambda owner: (
        sa.select(ImportEarlierFile)
        .join(ImportRun, ImportRun.id == ImportEarlierFile.run_id)
        .where(ImportRun.enterprise_id == owner.place.clerk.enterprise_id)
    ),
    ImportRow: lambda owner: (
        sa.select(ImportRow)
        .join(ImportRun, ImportRun.id == ImportRow.run_id)
        .where(ImportRun.enterprise_id == owner.place.clerk.enterprise_id)
    ),
    ImportWritten: lambda owner: (
        sa.select(ImportWritten)
        .join(ImportRun, ImportRun.id == ImportWritten.run_id)
        .where(ImportRun.enterprise_id == owner.place.clerk.enterprise_id)
    ),
    MatchingAttempt: lambda owner: sa.select(MatchingAttempt).where(MatchingAttempt.item_id.in_(_items(owner))),
    MatchingDecision: lambda owner: sa.select(MatchingDecision).where(
        MatchingDecision.id.in_(sa.select(AppointmentItem.decision_id).where(AppointmentItem.id.in_(_items(owner))))
    ),
    Notice: _notices,
}
"""All rows that are a tenant's in any sense, by table, asked without `scoping`."""

SEES_NONE = {
    Role.ENTERPRISE: {Institution, Capability, Designation, Laboratory, InstitutionSuspension, EnterpriseRemark},
    Role.INSTITUTION: {Registration, StoredFile, ImportRun, ImportEarlierFile, ImportRow, ImportWritten, ChangeRequest},
    Role.REGULATOR: {ImportEarlierFile, ImportRow, ImportWritten, EnterpriseRemark},
}


def keys(statement: sa.Select[Any]) -> set[Any]:
    return {sa.inspect(row).identity for row in db.session.scalars(statement)}


def test_every_model_is_decided_upon(app: Flask) -> None:
    assert set(scoping.RULES) == {*ROWS_OF, *SHARED, User, OneTimeLink, OutgoingMail, JobRun, AuditEvent}


def test_nobody_sees_a_row_of_the_other_tenant(tenants: tuple[Tenant, Tenant]) -> None:
    for own, other in (tenants, tenants[::-1]):
        for role, actor in own.actors.items():
            for model, rows_of in ROWS_OF.items():
                seen, foreign = keys(scoping.visible(actor, model)), keys(rows_of(other))
                assert foreign, model
                assert not seen & foreign, (role, model)
                assert bool(seen) == (model not in SEES_NONE[role]), (role, model)
                for key in foreign:
                    with pytest.raises(NotFound):
                        scoping.find(actor, model, key[0])


def test_an_enterprise_sees_all_and_only_what_is_its_own(tenants: tuple[Tenant, Tenant]) -> None:
    own, _ = tenants
    for model in (Appointment, AppointmentItem, Slip, MeasuringInstrument, Registration, ImportRun, ImportRow):
        assert keys(scoping.visible(own.place.clerk, model)) == keys(ROWS_OF[model](own)), model


def test_unmatched_returned_and_withdrawn_items_are_no_institutions(tenants: tuple[Tenant, Tenant]) -> None:
    own, _ = tenants
    assert own.unmatched.items[0].status is ItemStatus.UNMATCHED
    accepted = own.accepted.items[0]
    for model, expected in (
        (AppointmentItem, {accepted.id}),
        (Appointment, {own.accepted.id}),
        (MeasuringInstrument, {accepted.instrument_id}),
        (MatchingDecision, {accepted.decision_id}),
    ):
        assert keys(scoping.visible(own.place.counter, model)) == {(key,) for key in expected}, model
    regulator = keys(scoping.visible(own.place.regulator, AppointmentItem))
    assert {(row.items[0].id,) for row in (own.unmatched, own.returned, own.withdrawn)} < regulator


def test_an_institution_that_loses_its_last_item_knows_the_enterprise_no_more(app: Flask) -> None:
    place = flow.world()
    appointment = flow.matched(place, flow.instruments(place))
    enterprise = (place.clerk.enterprise_id,)
    assert keys(scoping.visible(place.counter, Enterprise)) == {enterprise}
    appointments.withdraw(place.clerk, appointment.id)
    for model in (Enterprise, AppointmentItem, Appointment, MeasuringInstrument):
        assert keys(scoping.visible(place.counter, model)) == set(), model


def test_a_slip_stays_while_it_holds_an_item_or_was_decided_on(app: Flask) -> None:
    """It names the enterprise and its telephone: what left undecided is no business of the institution any more."""
    place = flow.world()

    def sees(appointment: Appointment) -> bool:
        slip = flow.only_slip(appointment)
        found = keys(scoping.visible(place.counter, Slip))
        if (slip.id,) not in found:
            with pytest.raises(NotFound):
                scoping.find(place.counter, Slip, slip.id)
        return (slip.id,) in found

    withdrawn = flow.matched(place, flow.instruments(place, 2))
    appointments.withdraw(place.clerk, withdrawn.id, [withdrawn.items[0].id])
    assert sees(withdrawn)
    appointments.withdraw(place.clerk, withdrawn.id)
    assert not sees(withdrawn)

    returned = flow.matched(place, flow.instruments(place))
    acceptance.return_items(place.counter, flow.only_slip(returned).id, code=ReturnCode.OTHER, words="铭牌不清")
    assert sees(returned)

    partly = flow.matched(place, flow.instruments(place, 2))
    first, second = (item.id for item in partly.items)
    acceptance.return_items(
        place.counter, flow.only_slip(partly).id, item_ids=[first], code=ReturnCode.OTHER, words="铭牌不清"
    )
    appointments.withdraw(place.clerk, partly.id, [second])
    assert sees(partly)

    transferred = flow.matched(place, flow.instruments(place))
    slip = flow.only_slip(transferred)
    with clock.at(slip.due_at + timedelta(seconds=1)):
        assignments.rematch_slip(place.regulator, slip.id, reason="超期未受理")
    assert (slip.id,) not in keys(scoping.visible(place.counter, Slip))


def test_an_answer_to_a_slip_that_left_is_told_why_and_nobody_elses_exists(app: Flask) -> None:
    place, other = flow.world(), flow.world(with_capability=False)
    appointment = flow.matched(place, flow.instruments(place))
    slip = flow.only_slip(appointment)
    appointments.withdraw(place.clerk, appointment.id)
    with pytest.raises(Conflict) as refused:
        acceptance.accept(place.counter, slip.id)
    assert (refused.value.code, refused.value.facts) == ("slip_left", {"number": slip.number})
    with pytest.raises(NotFound):
        acceptance.accept(other.counter, slip.id)


def test_a_walk_in_is_the_institutions_that_entered_it_until_it_claims_its_account(app: Flask) -> None:
    place, other = flow.world(), factories.InstitutionFactory(name="临淄区计量测试中心")
    stranger = factories.actor_of(factories.UserFactory(role=Role.INSTITUTION, institution=other))
    (added,) = flow.instruments(place)
    enterprise = added.enterprise
    enterprise.registered_by_institution_id = added.added_by_institution_id = place.institution.id
    booked = Appointment(number="YY-20261125-0001", enterprise=enterprise)
    booked.booked_by_institution_id = place.institution.id
    db.session.add(booked)
    db.session.flush()
    rows = {Enterprise: (enterprise.id,), MeasuringInstrument: (added.id,), Appointment: (booked.id,)}
    for model, key in rows.items():
        assert keys(scoping.visible(place.counter, model)) == {key}, model
        assert keys(scoping.visible(stranger, model)) == set(), model
    enterprise.registered_by_institution_id = None
    db.session.flush()
    assert keys(scoping.visible(place.counter, MeasuringInstrument)) == set()


def test_a_regulator_sees_what_is_used_in_its_area_and_its_own_enterprises_elsewhere(app: Flask) -> None:
    place = flow.world()
    (elsewhere,) = flow.instruments(place, division_code="370304")
    factories.CapabilityFactory(institution=place.institution, areas=["370300"])
    appointment = flow.matched(place, [elsewhere])
    seat, use, city, other = (
        factories.actor_of(factories.UserFactory(regulator=True, division_code=code))
        for code in ("370303", "370304", "370300", "370302")
    )
    for actor, sees in ((seat, True), (use, True), (city, True), (other, False)):
        for model, key in (
            (MeasuringInstrument, elsewhere.id),
            (AppointmentItem, appointment.items[0].id),
            (Appointment, appointment.id),
            (Slip, appointment.slips[0].id),
            (Enterprise, place.clerk.enterprise_id),
        ):
            assert (keys(scoping.visible(actor, model)) == {(key,)}) is sees, (actor.division_code, model)


def test_auditor_and_administrator_see_no_business_rows(tenants: tuple[Tenant, Tenant]) -> None:
    auditor, admin = (Actor(role=role, name="孙正") for role in (Role.AUDITOR, Role.ADMIN))
    for model in ROWS_OF:
        assert keys(scoping.visible(auditor, model)) == set(), model
        if model is not Institution:  # Needed to give an institution's person an account.
            assert keys(scoping.visible(admin, model)) == set(), model
    assert keys(scoping.visible(auditor, AuditEvent))
    assert keys(scoping.visible(admin, User))
    for actor in tenants[0].actors.values():
        assert keys(scoping.visible(actor, User)) == keys(scoping.visible(actor, AuditEvent)) == set()


def test_the_administrator_sees_registrations_nobody_is_competent_for(tenants: tuple[Tenant, Tenant]) -> None:
    own, _ = tenants
    registration = db.session.scalars(ROWS_OF[Registration](own)).one()
    registration.reviewer_division_code = None
    db.session.flush()
    admin = Actor(role=Role.ADMIN, name="周平")
    assert keys(scoping.visible(admin, Registration)) == {(registration.id,)}
    assert keys(scoping.visible(admin, Enterprise)) == {(own.place.clerk.enterprise_id,)}


def test_reference_data_is_everybodys_who_works_with_it(app: Flask) -> None:
    for role in (Role.ENTERPRISE, Role.INSTITUTION, Role.REGULATOR):
        for model in (Division, InstrumentKind, CatalogueItem, OptionValue):
            actor = Actor(role=role, name="王建国", enterprise_id=1, institution_id=1, division_code="370303")
            assert db.session.scalar(sa.select(scoping.visible(actor, model).exists())), (role, model)


def test_the_system_sees_everything_and_a_model_without_a_rule_is_an_error(tenants: tuple[Tenant, Tenant]) -> None:
    assert keys(scoping.visible(SYSTEM, Appointment)) == keys(sa.select(Appointment))
    with pytest.raises(scoping.NoRule):
        scoping.visible(SYSTEM, JobHeartbeat)
    with pytest.raises(scoping.NoRule):
        scoping.criterion(tenants[0].place.clerk, JobHeartbeat)
