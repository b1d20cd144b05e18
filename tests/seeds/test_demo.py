"""The core of the demo data: its states are there, accounts are the published ones, markers belong to one tenant."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from backoffice import clock
from backoffice.actor import Role
from backoffice.database import Base, db
from backoffice.models import (
    Appointment,
    AppointmentItem,
    Enterprise,
    Institution,
    MeasuringInstrument,
    Registration,
    Slip,
    User,
)
from backoffice.services import passwords, uscc
from backoffice.services.ledger_status import has_status
from backoffice.states import (
    AppointmentStatus,
    EnterpriseStatus,
    ItemStatus,
    RegistrationState,
    SlipStatus,
    VerificationStatus,
)
from ops.postgres import Urls
from seeds.demo import files
from seeds.demo.cast import SECOND_PERSON
from seeds.demo.people import FACTORY
from seeds.demo.telling import working_day
from tests.jobs.processes import ROOT, environment, flask

ACCOUNTS = files.accounts()
TOWN = {row["uscc"] for row in files.rows("town/enterprises.csv")} | {
    row["username"] + ending for row in files.rows("town/institutions.csv") for ending in ("", SECOND_PERSON)
}
CORE = {name: row for name, row in ACCOUNTS.items() if name not in TOWN}


def states(column: Any) -> set[Any]:
    return set(db.session.scalars(sa.select(column).distinct()))


def test_the_states_of_the_core_are_there(demo: Flask) -> None:
    assert states(Appointment.status) == set(AppointmentStatus)
    assert states(AppointmentItem.status) == {
        ItemStatus.DRAFT,
        ItemStatus.AWAITING_ACCEPTANCE,
        ItemStatus.UNMATCHED,
        ItemStatus.ACCEPTED,
        ItemStatus.FAILED,
        ItemStatus.WITHDRAWN,
        ItemStatus.PASSED,
        ItemStatus.NOT_PASSED,
    }
    assert states(Slip.status) == {
        SlipStatus.AWAITING,
        SlipStatus.PARTLY,
        SlipStatus.ACCEPTED,
        SlipStatus.RETURNED,
        SlipStatus.WITHDRAWN,
        SlipStatus.COMPLETED,
    }
    assert states(Registration.state) == set(RegistrationState)
    assert states(Enterprise.status) == {EnterpriseStatus.APPROVED, EnterpriseStatus.PENDING, EnterpriseStatus.REFUSED}


def test_an_appointment_went_to_two_institutions_and_some_slips_are_late_and_some_are_not(demo: Flask) -> None:
    split = sa.select(Slip.appointment_id).group_by(Slip.appointment_id)
    assert db.session.scalars(split.having(sa.func.count(Slip.institution_id.distinct()) == 2)).all()
    undecided = sa.select(Slip.due_at).where(Slip.status.in_((SlipStatus.AWAITING, SlipStatus.PARTLY)))
    due = db.session.scalars(undecided).all()
    assert [at for at in due if at <= clock.now()]
    assert [at for at in due if at > clock.now()]


def of_account(username: str, *where: Any) -> int:
    """How many instruments of this enterprise are so."""
    own = sa.select(sa.func.count(MeasuringInstrument.id)).join(MeasuringInstrument.enterprise)
    return db.session.scalar(own.where(Enterprise.uscc == username, *where)) or 0


def with_status(username: str, status: VerificationStatus) -> int:
    return of_account(username, has_status(status, today=clock.today(), soon_days=30))


def test_the_first_account_has_something_expired_something_due_soon_and_something_valid(demo: Flask) -> None:
    for status in (VerificationStatus.OVERDUE, VerificationStatus.DUE_SOON, VerificationStatus.VALID):
        assert with_status(FACTORY, status) >= 2, status


def test_every_approved_account_has_results_and_most_have_something_due_soon(demo: Flask) -> None:
    approved = db.session.scalars(
        sa.select(Enterprise.uscc).where(Enterprise.status == EnterpriseStatus.APPROVED)
    ).all()
    assert [uscc for uscc in approved if not of_account(uscc, MeasuringInstrument.verified_on.is_not(None))] == []
    due_soon = [uscc for uscc in approved if with_status(uscc, VerificationStatus.DUE_SOON)]
    assert len(due_soon) >= len(approved) - 1


def test_what_still_waits_for_a_result_is_to_be_brought_on_a_working_day_to_come(demo: Flask) -> None:
    slips = db.session.scalars(sa.select(Slip).where(Slip.status.in_((SlipStatus.ACCEPTED, SlipStatus.PARTLY)))).all()
    assert slips
    for slip in slips:
        assert clock.now() - slip.accepted_at < timedelta(days=14)
        assert clock.today() < slip.appointed_on <= clock.today() + timedelta(days=30)
        assert working_day(slip.appointed_on) == slip.appointed_on


def test_every_code_is_valid_and_every_branch_carries_its_parents(demo: Flask) -> None:
    for enterprise in db.session.scalars(sa.select(Enterprise)):
        own = enterprise.parent_uscc if enterprise.is_branch else enterprise.uscc
        assert uscc.problem(own or "") is None, enterprise.uscc
        assert enterprise.uscc.startswith(own or "x")


def test_names_are_those_of_a_town_and_no_tests(demo: Flask) -> None:
    names = [
        *db.session.scalars(sa.select(Enterprise.name)),
        *db.session.scalars(sa.select(Institution.name)),
        *db.session.scalars(sa.select(User.name)),
        *db.session.scalars(sa.select(MeasuringInstrument.name)),
        *db.session.scalars(sa.select(MeasuringInstrument.place_of_use)),
    ]
    assert not [name for name in names if "测试" in name or "test" in name.lower() or "{" in name]


def test_the_published_accounts_are_the_accounts_and_their_passwords_work_and_are_of_today(demo: Flask) -> None:
    users = {user.username: user for user in db.session.scalars(sa.select(User))}
    assert set(users) == set(CORE)
    for username, row in CORE.items():
        assert users[username].role == row["role"]
        assert users[username].organisation_name == row["organisation"]
        assert clock.now() - users[username].password_changed_at < timedelta(days=1)
    one = users["zibo-jlk"]
    assert passwords.matches(one.password_hash, ACCOUNTS["zibo-jlk"]["password"])
    roles = [row["role"] for row in ACCOUNTS.values()]
    assert [roles.count(role) >= least for role, least in (("enterprise", 4), ("institution", 2), ("regulator", 3))]
    assert {"auditor", "admin"} <= set(roles)


def _tenant_columns(table: sa.Table) -> list[sa.Column[Any]]:
    return [column for column in table.columns if column.name in ("enterprise_id", "institution_id")]


def _rows_with(marker: str) -> list[tuple[str, Any]]:
    """Every row of every table that says the marker anywhere."""
    found: list[tuple[str, Any]] = []
    for table in Base.metadata.sorted_tables:
        says = sa.func.strpos(sa.cast(sa.func.to_jsonb(sa.literal_column(table.name)), sa.Text), marker) > 0
        found += [(table.name, row) for row in db.session.execute(sa.select(table).where(says)).mappings()]
    return found


def _owner(row: Any, column: str) -> int | None:
    """Whose row it is; an answer to a slip says where to go, and is the slip's enterprise's."""
    if column not in row and row.get("slip_id"):
        return getattr(db.session.get_one(Slip, row["slip_id"]), column)
    return row.get(column)


@pytest.mark.parametrize("username", [name for name, row in CORE.items() if row["marker"]])
def test_a_marker_is_on_its_tenants_rows_and_on_no_unrelated_ones(demo: Flask, username: str) -> None:
    row = ACCOUNTS[username]
    user = db.session.scalars(sa.select(User).where(User.username == username)).one()
    rows = _rows_with(row["marker"])
    assert rows
    own = {"enterprise": user.enterprise_id, "institution": user.institution_id}.get(user.role.value)
    if own is None:  # An office: it is its account, and what the audit says of making it.
        others = {other.organisation for other in db.session.scalars(sa.select(User)) if other.id != user.id}
        assert user.organisation not in others
        assert {name for name, _ in rows} <= {"app_user", "audit_event"}
        assert [found["id"] for name, found in rows if name == "app_user"] == [user.id]
        assert {found["subject_id"] for name, found in rows if name == "audit_event"} <= {str(user.id)}
        return
    column = f"{user.role.value}_id"
    for name, found in rows:
        owner = found["id"] if name == user.role.value else _owner(found, column)
        if name == "audit_event" and user.role is Role.INSTITUTION:
            continue  # The audit is the auditor's alone; it names institutions by their rows.
        assert owner == own, (name, found["id"])
    others = [other["marker"] for other in ACCOUNTS.values() if other["organisation"] != row["organisation"]]
    assert row["marker"] not in others


def _flask(database: Urls, *words: str, **more: str) -> str:
    done = subprocess.run(
        flask(*words), cwd=ROOT, env=environment(database, **more), capture_output=True, text=True, timeout=400
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


SHAPE = {
    "enterprise": "uscc, name, status, division_code",
    "app_user": "username, name, role, organisation",
    "institution": "name, level, priority",
    "capability": "institution_id, kind_code, areas, document_number",
    "designation": "division_code, kind_code, item_code, institution_id",
    "measuring_instrument": "enterprise_id, name, kind_code, serial_number, sub_number, place_of_use",
    "appointment": "enterprise_id, status",
    "appointment_item": "appointment_id, instrument_id, status, return_code, institution_id, slip_id",
    "slip": "appointment_id, institution_id, status, place",
    "receipt": "slip_id, decision, item_count, words",
    "notice": "code, enterprise_id, institution_id, division_code",
    "audit_event": "action, actor_name, subject_type",
    "matching_decision": "outcome, institution_id, decided_by",
    "matching_attempt": "item_id, trigger",
    "registration": "enterprise_id, state, reason",
    "stored_file": "name, sha256",
}


def shape(database: Urls) -> dict[str, Any]:
    """What the data says without ids of time: names, states and owners, row by row."""
    engine = sa.create_engine(
        database.superuser.replace("postgresql://", "postgresql+psycopg://"), poolclass=sa.NullPool
    )
    with engine.connect() as connection:
        return {
            table: sorted(map(str, connection.execute(sa.text(f"SELECT {columns} FROM {table}"))))
            for table, columns in SHAPE.items()
        }


def test_seeding_again_does_nothing_and_reset_makes_the_same_anew(copy_of_demo: Callable[[], Urls]) -> None:
    """With the core: the town around it is made by the same telling, at ten times the cost."""
    database = copy_of_demo()
    before = shape(database)
    assert json.loads(_flask(database, "seed", "demo")) == {"seeded": False}
    assert shape(database) == before
    result = json.loads(_flask(database, "seed", "demo", "--reset", "--core", MIGRATION_DATABASE_URL=database.owner))
    assert result["seeded"]
    after = shape(database)
    for table, rows in before.items():
        assert after[table] == rows, table


def test_demo_data_never_goes_into_production(seeded: Urls) -> None:
    production = {"APP_ENV": "production", "SECRET_KEY": "x" * 40, "PUBLIC_URL": "https://qjt.example.cn"}
    done = subprocess.run(
        flask("seed", "demo", "--reset"),
        cwd=ROOT,
        env={**environment(seeded), **production},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert "正式环境" in done.stderr
