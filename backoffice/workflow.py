"""May it happen from this state? Transition tables as data; buttons and refusals come from the same table.

Also here: the states of appointments and slips, which are functions of their items' states (SPEC, Appointments).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.orm.util import identity_key

from . import clock
from .actor import Actor
from .database import db, execute_counted
from .errors import Conflict, Forbidden
from .models import AppointmentItem, Registration
from .permissions import Permission, may
from .states import (
    OVER_ITEMS,
    AppointmentStatus,
    ItemStatus,
    RegistrationState,
    SlipStatus,
)

S = ItemStatus
P = Permission


ACCEPTED_AND_AFTER = (S.ACCEPTED, S.PASSED, S.NOT_PASSED, S.ENDED)
"""What a slip lists: items the institution said yes to."""


class ItemAction(StrEnum):
    SUBMIT = "submit"
    MATCH = "match"
    FIND_NOBODY = "find_nobody"
    REQUEUE = "requeue"
    WITHDRAW = "withdraw"
    ACCEPT = "accept"
    RETURN = "return"
    ASSIGN = "assign"
    REMATCH = "rematch"
    RECORD_PASS = "record_pass"
    RECORD_FAIL = "record_fail"
    END = "end"
    CANCEL = "cancel"


class RegistrationAction(StrEnum):
    APPROVE = "approve"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class Transition:
    """`permission` is what the actor needs, or one of `on_behalf`; `needs_words`: a reason must come with it."""

    action: StrEnum
    sources: tuple[StrEnum, ...]
    target: StrEnum
    permission: Permission
    needs_words: bool = False
    on_behalf: tuple[Permission, ...] = ()
    """Permissions of who may do it for an enterprise (代办); the service sees to whose rows they are."""


ON_BEHALF = (P.MATCHED_WALK_INS_EDIT, P.AREA_APPOINTMENTS_EDIT)

ITEM_TRANSITIONS: tuple[Transition, ...] = (
    Transition(ItemAction.SUBMIT, (S.DRAFT,), S.MATCHING, P.OWN_APPOINTMENTS_SUBMIT, on_behalf=ON_BEHALF),
    Transition(ItemAction.MATCH, (S.MATCHING,), S.AWAITING_ACCEPTANCE, P.ALL_MATCHING_RUN),
    Transition(ItemAction.FIND_NOBODY, (S.MATCHING,), S.UNMATCHED, P.ALL_MATCHING_RUN),
    # Rules or the ledger row changed: what is waiting is decided anew.
    Transition(ItemAction.REQUEUE, (S.UNMATCHED,), S.MATCHING, P.ALL_MATCHING_RUN),
    Transition(
        ItemAction.WITHDRAW,
        (S.MATCHING, S.UNMATCHED, S.AWAITING_ACCEPTANCE),
        S.WITHDRAWN,
        P.OWN_APPOINTMENTS_WITHDRAW,
    ),
    Transition(ItemAction.ACCEPT, (S.AWAITING_ACCEPTANCE,), S.ACCEPTED, P.MATCHED_SLIPS_ACCEPT),
    Transition(ItemAction.RETURN, (S.AWAITING_ACCEPTANCE,), S.FAILED, P.MATCHED_SLIPS_RETURN, needs_words=True),
    # By hand, for what no rule matched: overrides PLACE only; every other filter must pass.
    Transition(ItemAction.ASSIGN, (S.UNMATCHED,), S.AWAITING_ACCEPTANCE, P.AREA_UNMATCHED_ASSIGN, needs_words=True),
    # The institution let its two working days pass: the regulator may send it round again.
    Transition(ItemAction.REMATCH, (S.AWAITING_ACCEPTANCE,), S.MATCHING, P.AREA_UNMATCHED_ASSIGN, needs_words=True),
    Transition(ItemAction.RECORD_PASS, (S.ACCEPTED,), S.PASSED, P.MATCHED_RESULTS_PUBLISH),
    Transition(ItemAction.RECORD_FAIL, (S.ACCEPTED,), S.NOT_PASSED, P.MATCHED_RESULTS_PUBLISH),
    Transition(ItemAction.END, (S.ACCEPTED,), S.ENDED, P.MATCHED_SLIPS_ACCEPT, needs_words=True),
    # The regulator of the use place cancels with a reason; the instrument is free again.
    Transition(
        ItemAction.CANCEL,
        (S.MATCHING, S.UNMATCHED, S.AWAITING_ACCEPTANCE, S.ACCEPTED),
        S.ENDED,
        P.AREA_APPOINTMENTS_CANCEL,
        needs_words=True,
    ),
)

REGISTRATION_TRANSITIONS: tuple[Transition, ...] = (
    Transition(
        RegistrationAction.APPROVE,
        (RegistrationState.PENDING,),
        RegistrationState.APPROVED,
        P.AREA_REGISTRATIONS_DECIDE,
    ),
    Transition(
        RegistrationAction.REFUSE,
        (RegistrationState.PENDING,),
        RegistrationState.REFUSED,
        P.AREA_REGISTRATIONS_DECIDE,
        needs_words=True,
    ),
)

_BY_ACTION: dict[StrEnum, Transition] = {
    transition.action: transition for transition in (*ITEM_TRANSITIONS, *REGISTRATION_TRANSITIONS)
}


def transition(action: StrEnum) -> Transition:
    return _BY_ACTION[action]


def may_happen(actor: Actor, action: StrEnum, state: StrEnum) -> bool:
    """Whether a button for this action belongs on a record in this state, for this actor."""
    step = _BY_ACTION[action]
    return state in step.sources and _is_permitted(actor, step)


def _is_permitted(actor: Actor, step: Transition) -> bool:
    # An administrator answers registrations of areas in which no regulator has an account.
    if step.permission is P.AREA_REGISTRATIONS_DECIDE and may(actor, P.ALL_REGISTRATIONS_DECIDE):
        return True
    return any(may(actor, each) for each in (step.permission, *step.on_behalf))


def move_items(actor: Actor, action: ItemAction, ids: Sequence[int], **values: Any) -> list[int]:
    """Move items by compare-and-set and return the ids that moved.

    Items no longer in a state the action starts from stay as they are: the caller decides whether that is a refusal
    (`all_or_conflict`) or somebody else's luck. `values` are further columns to set. Raises `Forbidden`.
    """
    step = _BY_ACTION[action]
    if not _is_permitted(actor, step):
        raise Forbidden
    if not ids:
        return []
    changes = {"status": step.target, "status_since": clock.now(), "updated_at": clock.now(), **values}
    moved = db.session.scalars(
        sa.update(AppointmentItem)
        .where(AppointmentItem.id.in_(ids), AppointmentItem.status.in_(step.sources))
        .values(changes)
        .returning(AppointmentItem.id),
        execution_options={"synchronize_session": False},
    ).all()
    set_on_loaded_items(moved, changes)
    return sorted(moved)


def set_on_loaded_items(ids: Iterable[int], changes: Mapping[str, Any]) -> None:
    """Tell items this session has loaded what a set statement just stored, without a query each."""
    for item_id in ids:
        item = db.session.identity_map.get(identity_key(AppointmentItem, item_id))
        if item is not None:
            for name, value in changes.items():
                set_committed_value(item, name, value)


def all_or_conflict(wanted: Iterable[int], moved: Iterable[int]) -> None:
    """Raise `Conflict` when not every wanted item moved: somebody decided in between, and nothing is half done."""
    missing = set(wanted) - set(moved)
    if missing:
        raise Conflict("already_decided", count=len(missing))


def move_registration(actor: Actor, action: RegistrationAction, registration_id: int, **values: Any) -> None:
    """Decide a registration by compare-and-set; raises `Conflict` if it was decided in between, `Forbidden`."""
    step = _BY_ACTION[action]
    if not _is_permitted(actor, step):
        raise Forbidden
    moved = execute_counted(
        sa.update(Registration)
        .where(Registration.id == registration_id, Registration.state.in_(step.sources))
        .values(state=step.target, decided_at=clock.now(), **values)
    )
    if moved != 1:
        raise Conflict("registration_already_decided")
    db.session.expire_all()


def appointment_status(items: Sequence[AppointmentItem], *, has_receipt: bool) -> AppointmentStatus:
    """The appointment's state as a function of its items' (SPEC, Appointments)."""
    states = [item.status for item in items]
    if not states or all(state is S.DRAFT for state in states):
        return AppointmentStatus.DRAFT
    if all(state is S.WITHDRAWN for state in states):
        return AppointmentStatus.WITHDRAWN
    if all(item.status in OVER_ITEMS or (item.status is S.FAILED and item.is_resolved) for item in items):
        return AppointmentStatus.CLOSED
    return AppointmentStatus.FEEDBACK if has_receipt else AppointmentStatus.SUBMITTED


def state_on_slip(item: AppointmentItem) -> ItemStatus:
    """The item's state as its slip sees it: what was cancelled before an acceptance is gone like a withdrawn one."""
    return S.WITHDRAWN if item.status is S.ENDED and item.institution_id is None else item.status


def slip_status(states: Sequence[ItemStatus]) -> SlipStatus:
    """The slip's state as a function of its items'. Empty: everything was sent elsewhere."""
    if not states:
        return SlipStatus.TRANSFERRED
    kept = [state for state in states if state is not S.WITHDRAWN]
    if not kept:
        return SlipStatus.WITHDRAWN
    waiting = [state for state in kept if state is S.AWAITING_ACCEPTANCE]
    if len(waiting) == len(kept):
        return SlipStatus.AWAITING
    if waiting:
        return SlipStatus.PARTLY
    if all(state is S.FAILED for state in kept):
        return SlipStatus.RETURNED
    if any(state is S.ACCEPTED for state in kept):
        return SlipStatus.ACCEPTED
    return SlipStatus.COMPLETED
