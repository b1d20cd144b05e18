"""The audit: a closed vocabulary, written in the transaction of the change it tells about.

Facts are stored, sentences are made when reading. No password, token or whole telephone number is ever stored.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from types import SimpleNamespace
from typing import Any

import sqlalchemy as sa

from . import clock
from .actor import Actor
from .database import Model, db, key_of
from .models import AuditEvent


class AuditAction(StrEnum):
    """Everything that leaves a row. `subject.verb`, in the past tense."""

    REGISTRATION_SUBMITTED = "registration.submitted"
    REGISTRATION_CORRECTED = "registration.corrected"
    REGISTRATION_APPROVED = "registration.approved"
    REGISTRATION_REFUSED = "registration.refused"
    REGISTRATION_MARKED_LATE = "registration.marked_late"
    CHANGE_MARKED_LATE = "change.marked_late"
    ENTERPRISE_CREATED = "enterprise.created"
    ENTERPRISE_CHANGED = "enterprise.changed"
    ENTERPRISE_SUSPENDED = "enterprise.suspended"
    CHANGE_REQUESTED = "change.requested"
    CHANGE_APPROVED = "change.approved"
    CHANGE_REFUSED = "change.refused"
    CHANGE_WITHDRAWN = "change.withdrawn"
    REMARK_WRITTEN = "remark.written"
    INSTRUMENT_CREATED = "instrument.created"
    INSTRUMENT_CHANGED = "instrument.changed"
    INSTRUMENT_REMOVED = "instrument.removed"
    INSTRUMENT_USE_CHANGED = "instrument.use_changed"
    CORRECTION_PROPOSED = "correction.proposed"
    CORRECTION_CONFIRMED = "correction.confirmed"
    CORRECTION_DECLINED = "correction.declined"
    CORRECTION_WITHDRAWN = "correction.withdrawn"
    RESULT_ENTERED = "result.entered"
    RESULT_CHANGED = "result.changed"
    RESULT_REMOVED = "result.removed"
    RESULT_PUBLISHED = "result.published"
    IMPORT_UPLOADED = "import.uploaded"
    IMPORT_FILE_REPLACED = "import.file_replaced"
    IMPORT_MAPPED = "import.mapped"
    IMPORT_MENDED = "import.mended"
    IMPORT_ROW_DROPPED = "import.row_dropped"
    IMPORT_ROW_RESTORED = "import.row_restored"
    IMPORT_COMMITTED = "import.committed"
    IMPORT_CANCELLED = "import.cancelled"
    IMPORT_FINISHED = "import.finished"
    IMPORT_UNDO_REQUESTED = "import.undo_requested"
    IMPORT_UNDONE = "import.undone"
    APPOINTMENT_DRAFTED = "appointment.drafted"
    APPOINTMENT_CHANGED = "appointment.changed"
    APPOINTMENT_REMOVED = "appointment.removed"
    APPOINTMENT_SUBMITTED = "appointment.submitted"
    APPOINTMENT_ANSWERED = "appointment.answered"
    ITEM_MATCHED = "item.matched"
    ITEM_UNMATCHED = "item.unmatched"
    ITEM_REQUEUED = "item.requeued"
    ITEM_WITHDRAWN = "item.withdrawn"
    ITEM_ACCEPTED = "item.accepted"
    ITEM_RETURNED = "item.returned"
    ITEM_ASSIGNED = "item.assigned"
    ITEM_REMATCHED = "item.rematched"
    ITEM_ENDED = "item.ended"
    ITEM_CANCELLED = "item.cancelled"
    ITEM_PUT_ASIDE = "item.put_aside"
    SLIP_OPENED = "slip.opened"
    SLIP_CHANGED = "slip.changed"
    SLIP_MARKED_LATE = "slip.marked_late"
    REFERENCE_CREATED = "reference.created"
    REFERENCE_CHANGED = "reference.changed"
    REFERENCE_REMOVED = "reference.removed"
    USER_CREATED = "user.created"
    USER_CHANGED = "user.changed"
    USER_LINK_ISSUED = "user.link_issued"
    USER_PASSWORD_CHANGED = "user.password_changed"
    SIGNED_IN = "user.signed_in"
    SIGN_IN_FAILED = "user.sign_in_failed"
    SIGNED_OUT = "user.signed_out"
    JOB_STARTED_BY_HAND = "job.started_by_hand"


MASKED = ("phone", "mobile", "site_phone", "stall_phone")
OMITTED = (
    "password_hash",
    "previous_password_hashes",
    "token_hash",
    "content",
    "search_text",
    "updated_at",
    "version",
    "printed",
    "returned_facts",
)

_seal_key = b""


def set_seal_key(key: bytes) -> None:
    """Give the key that seals rows; called once at start."""
    global _seal_key
    _seal_key = key


def record(
    actor: Actor,
    action: AuditAction,
    subject: Model,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> AuditEvent:
    """Write one audit row about `subject`, which must have its key already (flush first)."""
    event = AuditEvent(
        at=clock.now(),
        action=action.value,
        actor_id=actor.user_id,
        actor_name=actor.name,
        actor_role=actor.role,
        address=actor.address,
        subject_type=type(subject).__tablename__,
        subject_id=str(key_of(subject)),
        subject_label=str(subject)[:200] if type(subject).__str__ is not object.__str__ else "",
        enterprise_id=_enterprise_of(subject),
        before=cleaned(before) if before else None,
        after=cleaned(after) if after else None,
    )
    event.seal = seal(event)
    db.session.add(event)
    return event


def record_change(actor: Actor, action: AuditAction, row: Model, *, reason: str = "") -> bool:
    """Flush a changed row and record old and new values of what changed; nothing changed, nothing recorded."""
    before, after = changes(row)
    if not after:
        return False
    db.session.flush()
    record(actor, action, row, before=before, after={**after, "reason": reason} if reason else after)
    return True


def changes(row: Model) -> tuple[dict[str, Any], dict[str, Any]]:
    """Old and new values of a row's changed columns; call before flushing."""
    state = sa.inspect(row)
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    for column in state.mapper.column_attrs:
        history = state.attrs[column.key].history
        if history.has_changes() and column.key not in OMITTED:
            old = history.deleted[0] if history.deleted else None
            new = history.added[0] if history.added else None
            if old != new:
                before[column.key], after[column.key] = old, new
    return before, after


