"""Registration of users of instruments: submit, review by a person, correct and submit again, mark what is late."""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from .. import audit, clock, scoping, workflow
from ..actor import SYSTEM, Actor, Role
from ..audit import AuditAction
from ..database import db
from ..errors import Conflict, Forbidden, Invalid
from ..models import Division, Enterprise, Registration, StoredFile, User
from ..permissions import Permission, require
from ..states import EnterpriseStatus, EnterpriseType, RegistrationState
from ..workflow import RegistrationAction
from . import accounts, areas, bookings_on_behalf, mails, notices, on_behalf, passwords, stored_files, uscc
from .divisions import active_children
from .reference_checks import Problems, assign
from .stored_files import Upload

REVIEW_WORKING_DAYS = 2
LONGEST_REASON = 500
LIMITS = {"name": 100, "address": 200, "principal": 50, "contact": 50, "mobile": 20, "email": 100}
"""Text fields with the number of characters each may have, in the order of the form."""
CORRECTABLE = ("type", "name", "division_code", "address", "principal", "contact", "mobile", "email")
"""What a refused applicant may change: everything but the code."""

Licence = Upload | StoredFile | None
_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s.]+(\.[^@\s.]+)+")


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


def register(
    values: Mapping[str, Any], licence: Licence, *, password_hash: str = "", address: str | None = None
) -> Enterprise:
    """Submit a new registration with its first account, whose name is the code; anybody may. Raises `Invalid`.

    A branch gets its own code here. Raises `Conflict` when all hundred codes under its parent are used.
    """
    uscc.lock(uscc.fold(values.get("parent_uscc") or values.get("uscc")))
    enterprise = _enter(check(values, licence, password_hash=password_hash), licence)
    applicant = Actor(
        role=Role.ENTERPRISE,
        name=enterprise.contact,
        enterprise_id=enterprise.id,
        is_approved=False,
        address=address,
    )
    user = _first_account(applicant, enterprise, password_hash or passwords.hashed(values["password"]))
    _submit(replace(applicant, user_id=user.id), enterprise, AuditAction.REGISTRATION_SUBMITTED)
    _tell_parent(enterprise)
    return enterprise


def register_on_behalf(actor: Actor, values: Mapping[str, Any], licence: Licence = None) -> Enterprise:
    """代办: an institution enters a walk-in, who is reviewed like everybody else. Raises `Invalid`, `Conflict`.

    Its account has no password anybody knows until the trader claims it by a one-time link.
    """
    require(actor, Permission.MATCHED_WALK_INS_EDIT)
    uscc.lock(uscc.fold(values.get("parent_uscc") or values.get("uscc")))
    clean = check(values, licence, is_on_behalf=True)
    enterprise = _enter({**clean, "registered_by_institution_id": actor.institution_id}, licence)
    open_account(actor, enterprise)
    _submit(actor, enterprise, AuditAction.REGISTRATION_SUBMITTED)
    _tell_parent(enterprise)
    return enterprise


def open_account(actor: Actor, enterprise: Enterprise) -> User:
    """The first account of an enterprise entered on behalf: nobody knows its password (a one-time link sets it)."""
    return _first_account(actor, enterprise, passwords.hashed(secrets.token_urlsafe(32)))


def _enter(clean: dict[str, Any], licence: Licence) -> Enterprise:
    """The enterprise's row, in review; a branch gets its own code here."""
    if clean["type"] is EnterpriseType.BRANCH:
        clean["uscc"] = uscc.branch_code(clean["parent_uscc"])
    enterprise = Enterprise(status=EnterpriseStatus.PENDING, status_reason="", **clean)
    db.session.add(enterprise)
    db.session.flush()  # Its key goes onto the file, the account and the registration.
    _claim(enterprise, licence)
    return enterprise


def _first_account(actor: Actor, enterprise: Enterprise, password_hash: str) -> User:
    return accounts.add_user(
        actor,
        username=enterprise.uscc,
        password_hash=password_hash,
        name=enterprise.contact,
        role=Role.ENTERPRISE,
        phone=enterprise.mobile,
        email=enterprise.email,
        enterprise_id=enterprise.id,
    )


def check_correction(actor: Actor, values: Mapping[str, Any], licence: Licence) -> dict[str, Any]:
    """The corrected values, cleaned, if they can be sent now; raises `Invalid`, `Conflict` when nothing is refused."""
    return _checked_correction(_refused_of(actor), values, licence)


def resubmit(actor: Actor, values: Mapping[str, Any], licence: Licence = None) -> Registration:
    """Send a refused registration again, corrected, under the same code; without a new licence the old one stays.

    Raises `Invalid`, and `Conflict` when the registration is not refused (any more).
    """
    return _send_again(actor, _refused_of(actor), values, licence)


def resubmit_on_behalf(
    actor: Actor, enterprise_id: int, values: Mapping[str, Any], licence: Licence = None
) -> Registration:
    """代办: the institution that entered a walk-in corrects what was refused and sends it again, as `resubmit`."""
    enterprise = on_behalf.walk_in(actor, enterprise_id, lock=True)
    if enterprise.status is not EnterpriseStatus.REFUSED:
        raise Conflict("registration_not_refused")
    return _send_again(actor, enterprise, values, licence)


