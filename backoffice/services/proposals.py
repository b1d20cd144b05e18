"""What one side proposes and the other answers once: changes of an enterprise, corrections of a ledger row.

Belongs here: the one step from 待答复, counts of what waits. Does not belong here: what an answer changes.
"""

from __future__ import annotations

from typing import TypeVar

import sqlalchemy as sa

from .. import clock, scoping
from ..actor import Actor
from ..database import db, execute_counted
from ..errors import Conflict
from ..models import ChangeRequest, CorrectionProposal, User
from ..states import ProposalState

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
