"""What an enterprise changes of itself: its contact at once, what stands on its licence as a reviewed request.

A request keeps old and new values of the columns it asks for; approval writes those columns and no others, whatever
happened to the rest of the row meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from .. import audit, clock, scoping
from ..actor import Actor
from ..audit import AuditAction
from ..database import db
from ..errors import Conflict, Forbidden, Invalid
from ..models import ChangeRequest, Enterprise
from ..permissions import Permission, may, require
from ..states import EnterpriseStatus, ProposalState
from . import areas, deadlines, mails, notices, proposals, registration_fields, registrations
from .reference_checks import assign
from .words import clean_text, free_words, inside_a_sentence, reason_words

REQUESTED_COLUMNS = ("name", "division_code", "address", "principal")
"""What stands on the licence; a person of the regulator compares it."""
CONTACT_COLUMNS = ("contact", "mobile", "email")


def change_contact(actor: Actor, *, contact: str, mobile: str, email: str = "") -> Enterprise:
    """Change who is called and written to, at once; the address so far hears of it. Raises `Invalid`."""
    require(actor, Permission.OWN_ENTERPRISE_EDIT)
    enterprise = _own(actor)
    so_far = enterprise.email
    clean = registration_fields.check_fields(enterprise, {"contact": contact, "mobile": mobile, "email": email})
    assign(enterprise, clean)
    if audit.record_change(actor, AuditAction.ENTERPRISE_CHANGED, enterprise):
        registrations.follow_contact(actor, enterprise)
        name, code = enterprise.name, enterprise.uscc
        mails.write("mail_contact_changed", recipient=so_far, enterprise=name, uscc=code)
    return enterprise


def submit(actor: Actor, values: Mapping[str, Any], *, words: str) -> ChangeRequest:
    """Ask for new values of `REQUESTED_COLUMNS`; what equals the row's is not part of the request.

    The regulator of the division registered now answers, also when the division is what changes. Raises `Invalid`
    (also when nothing differs), `Conflict` while another request waits.
    """
    require(actor, Permission.OWN_ENTERPRISE_EDIT)
    enterprise = _own(actor)
    if pending_of(enterprise.id) is not None:
        raise Conflict("change_waits_already")
    wanted = _differing(enterprise, values)
    clean = registration_fields.check_fields(enterprise, wanted)
    if not clean:
        raise Invalid.one("", "change_nothing")
    why = free_words(words)
    if not why:
        raise Invalid.one("words", "reason_required")
    now = clock.now()
    request = ChangeRequest(
        enterprise=enterprise,
        reviewer_division_code=areas.competent_division(enterprise.division_code),
        before={name: getattr(enterprise, name) for name in clean},
        after=clean,
        words=why,
        requested_by_id=actor.user_id,
        submitted_at=now,
        due_at=areas.deadline(now, registrations.REVIEW_WORKING_DAYS),
    )
    _insert(request)
    audit.record(actor, AuditAction.CHANGE_REQUESTED, request, before=request.before, after=request.after)
    _tell_reviewer(request, "notice_change_arrived")
    return request


def mark_late(*, limit: int = 200) -> int:
    """Mark requests past their day and tell the regulator, each once; decides nothing. Returns how many."""
    is_pending = proposals.is_pending(ChangeRequest)
    late = deadlines.mark(ChangeRequest, is_pending, AuditAction.CHANGE_MARKED_LATE, limit=limit)
    for request in late:
        _tell_reviewer(request, "notice_change_late")
    db.session.flush()
    return len(late)


def withdraw(actor: Actor, request_id: int) -> ChangeRequest:
    """The enterprise takes its request back; raises `Conflict` when it was answered in between."""
    require(actor, Permission.OWN_ENTERPRISE_EDIT)
    request: ChangeRequest = scoping.find(actor, ChangeRequest, request_id)
    proposals.settle(actor, request, ProposalState.WITHDRAWN)
    audit.record(actor, AuditAction.CHANGE_WITHDRAWN, request, before=_pending(), after={"state": request.state})
    return request


def approve(actor: Actor, request_id: int) -> ChangeRequest:
    """Say yes: exactly the requested columns are written. Raises `Conflict` when answered in between.

    Raises `Invalid` when a wanted value cannot be registered any more (its division was retired since).
    """
    request = _to_decide(actor, request_id)
    enterprise = _held(request.enterprise_id)
    proposals.settle(actor, request, ProposalState.APPROVED)
    assign(enterprise, registration_fields.check_fields(enterprise, request.after))
    audit.record_change(actor, AuditAction.ENTERPRISE_CHANGED, enterprise)
    audit.record(
        actor,
        AuditAction.CHANGE_APPROVED,
        request,
        before={**request.before, **_pending()},
        after={**request.after, "state": request.state},
    )
    notices.tell_enterprise(enterprise.id, "notice_change_approved", request)
    return request


def refuse(actor: Actor, request_id: int, reason: str) -> ChangeRequest:
    """Say no, with a reason the enterprise reads. Raises `Invalid`, `Conflict` when answered in between."""
    words = reason_words(reason)
    request = _to_decide(actor, request_id)
    proposals.settle(actor, request, ProposalState.REFUSED, reason=words)
    audit.record(
        actor,
        AuditAction.CHANGE_REFUSED,
        request,
        before=_pending(),
        after={"state": request.state, "reason": words},
    )
    notices.tell_enterprise(request.enterprise_id, "notice_change_refused", request, reason=inside_a_sentence(words))
    return request


def pending_of(enterprise_id: int) -> ChangeRequest | None:
    """The request of this enterprise that waits for an answer; there is never a second."""
    return db.session.scalars(
        sa.select(ChangeRequest).where(
            ChangeRequest.enterprise_id == enterprise_id, proposals.is_pending(ChangeRequest)
        )
    ).one_or_none()


def pending_count(actor: Actor) -> int:
    """Requests that wait: the enterprise's own, those a regulator (or the administrator) has to answer."""
    return proposals.pending_count(actor, ChangeRequest)


