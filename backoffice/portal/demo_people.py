"""The people of the published demo accounts: whom one click signs in as, and whom production keeps out."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import sqlalchemy as sa
from flask import current_app
from flask_babel import gettext as _

from ..actor import Role
from ..database import db
from ..messages.labels import label
from ..models import User, Verification
from ..services import accounts

PANEL_ROLES = (Role.ENTERPRISE, Role.INSTITUTION, Role.REGULATOR)
"""Whose cards the home page has."""


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """A line of the published demo accounts."""

    username: str
    password: str
    role: Role
    organisation: str


@cache
def published(path: Path) -> tuple[DemoPerson, ...]:
    """The people of the published file, in its order; none where the file is not installed."""
    if not path.exists():
        return ()
    with path.open(encoding="utf-8-sig", newline="") as file:
        return tuple(
            DemoPerson(row["username"], row["password"], Role(row["role"]), row["organisation"])
            for row in csv.DictReader(file)
        )


def accounts_file() -> Path:
    return Path(current_app.root_path) / "seeds" / "demo_accounts.csv"


def is_published(username: str | None, password: str | None) -> bool:
    """Whether everybody can read this password in the file of demo accounts."""
    account = accounts.fold_username(username)
    return any(each.username == account and each.password == password for each in published(accounts_file()))


def people() -> list[DemoPerson]:
    """The demo people who may sign in here and now; nobody in production or without the demo data."""
    if not current_app.config["IS_DEMO"]:
        return []
    named = published(accounts_file())
    present = set(
        db.session.scalars(
            sa.select(User.username).where(
                User.username.in_([each.username for each in named]), User.is_active.is_(True)
            )
        )
    )
    return [each for each in named if each.username in present]


def first_of_each_panel() -> dict[str, DemoPerson]:
    """For the three cards: the first demo person of each panel, by the panel's name."""
    found: dict[str, DemoPerson] = {}
    for each in people():
        if each.role in PANEL_ROLES:
            found.setdefault(each.role.value, each)
    return found


def duties() -> dict[str, str]:
    """What each demo person is, by user name: of institutions' people what they did with results so far."""
    entered = sa.exists().where(Verification.entered_by_id == User.id)
    checked = sa.exists().where(Verification.published_by_id == User.id)
    names = [each.username for each in people()]
    rows = db.session.execute(
        sa.select(User.username, User.role, entered, checked).where(User.username.in_(names))
    ).tuples()
    return {username: _duty(role, has_entered, has_checked) for username, role, has_entered, has_checked in rows}


def _duty(role: Role, has_entered: bool, has_checked: bool) -> str:
    if has_entered and has_checked:
        return _("录入、核验人员")
    if has_checked:
        return _("核验人员")
    if has_entered:
        return _("录入人员")
    return label(role)


@dataclass(frozen=True, slots=True)
class Group:
    """The people of one role: shown at once (`first`: two organisations, colleagues included), and the others."""

    role: Role
    first: list[DemoPerson]
    others: list[DemoPerson]


def groups() -> list[Group]:
    """Everybody by role, in the order of the cards."""
    everybody = people()
    made = []
    for role in (*PANEL_ROLES, Role.ADMIN, Role.AUDITOR):
        own = [each for each in everybody if each.role is role]
        organisations = list(dict.fromkeys(each.organisation for each in own))[:2]
        first = [each for each in own if each.organisation in organisations]
        if own:
            made.append(Group(role, first, [each for each in own if each not in first]))
    return made