def _send_again(actor: Actor, enterprise: Enterprise, values: Mapping[str, Any], licence: Licence) -> Registration:
    clean = _checked_correction(enterprise, values, licence)
    before = {name: getattr(enterprise, name) for name in clean}
    assign(enterprise, {**clean, "status": EnterpriseStatus.PENDING, "status_reason": ""})
    _claim(enterprise, licence)
    db.session.flush()
    follow_contact(actor, enterprise)
    return _submit(actor, enterprise, AuditAction.REGISTRATION_CORRECTED, before=before)


def approve(actor: Actor, registration_id: int) -> Registration:
    """The regulator says yes: the enterprise may work from now on. Raises `Conflict` when it was decided already."""
    registration = _undecided(actor, registration_id)
    workflow.move_registration(actor, RegistrationAction.APPROVE, registration.id, decided_by_id=actor.user_id)
    enterprise = registration.enterprise
    enterprise.status, enterprise.status_reason = EnterpriseStatus.APPROVED, ""
    enterprise.approved_at = clock.now()
    audit.record(
        actor,
        AuditAction.REGISTRATION_APPROVED,
        registration,
        before={"state": RegistrationState.PENDING},
        after={"state": RegistrationState.APPROVED, "uscc": enterprise.uscc},
    )
    notices.tell_enterprise(enterprise.id, "notice_registration_approved", registration)
    _mail_applicant("mail_registration_approved", enterprise)
    _tell_counter(enterprise, "notice_walk_in_approved")
    bookings_on_behalf.submit_waiting(enterprise)
    return registration


def refuse(actor: Actor, registration_id: int, reason: str) -> Registration:
    """The regulator says no, with a reason the applicant reads. Raises `Invalid`, `Conflict` when decided already."""
    words = _words(reason)
    registration = _undecided(actor, registration_id)
    workflow.move_registration(
        actor, RegistrationAction.REFUSE, registration.id, decided_by_id=actor.user_id, reason=words
    )
    enterprise = registration.enterprise
    enterprise.status, enterprise.status_reason = EnterpriseStatus.REFUSED, words
    audit.record(
        actor,
        AuditAction.REGISTRATION_REFUSED,
        registration,
        before={"state": RegistrationState.PENDING},
        after={"state": RegistrationState.REFUSED, "uscc": enterprise.uscc, "reason": words},
    )
    # The notice puts its own full stop behind the reason.
    said = words.rstrip("。.！!")
    notices.tell_enterprise(enterprise.id, "notice_registration_refused", registration, reason=said)
    _mail_applicant("mail_registration_refused", enterprise, reason=words)
    _tell_counter(enterprise, "notice_walk_in_refused", reason=said)
    return registration


def _mail_applicant(code: str, enterprise: Enterprise, **facts: Any) -> None:
    mails.write(code, recipient=enterprise.email, enterprise=enterprise.name, uscc=enterprise.uscc, **facts)