def changed_since(request: ChangeRequest) -> dict[str, Any]:
    """Columns of a waiting request that somebody changed after it was sent, with the values they have now."""
    if request.state is not ProposalState.PENDING:
        return {}
    now = {name: getattr(request.enterprise, name) for name in request.before}
    return {name: value for name, value in now.items() if value != request.before[name]}


def _own(actor: Actor) -> Enterprise:
    """The actor's enterprise, held: its requests and its row change one after the other."""
    enterprise: Enterprise = scoping.find(actor, Enterprise, actor.enterprise_id, lock=True)
    if enterprise.status is not EnterpriseStatus.APPROVED:
        raise Conflict("enterprise_not_in_force", status=enterprise.status)
    return enterprise


def _tell_reviewer(request: ChangeRequest, code: str) -> None:
    if request.reviewer_division_code is not None:
        notices.tell_regulator(
            request.reviewer_division_code,
            code,
            request,
            enterprise=request.enterprise.name,
            due=areas.last_day(request.due_at),
        )


def _differing(enterprise: Enterprise, values: Mapping[str, Any]) -> dict[str, Any]:
    typed = {name: clean_text(values.get(name)) for name in REQUESTED_COLUMNS if name in values}
    return {name: value for name, value in typed.items() if value != getattr(enterprise, name)}


def _insert(request: ChangeRequest) -> None:
    try:
        with db.session.begin_nested():
            db.session.add(request)
    except IntegrityError as refused:
        raise Conflict("change_waits_already") from refused


def _to_decide(actor: Actor, request_id: int) -> ChangeRequest:
    """A request of the actor's queue; the administrator's are those without a competent regulator."""
    if not (may(actor, Permission.AREA_CHANGES_DECIDE) or may(actor, Permission.ALL_REGISTRATIONS_DECIDE)):
        raise Forbidden
    request: ChangeRequest = scoping.find(actor, ChangeRequest, request_id)
    return request


def _held(enterprise_id: int) -> Enterprise:
    """The request is in scope; so is the row it is about."""
    return db.session.scalars(
        sa.select(Enterprise)
        .where(Enterprise.id == enterprise_id)
        .with_for_update(of=Enterprise)
        .execution_options(populate_existing=True)
    ).one()


def _pending() -> dict[str, Any]:
    return {"state": ProposalState.PENDING}
