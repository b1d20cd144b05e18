"""Every attempt to match is kept: the rules it ran under, the facts, the candidates, and who or what triggered it."""

from __future__ import annotations

import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ..database import Model
from ..states import MatchTrigger
from .columns import Key, Moment, code_column


class RuleRevision(Model):
    """One row: grows whenever a table the rules are read from changes (triggers hold it, so no path is missed)."""

    __tablename__ = "rule_revision"

    id: Mapped[int] = mapped_column(primary_key=True)
    revision: Mapped[int] = mapped_column(sa.BigInteger)
    token: Mapped[uuid.UUID] = mapped_column(server_default=sa.func.gen_random_uuid())
    """New with every change: two transactions may both count to the same revision when one of them rolls back."""


class RuleSnapshot(Model):
    """The rules of a revision that decided something, in the shape of `rules export`, so that it can be replayed."""

    __tablename__ = "rule_snapshot"

    revision: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True, autoincrement=False)
    rules: Mapped[dict[str, Any]] = mapped_column(JSONB, deferred=True)
    created_at: Mapped[Moment]


class MatchingDecision(Model):
    """A decision, stored once per distinct facts and rules and referenced by every item that shares it."""

    __tablename__ = "matching_decision"

    id: Mapped[Key]
    digest: Mapped[str] = mapped_column(sa.String(64), unique=True)
    rule_revision: Mapped[int] = mapped_column(sa.ForeignKey("rule_snapshot.revision"))
    facts: Mapped[dict[str, Any]] = mapped_column(JSONB)
    """The item as the decision function saw it, without its id."""
    outcome: Mapped[str] = mapped_column(sa.String(16))
    institution_id: Mapped[int | None] = mapped_column(sa.BigInteger)
    capability_id: Mapped[int | None] = mapped_column(sa.BigInteger)
    decided_by: Mapped[str | None] = mapped_column(sa.String(16))
    field: Mapped[str | None] = mapped_column(sa.String(16))
    candidates: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    created_at: Mapped[Moment]

    snapshot: Mapped[RuleSnapshot] = relationship()


class MatchingAttempt(Model):
    """One attempt for one item; `trigger` says what caused it."""

    __tablename__ = "matching_attempt"

    id: Mapped[Key]
    item_id: Mapped[int] = mapped_column(sa.ForeignKey("appointment_item.id"), index=True)
    decision_id: Mapped[int] = mapped_column(sa.ForeignKey("matching_decision.id"), index=True)
    trigger: Mapped[MatchTrigger] = mapped_column(code_column(MatchTrigger))
    attempted_at: Mapped[Moment]

    decision: Mapped[MatchingDecision] = relationship()
