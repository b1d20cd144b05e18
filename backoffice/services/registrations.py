"""Registration of users of instruments: submit, review by a person, correct and submit again, mark what is late."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from .. import audit, clock, scoping, workflow
from ..actor import Actor, Role
from ..audit import AuditAction
from ..database import db
from ..errors import Conflict, Forbidden
from ..models import Enterprise, Registration, StoredFile, User
from ..permissions import Permission, require
from ..states import EnterpriseStatus, EnterpriseType, RegistrationState
from ..workflow import RegistrationAction
from . import (
    accounts,
    areas,
    bookings_on_behalf,
    deadlines,
    mails,
    notices,
    on_behalf,
    passwords,
    stored_files,
    uscc,
    users,
)
from .reference_checks import assign
from .registration_fields import CORRECTABLE, Licence, check, checked_correction, enterprise_with
from .words import inside_a_sentence, reason_words

REVIEW_WORKING_DAYS = 2


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
    return _first_account(actor, enterprise, passwords.unusable())


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
    return checked_correction(_refused_of(actor), values, licence)


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
    clean = checked_correction(enterprise, values, licence)
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
    words = reason_words(reason)
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
    said = inside_a_sentence(words)
    notices.tell_enterprise(enterprise.id, "notice_registration_refused", registration, reason=said)
    _mail_applicant("mail_registration_refused", enterprise, reason=words)
    _tell_counter(enterprise, "notice_walk_in_refused", reason=said)
    return registration


def _mail_applicant(code: str, enterprise: Enterprise, **facts: Any) -> None:
    """A walk-in gets none: it has no password yet and corrects nothing itself; the counter that entered it is told."""
    if enterprise.registered_by_institution_id is None:
        mails.write(code, recipient=enterprise.email, enterprise=enterprise.name, uscc=enterprise.uscc, **facts)


def mark_late(now: datetime | None = None, *, limit: int = 200) -> int:
    """Mark registrations past their day and tell the regulator, each once; decides nothing. Returns how many."""
    is_pending = Registration.state == RegistrationState.PENDING
    late = deadlines.mark(Registration, is_pending, AuditAction.REGISTRATION_MARKED_LATE, limit=limit, now=now)
    for registration in late:
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
    parent = enterprise_with(enterprise.parent_uscc) if enterprise.parent_uscc else None
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
        carry_contact(actor, enterprise, user)


def carry_contact(actor: Actor, enterprise: Enterprise, user: User) -> None:
    """Give an account the enterprise's contact; links that went to another address end."""
    if user.email != enterprise.email:
        users.end_links(user.id)
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
