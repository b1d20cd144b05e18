"""The whole application over demo data, asked by each kind of person without a browser."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from datetime import date

import pytest
import sqlalchemy as sa
from flask import Flask

from app import create_app
from backoffice import clock
from backoffice.actor import Role
from backoffice.database import db
from backoffice.jobs.imports import check_imports
from backoffice.models import (
    AppointmentItem,
    ChangeRequest,
    CorrectionProposal,
    Enterprise,
    Institution,
    InstitutionSuspension,
    Laboratory,
    MeasuringInstrument,
    User,
    Verification,
    WorkingDayOverride,
)
from backoffice.services import job_runs, ledger_import, mails, record_workbook, verifications
from backoffice.states import DocumentType, EnterpriseStatus, ImportSubject, ItemStatus, Outcome
from backoffice.unit_of_work import unit_of_work
from ops import postgres
from tests import factories
from tests.conftest import ROOT, settings_for
from tests.factories import (
    Base,
    CapabilityFactory,
    DesignationFactory,
    EnterpriseFactory,
    InstitutionFactory,
    InstrumentFactory,
    UserFactory,
)
from tests.services.ledger_samples import line, own_list

from . import people
from .cases import Cases
from .crawl import Page, crawl
from .database_contents import contents
from .people import CAST, WALKERS, Visitor, visitor

ANOTHER_PROVINCE = "110100"
"""The demo plays in one province, whose regulators know all its institutions; strangers to them sit elsewhere."""
WORKBOOK = ROOT / "tests" / "golden" / "ledger-300.xlsx"
PLUGIN = "tests.journeys.fixtures"


class LaboratoryFactory(Base):
    class Meta:
        model = Laboratory

    name = "压力室"


class SuspensionFactory(Base):
    class Meta:
        model = InstitutionSuspension

    starts_on = date(2026, 1, 1)
    ends_on = date(2026, 1, 31)
    reason = "搬迁"


def pytest_configure(config: pytest.Config) -> None:
    """Load the shared fixtures once, whichever folder is collected first."""
    if not config.pluginmanager.has_plugin(PLUGIN):
        config.pluginmanager.import_plugin(PLUGIN)


@pytest.fixture(scope="session")
def demo_database(copy_of_demo: Callable[[], postgres.Urls]) -> postgres.Urls:
    return copy_of_demo()


@pytest.fixture(scope="session")
def demo_app(demo_database: postgres.Urls) -> Iterator[Flask]:
    """The application over demo data, in this process; CSRF is on and errors are pages, as in production."""
    application = create_app(settings_for(demo_database.app))
    with application.app_context(), unit_of_work():
        institution = InstitutionFactory(name="外省计量科学研究院", seat_division_code=ANOTHER_PROVINCE)
        CapabilityFactory(institution=institution)
        DesignationFactory(institution=institution)
        LaboratoryFactory(institution=institution)
        SuspensionFactory(institution=institution)
        city = db.session.scalars(sa.select(Institution).where(Institution.seat_division_code == "370300")).first()
        SuspensionFactory(institution=city)
        job_runs.record("matching", started_at=clock.now(), counts={"matched": 1})
        db.session.add(WorkingDayOverride(day=date(2027, 2, 11), is_working=False, note="市里通知放假"))
        mails.write("mail_registration_refused", recipient="a@example.com", enterprise="甲公司", uscc="", reason="重填")
        _add_proposals_and_walk_ins(institution)
        _add_results(institution)
        for username in (CAST["enterprise"], CAST["other enterprise"]):
            user = db.session.scalars(sa.select(User).where(User.username == username)).one()
            ledger_import.receive(people.actor_of(user), "自己的台账.xlsx", io.BytesIO(own_list(line(1), line(2))))
            ledger_import.receive(people.actor_of(user), WORKBOOK.name, io.BytesIO(WORKBOOK.read_bytes()))
        _add_reference_imports()
    with application.app_context():
        while check_imports():
            pass
    yield application
    with application.app_context():
        db.engine.dispose()


def _add_reference_imports() -> None:
    """Of the catalogue, and of the authorised kinds of two offices that are strangers to each other."""
    for name, subject in (
        ("regulator", ImportSubject.CATALOGUE),
        ("district regulator", ImportSubject.CAPABILITIES),
        ("regulator of another area", ImportSubject.CAPABILITIES),
    ):
        actor, content = people.actor_of(_user(name)), io.BytesIO()
        record_workbook.write(content, actor, subject, with_records=True)
        content.seek(0)
        ledger_import.receive(actor, "基础数据.xlsx", content, subject)


def _add_proposals_and_walk_ins(stranger: Institution) -> None:
    """Waiting for the people of the cast, and for strangers to them."""
    now, people_of = clock.now(), {name: _user(name) for name in ("enterprise", "other enterprise", "institution")}
    counter = people_of["institution"].institution_id
    for name, institution_id in (("enterprise", counter), ("other enterprise", stranger.id)):
        enterprise_id = people_of[name].enterprise_id
        row = db.session.scalars(
            sa.select(MeasuringInstrument).where(MeasuringInstrument.enterprise_id == enterprise_id).limit(1)
        ).one()
        db.session.add(
            CorrectionProposal(
                instrument_id=row.id,
                enterprise_id=enterprise_id,
                institution_id=institution_id,
                before={"model": row.model},
                after={"model": "Y-150"},
                proposed_at=now,
            )
        )
    owners = sa.select(Enterprise.id).where(Enterprise.status == EnterpriseStatus.APPROVED).order_by(Enterprise.id)
    reviewers = (("enterprise", "370303"), ("other enterprise", "370302"), (None, None))
    unasked = owners.where(Enterprise.id.not_in([user.enterprise_id for user in people_of.values() if user.enterprise]))
    for name, reviewer in reviewers:
        owner = people_of[name].enterprise_id if name else db.session.scalars(unasked.limit(1)).one()
        changed = {"before": {"principal": "王强"}, "after": {"principal": "李强"}, "submitted_at": now, "due_at": now}
        db.session.add(ChangeRequest(enterprise_id=owner, reviewer_division_code=reviewer, **changed))
    for institution_id in (counter, stranger.id):
        walk_in = EnterpriseFactory(registered_by_institution_id=institution_id)
        InstrumentFactory(enterprise=walk_in, added_by_institution_id=institution_id)


def _add_results(stranger: Institution) -> None:
    """One result published and one that waits at the cast's institution, and one of strangers to it."""
    user, today = _user("institution"), clock.today()
    colleague = UserFactory(role=Role.INSTITUTION, institution_id=user.institution_id, name="孙丽")
    held = sa.select(AppointmentItem).where(AppointmentItem.status == ItemStatus.ACCEPTED)
    published, waiting = db.session.scalars(
        held.where(AppointmentItem.institution_id == user.institution_id).order_by(AppointmentItem.id).limit(2)
    )
    failed = {"outcome": Outcome.NOT_PASSED, "document_type": DocumentType.REJECTION_NOTICE}
    for item, number in ((published, "QJT-1"), (waiting, "QJT-2")):
        made = verifications.enter(
            people.actor_of(user), item.id, verified_on=today, document_number=number, verifier="李敏", **failed
        )
        if item is published:
            verifications.publish(factories.actor_of(colleague), made.id)
    for name in ("enterprise", "other enterprise"):
        owner = _user(name).enterprise_id
        row = db.session.scalars(
            sa.select(MeasuringInstrument).where(MeasuringInstrument.enterprise_id == owner).limit(1)
        ).one()
        db.session.add(
            Verification(
                instrument_id=row.id, enterprise_id=owner, institution_id=stranger.id, verified_on=today,
                verifier="王平", published_at=clock.now(), document_number=f"WS-{owner}", **failed,
            )
        )  # fmt: skip


def _user(name: str) -> User:
    return db.session.scalars(sa.select(User).where(User.username == CAST[name])).one()


@pytest.fixture(scope="session")
def cases(demo_app: Flask) -> Cases:
    return Cases(demo_app)


@pytest.fixture(scope="session")
def visitors(demo_app: Flask) -> dict[str, Visitor]:
    """One signed-in client for each kind of person in `people.CAST`; "anonymous" is nobody."""
    return {name: visitor(demo_app, username) for name, username in CAST.items()}


@pytest.fixture(scope="session")
def crawl_of_all(
    cases: Cases, visitors: dict[str, Visitor], demo_database: postgres.Urls
) -> tuple[dict[str, list[Page]], list[str]]:
    """Every page each person reaches, over links and by address; and the tables that differ afterwards."""
    before = contents(demo_database)
    pages = {name: crawl(cases, visitors[name]) for name in WALKERS}
    after = contents(demo_database)
    return pages, [table for table in before if before[table] != after[table]]


@pytest.fixture(scope="session")
def crawled(crawl_of_all: tuple[dict[str, list[Page]], list[str]]) -> dict[str, list[Page]]:
    return crawl_of_all[0]