def values_of(row: Model) -> dict[str, Any]:
    """All recorded values of a row, for its creation or removal."""
    state = sa.inspect(row)
    return {
        column.key: getattr(row, column.key)
        for column in state.mapper.column_attrs
        if column.key not in OMITTED and column.key not in state.unloaded
    }


def seal(event: AuditEvent | SimpleNamespace) -> str:
    """A keyed digest of the row, so that a change made past the product shows. A row may be its plain values."""
    content = [
        event.at.astimezone(UTC).isoformat(),
        event.action,
        event.actor_id,
        event.actor_name,
        event.subject_type,
        event.subject_id,
        event.before,
        event.after,
    ]
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, default=str)
    return hmac.new(_seal_key, text.encode(), hashlib.sha256).hexdigest()


def _enterprise_of(subject: Model) -> int | None:
    if type(subject).__tablename__ == "enterprise":
        return int(key_of(subject))
    return getattr(subject, "enterprise_id", None)


def cleaned(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values as the audit keeps them: plain, telephone numbers masked, secrets left out."""
    return {key: _plain(key, value) for key, value in values.items() if key not in OMITTED}


def _plain(key: str, value: Any) -> Any:
    if key in MASKED and isinstance(value, str):
        return masked(value)
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, Mapping):
        return cleaned(value)
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain("", entry) for entry in value]
    return value


def masked(number: str) -> str:
    """A telephone number with its middle hidden: 138****1234."""
    return f"{number[:3]}****{number[-4:]}" if len(number) >= 8 else "****"