def mark_late(now: datetime | None = None, *, limit: int = 200) -> int:
    """Mark registrations past their day and tell the regulator, each once; decides nothing. Returns how many."""
    now = now or clock.now()
    late = db.session.scalars(
        sa.select(Registration)
        .where(
            Registration.state == RegistrationState.PENDING,
            Registration.due_at <= now,
            Registration.marked_late_at.is_(None),
        )
        .order_by(Registration.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    for registration in late:
        registration.marked_late_at = now
        audit.record(SYSTEM, AuditAction.REGISTRATION_MARKED_LATE, registration, after={"due_at": registration.due_at})
        _tell_reviewer(registration, "notice_registration_late")
    db.session.flush()
    return len(late)


def latest_of(actor: Actor) -> Registration | None:
    """The newest registration of the actor's own enterprise; `None` for others and for those entered by a regulator."""
    if actor.enterprise_id is None:
        return None
    return db.session.scalars(
        scoping.visible(actor, Registration)
        .where(Registration.enterprise_id == actor.enterprise_id)
        .order_by(Registration.id.desc())
        .limit(1)
    ).first()


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
    if clean["email"] and not _EMAIL.fullmatch(clean["email"]):
        problems.add("email", "email_wrong")
    return clean


def clean_text(text: object) -> str:
    """Typed words without control, direction and zero-width characters, inner spaces single; width is kept."""
    marks = (mark for mark in str(text or "") if unicodedata.category(mark) != "Cf")
    shown = "".join(" " if unicodedata.category(mark)[0] == "C" else mark for mark in marks)
    return " ".join(shown.split())


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
    elif _enterprise_with(code) is not None or accounts.is_taken(code):
        problems.add("uscc", "uscc_taken", uscc=code)
    return code


def _parent(problems: Problems, typed: Any) -> str:
    code = uscc.fold(typed)
    found = uscc.problem(code)
    if found is not None:
        problems.add("parent_uscc", found.code, **found.facts)
    return code


def _differs_from_parent(problems: Problems, clean: Mapping[str, Any], parent_code: str) -> None:
    parent = _enterprise_with(parent_code)
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


def _checked_correction(enterprise: Enterprise, values: Mapping[str, Any], licence: Licence) -> dict[str, Any]:
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


def _enterprise_with(code: str) -> Enterprise | None:
    return db.session.scalars(sa.select(Enterprise).where(Enterprise.uscc == code)).one_or_none()


def _claim(enterprise: Enterprise, licence: Licence) -> None:
    if licence is None:
        return
    row = licence if isinstance(licence, StoredFile) else stored_files.store_licence(licence)
    row.enterprise_id = enterprise.id
    enterprise.licence_file_id = row.id


def _submit(
    actor: Actor, enterprise: Enterprise, action: AuditAction, *, before: Mapping[str, Any] | None = None
) -> Registration:
    """A new registration row, due by the end of its second working day, at the competent regulator's."""
    now = clock.now()
    registration = Registration(
        enterprise=enterprise,
        state=RegistrationState.PENDING,
        reviewer_division_code=areas.competent_division(enterprise.division_code),
        submitted=_submitted(actor, enterprise),
        submitted_at=now,
        due_at=areas.deadline(now, REVIEW_WORKING_DAYS),
    )
    db.session.add(registration)
    db.session.flush()
    after = {name: getattr(enterprise, name) for name in ("uscc", *CORRECTABLE)}
    changed = {name: value for name, value in (before or {}).items() if value != after.get(name)}
    audit.record(actor, action, registration, before=changed or None, after=after)
    _tell_reviewer(registration, "notice_registration_arrived")
    return registration


def _submitted(actor: Actor, enterprise: Enterprise) -> dict[str, Any]:
    """What was typed, as the reviewer reads it, kept as it was."""
    file = db.session.get(StoredFile, enterprise.licence_file_id) if enterprise.licence_file_id else None
    return {
        "type": enterprise.type.value,
        "uscc": enterprise.uscc,
        "parent_uscc": enterprise.parent_uscc,
        **{name: getattr(enterprise, name) for name in CORRECTABLE if name != "type"},
        "licence_file_id": enterprise.licence_file_id,
        "licence_name": file.name if file else "",
        "submitted_by_id": actor.user_id,
        "submitted_by": actor.name,
    }


def _tell_reviewer(registration: Registration, code: str) -> None:
    if registration.reviewer_division_code is not None:
        notices.tell_regulator(
            registration.reviewer_division_code,
            code,
            registration,
            enterprise=registration.enterprise.name,
            due=areas.last_day(registration.due_at),
        )


def _tell_counter(enterprise: Enterprise, code: str, **facts: Any) -> None:
    """The counter at which a walk-in was entered hears the answer: its trader has no account yet."""
    if enterprise.registered_by_institution_id is not None:
        institution_id = enterprise.registered_by_institution_id
        notices.tell_institution(institution_id, code, enterprise, enterprise=enterprise.name, **facts)


def _tell_parent(enterprise: Enterprise) -> None:
    parent = _enterprise_with(enterprise.parent_uscc) if enterprise.parent_uscc else None
    if parent is not None:
        notices.tell_enterprise(
            parent.id, "notice_branch_registered", enterprise, enterprise=enterprise.name, uscc=enterprise.uscc
        )


def _refused_of(actor: Actor) -> Enterprise:
    require(actor, Permission.OWN_REGISTRATION_CORRECT)
    enterprise: Enterprise = scoping.find(actor, Enterprise, actor.enterprise_id, lock=True)
    if enterprise.status is not EnterpriseStatus.REFUSED:
        raise Conflict("registration_not_refused")
    return enterprise


def follow_contact(actor: Actor, enterprise: Enterprise) -> None:
    """The first account carries the contact's name, and its own person may have changed it."""
    user = db.session.get(User, actor.user_id)
    if user is not None and user.username == enterprise.uscc:
        user.name, user.phone, user.email = enterprise.contact, enterprise.mobile, enterprise.email
        audit.record_change(actor, AuditAction.USER_CHANGED, user)


def _undecided(actor: Actor, registration_id: int) -> Registration:
    """The registration, locked; nobody reviews what they submitted."""
    registration: Registration = scoping.find(actor, Registration, registration_id, lock=True)
    if actor.user_id is not None and registration.submitted.get("submitted_by_id") == actor.user_id:
        raise Forbidden
    if registration.state is not RegistrationState.PENDING:
        decider = db.session.get(User, registration.decided_by_id) if registration.decided_by_id else None
        raise Conflict("registration_decided_by", by=decider.name if decider else None, state=registration.state)
    return registration


def _words(reason: str | None) -> str:
    words = clean_text(reason)
    if not words:
        raise Invalid.one("reason", "reason_required")
    if len(words) > LONGEST_REASON:
        raise Invalid.one("reason", "too_long", limit=LONGEST_REASON, length=len(words))
    return words
