"""What one side proposes and the other answers once: changes of an enterprise, corrections of a ledger row.

Belongs here: the one step from 待答复, counts of what waits. Does not belong here: what an answer changes.
"""

from __future__ import annotations

from typing import TypeVar

import sqlalchemy as sa

from .. import clock, scoping
from ..actor import Actor
from ..database import db, execute_counted
from ..errors import Conflict, Invalid
from ..models import ChangeRequest, CorrectionProposal, User
from ..states import ProposalState
from .registrations import LONGEST_REASON, clean_text

Proposal = TypeVar("Proposal", ChangeRequest, CorrectionProposal)


def pending_count(actor: Actor, model: type[ChangeRequest] | type[CorrectionProposal]) -> int:
    """How many of the proposals this actor may know of wait for an answer."""
    statement = sa.select(sa.func.count()).select_from(model)
    return db.session.scalar(statement.where(scoping.criterion(actor, model), is_pending(model))) or 0


def is_pending(model: type[ChangeRequest] | type[CorrectionProposal]) -> sa.ColumnElement[bool]:
    return model.state == ProposalState.PENDING


def settle(actor: Actor, proposal: Proposal, state: ProposalState, *, reason: str = "") -> None:
    """Answer or withdraw by compare-and-set; raises `Conflict` that names who was first."""
    model = type(proposal)
    moved = execute_counted(
        sa.update(model)
        .where(model.id == proposal.id, is_pending(model))
        .values(state=state, decided_at=clock.now(), decided_by_id=actor.user_id, reason=reason)
    )
    db.session.refresh(proposal)
    if moved != 1:
        decider = db.session.get(User, proposal.decided_by_id) if proposal.decided_by_id else None
        raise Conflict("proposal_settled_by", by=decider.name if decider else None, state=proposal.state)


def reason_words(reason: str | None) -> str:
    """Why somebody says no, cleaned; raises `Invalid` without one."""
    words = clean_text(reason)
    if not words:
        raise Invalid.one("reason", "reason_required")
    if len(words) > LONGEST_REASON:
        raise Invalid.one("reason", "too_long", limit=LONGEST_REASON, length=len(words))
    return words


def free_words(words: str | None) -> str:
    """What a proposer adds in their own words, cleaned; may be empty. Raises `Invalid` when too long."""
    text = clean_text(words)
    if len(text) > LONGEST_REASON:
        raise Invalid.one("words", "too_long", limit=LONGEST_REASON, length=len(text))
    return text


def inside_a_sentence(reason: str) -> str:
    """A reason that a notice puts its own full stop behind."""
    return reason.rstrip("。.！!")
