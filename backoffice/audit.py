"""The audit: a closed vocabulary, written in the transaction of the change it tells about.

Facts are stored, sentences are made when reading. No password, token or whole telephone number is ever stored.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
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

PLAIN = (str, int, bool, type(None))
"""Kept as they are. Exactly these: a state is a `str` too."""

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


def seal(event: AuditEvent) -> str:
    """A keyed digest of the row, so that a change made past the product shows."""
    head = _head_of_seal(event.at, event.action, event.actor_id, event.actor_name, event.subject_type)
    return _sealed(head, event.subject_id, _as_json(event.before), _as_json(event.after))


def _head_of_seal(at: datetime, action: str, actor_id: int | None, actor_name: str, subject_type: str) -> str:
    """What the sealed text begins with: the same for all rows of a `Series`."""
    return _as_json([at.astimezone(UTC).isoformat(), action, actor_id, actor_name, subject_type])[:-1]


def _sealed(head: str, subject_id: str, before: str, after: str) -> str:
    text = f"{head}, {_as_json(subject_id)}, {before}, {after}]"
    return hmac.digest(_seal_key, text.encode(), "sha256").hex()


_as_json = json.JSONEncoder(ensure_ascii=False, sort_keys=True, default=str).encode
NOTHING = _as_json(None)


class Series:
    """Audit rows of one action at one moment about many subjects: plain tuples for a COPY, sealed as any other row."""

    COLUMNS = (
        "at",
        "action",
        "actor_id",
        "actor_name",
        "actor_role",
        "subject_type",
        "enterprise_id",
        "subject_id",
        "subject_label",
        "before",
        "after",
        "seal",
    )

    def __init__(self, actor: Actor, action: AuditAction, subject_type: str, enterprise_id: int | None) -> None:
        at = clock.now()
        self._alike = (at, action.value, actor.user_id, actor.name, actor.role.value, subject_type, enterprise_id)
        self._head = _head_of_seal(at, action.value, actor.user_id, actor.name, subject_type)

    def row(
        self, subject_id: str, label: str, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None
    ) -> tuple[Any, ...]:
        """The values of `COLUMNS` for one subject; the JSON that is stored is the JSON that is sealed."""
        old, new = (_as_json(cleaned(values)) if values else None for values in (before, after))
        sealed = _sealed(self._head, subject_id, old or NOTHING, new or NOTHING)
        return (*self._alike, subject_id, label[:200], old, new, sealed)


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
    if type(value) in PLAIN:
        return value
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
