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
from backoffice.database import db
from backoffice.jobs.imports import check_imports
from backoffice.models import Institution, InstitutionSuspension, Laboratory, User
from backoffice.services import job_runs, ledger_import
from backoffice.unit_of_work import unit_of_work
from ops import postgres
from tests.conftest import ROOT, settings_for
from tests.factories import Base, CapabilityFactory, DesignationFactory, InstitutionFactory

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
        for username in (CAST["enterprise"], CAST["other enterprise"]):
            user = db.session.scalars(sa.select(User).where(User.username == username)).one()
            ledger_import.receive(people.actor_of(user), WORKBOOK.name, io.BytesIO(WORKBOOK.read_bytes()))
    with application.app_context():
        while check_imports():
            pass
    yield application
    with application.app_context():
        db.engine.dispose()


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
