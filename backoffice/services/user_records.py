"""Accounts the system administrator makes and keeps: nobody but the person ever knows a password (one-time links)."""

from __future__ import annotations

import re
from typing import Any

from .. import audit, scoping
from ..actor import Actor, Role
from ..audit import AuditAction
from ..models import Division, Institution, User
from ..permissions import Permission, require
from ..states import LinkPurpose
from . import accounts, one_time_links, passwords
from .reference_checks import Problems, assign
from .registration_fields import EMAIL

MADE_BY_ADMINISTRATOR = (Role.INSTITUTION, Role.REGULATOR, Role.AUDITOR, Role.ADMIN)
"""Enterprises register themselves, or are entered on behalf."""
USERNAME = re.compile(r"[a-z0-9][a-z0-9._-]{2,63}")


def create(
    actor: Actor,
    *,
    username: str,
    name: str,
    role: str | None,
    phone: str = "",
    email: str = "",
    institution_id: int | None = None,
    division_code: str | None = None,
    organisation: str = "",
    may_edit_reference: bool = False,
) -> User:
    """Add an account without a password; follow with `invite`. Raises `Invalid`, `Forbidden`."""
    typed = locals()
    require(actor, Permission.ALL_USERS_EDIT)
    problems = Problems()
    account = accounts.fold_username(problems.text("username", username, limit=64, required=True))
    if account and not USERNAME.fullmatch(account):
        problems.add("username", "username_malformed")
    elif account and accounts.is_taken(account):
        problems.add("username", "username_taken")
    wanted = problems.code("role", role, Role)
    if wanted is not None and wanted not in MADE_BY_ADMINISTRATOR:
        problems.add("role", "not_a_choice")
    owner = _owner(problems, actor, wanted, institution_id, division_code)
    values = _checked(problems, wanted, typed)
    problems.refuse()
    return accounts.add_user(
        actor, username=account, role=wanted, password_hash=passwords.unusable(), **owner, **values
    )


def update(
    actor: Actor,
    user_id: int,
    *,
    name: str,
    phone: str = "",
    email: str = "",
    organisation: str = "",
    may_edit_reference: bool = False,
) -> User:
    """Change what is known of a person; account name, role and owner stay. Raises `Invalid`, `NotFound`."""
    typed = locals()
    require(actor, Permission.ALL_USERS_EDIT)
    user: User = scoping.find(actor, User, user_id, lock=True)
    problems = Problems()
    values = _checked(problems, user.role, typed)
    problems.refuse()
    assign(user, values)
    audit.record_change(actor, AuditAction.USER_CHANGED, user)
    return user


def invite(actor: Actor, user_id: int, *, public_url: str) -> str:
    """A one-time link for a person's account, mailed as well where there is an address; returns its token."""
    require(actor, Permission.ALL_USERS_EDIT)
    user: User = scoping.find(actor, User, user_id)
    return one_time_links.issue(actor, user, one_time_links.purpose_for(user), public_url=public_url)


def welcome(actor: Actor, user: User, *, public_url: str) -> str:
    """The first link of an account just made; returns its token."""
    return one_time_links.issue(actor, user, LinkPurpose.INVITATION, public_url=public_url)


def _owner(
    problems: Problems, actor: Actor, role: Role | None, institution_id: int | None, division_code: str | None
) -> dict[str, Any]:
    """Whom the person works for: an institution, a regulator's division, or neither."""
    owner: dict[str, Any] = {}
    if role is Role.INSTITUTION:
        row = problems.row(actor, "institution_id", Institution, institution_id)
        owner["institution_id"] = row.id if row else None
    elif institution_id is not None:
        problems.add("institution_id", "owner_of_other_role")
    if role is Role.REGULATOR:
        row = problems.row(actor, "division_code", Division, division_code)
        owner["division_code"] = row.code if row else None
    elif division_code:
        problems.add("division_code", "owner_of_other_role")
    return owner


def _checked(problems: Problems, role: Role | None, typed: dict[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = {
        "name": problems.text("name", typed["name"], limit=50, required=True),
        "phone": problems.text("phone", typed["phone"], limit=20),
        "email": problems.text("email", typed["email"], limit=100),
        "organisation": problems.text("organisation", typed["organisation"], limit=100),
        "may_edit_reference": bool(typed["may_edit_reference"]),
    }
    if role is Role.REGULATOR:
        if not values["phone"]:
            problems.add("phone", "phone_required")
        if not values["organisation"]:
            problems.add("organisation", "required")
    elif values["may_edit_reference"]:
        problems.add("may_edit_reference", "reference_only_regulator")
    if values["email"] and not EMAIL.fullmatch(values["email"]):
        problems.add("email", "email_wrong")
    return values
