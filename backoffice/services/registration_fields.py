"""What is typed into a registration, a correction of it or a change request: cleaned, and refused field by field."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from ..database import db
from ..models import Division, Enterprise, StoredFile
from ..states import EnterpriseType
from . import accounts, passwords, stored_files, uscc
from .contacts import competent_office
from .divisions import active_children
from .reference_checks import Problems
from .stored_files import Upload
from .words import clean_text

LIMITS = {"name": 100, "address": 200, "principal": 50, "contact": 50, "mobile": 20, "email": 100}
"""Text fields with the number of characters each may have, in the order of the form."""
CORRECTABLE = ("type", "name", "division_code", "address", "principal", "contact", "mobile", "email")
"""What a refused applicant may change: everything but the code."""

Licence = Upload | StoredFile | None
_MOBILE = re.compile(r"1[3-9][0-9]{9}")
EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s.]+(\.[^@\s.]+)+")


def check(
    values: Mapping[str, Any], licence: Licence, *, password_hash: str = "", is_on_behalf: bool = False
) -> dict[str, Any]:
    """The typed values, cleaned and folded, if they can be registered now; raises `Invalid` with every problem.

    `values`: type, uscc (a branch: parent_uscc), name, division_code, address, principal, contact, mobile, email,
    password. `password_hash` stands for a password that was accepted before. On behalf (代办) nobody chooses a password
    and the licence may come later.
    """
    problems = Problems()
    clean = _particulars(problems, values)
    if clean["type"] is EnterpriseType.BRANCH:
        clean["uscc"], clean["parent_uscc"] = "", _parent(problems, values.get("parent_uscc"))
        _differs_from_parent(problems, clean, clean["parent_uscc"])
    else:
        clean["uscc"], clean["parent_uscc"] = _new_code(problems, values.get("uscc")), None
    if licence is not None or not is_on_behalf:
        _check_licence(problems, licence)
    if not (password_hash or is_on_behalf):
        found = passwords.problem(values.get("password") or "", account=clean["parent_uscc"] or clean["uscc"])
        if found is not None:
            problems.add("password", found.code, **found.facts)
    problems.refuse()
    return clean


def check_fields(enterprise: Enterprise, values: Mapping[str, Any]) -> dict[str, Any]:
    """New values of some fields of an enterprise in force, cleaned and held to the rules of a registration.

    Raises `Invalid` with the problems of exactly these fields.
    """
    problems = Problems()
    clean = _particulars(problems, {**{name: getattr(enterprise, name) for name in CORRECTABLE}, **values})
    if enterprise.is_branch and enterprise.parent_uscc:
        _differs_from_parent(problems, clean, enterprise.parent_uscc)
    problems.found = {name: found for name, found in problems.found.items() if name in values}
    problems.refuse()
    return {name: clean[name] for name in values}


def checked_correction(enterprise: Enterprise, values: Mapping[str, Any], licence: Licence) -> dict[str, Any]:
    """The corrected values of a refused registration, cleaned; raises `Invalid` with every problem."""
    problems = Problems()
    clean = _particulars(problems, values)
    if clean["type"] is not None and (clean["type"] is EnterpriseType.BRANCH) != enterprise.is_branch:
        problems.add("type", "type_and_code_fixed")
    if enterprise.is_branch and enterprise.parent_uscc:
        _differs_from_parent(problems, clean, enterprise.parent_uscc)
    is_on_behalf = enterprise.registered_by_institution_id is not None
    if licence is not None or (enterprise.licence_file_id is None and not is_on_behalf):
        _check_licence(problems, licence)
    problems.refuse()
    return clean


def enterprise_with(code: str) -> Enterprise | None:
    """The enterprise of a folded code."""
    return db.session.scalars(sa.select(Enterprise).where(Enterprise.uscc == code)).one_or_none()


def _particulars(problems: Problems, values: Mapping[str, Any]) -> dict[str, Any]:
    """The fields every applicant fills in, the correcting one too."""
    clean: dict[str, Any] = {"type": problems.code("type", values.get("type"), EnterpriseType)}
    clean["division_code"] = _division(problems, values.get("division_code"))
    for field, limit in LIMITS.items():
        text = clean_text(values.get(field))
        clean[field] = problems.text(field, text, limit=limit, required=field != "email")
    clean["mobile"] = re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", clean["mobile"])).removeprefix("+86")
    if clean["mobile"] and not _MOBILE.fullmatch(clean["mobile"]):
        problems.add("mobile", "mobile_wrong")
    if clean["email"] and not EMAIL.fullmatch(clean["email"]):
        problems.add("email", "email_wrong")
    return clean


def _division(problems: Problems, code: Any) -> str | None:
    """A division in force without active divisions below it."""
    if not code:
        problems.add("division_code", "required")
        return None
    division = db.session.get(Division, str(code)[:6]) if len(str(code)) == 6 else None
    if division is None or division.is_retired:
        problems.add("division_code", "division_unknown")
        return None
    if active_children(division.code):
        problems.add("division_code", "division_too_wide", name=division.name)
        return None
    return division.code


def _new_code(problems: Problems, typed: Any) -> str:
    code = uscc.fold(typed)
    found = uscc.problem(code)
    if found is not None:
        problems.add("uscc", found.code, **found.facts)
    elif enterprise_with(code) is not None or accounts.is_taken(code):
        _is_taken(problems, code)
    return code


def _is_taken(problems: Problems, code: str) -> None:
    """Its true owner may be who reads this: it says whom to ask, the office of the place it is registered at."""
    enterprise = enterprise_with(code)
    office = competent_office(enterprise.division_code) if enterprise is not None else None
    if office is not None and office.phone:
        problems.add("uscc", "uscc_taken_ask", uscc=code, office=office.name, phone=office.phone)
    else:
        problems.add("uscc", "uscc_taken", uscc=code)


def _parent(problems: Problems, typed: Any) -> str:
    code = uscc.fold(typed)
    found = uscc.problem(code)
    if found is not None:
        problems.add("parent_uscc", found.code, **found.facts)
    return code


def _differs_from_parent(problems: Problems, clean: Mapping[str, Any], parent_code: str) -> None:
    parent = enterprise_with(parent_code)
    if parent is None:
        return
    for field in ("name", "address"):
        if clean[field] and _alike(clean[field], getattr(parent, field)):
            problems.add(field, f"branch_{field}_same", parent=parent.name)


def _alike(one: str, other: str) -> bool:
    """The same words, whatever their width, case and spaces."""
    return _bare(one) == _bare(other)


def _bare(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def _check_licence(problems: Problems, licence: Licence) -> None:
    if licence is None:
        problems.add("licence", "licence_required")
    elif isinstance(licence, Upload) and (found := stored_files.licence_problem(licence)) is not None:
        problems.add("licence", found.code, **found.facts)
