"""Deciding again what the demo data stored, by the rules exported at that time."""

from __future__ import annotations

import json

import sqlalchemy as sa

from backoffice.database import db
from backoffice.matching import decide_lines
from backoffice.models import MatchingAttempt, MatchingDecision, RuleSnapshot
from backoffice.services import invariants


def check_every_decision() -> int:
    """Every stored attempt is decided the same again; returns how many decisions those were."""
    decisions = db.session.scalars(
        sa.select(MatchingDecision).where(MatchingDecision.id.in_(sa.select(MatchingAttempt.decision_id)))
    ).all()
    for revision in {row.rule_revision for row in decisions}:
        own = [row for row in decisions if row.rule_revision == revision]
        exported = db.session.execute(
            sa.select(RuleSnapshot.rules).where(RuleSnapshot.revision == revision)
        ).scalar_one()
        lines = [json.dumps({"id": row.id, **row.facts}) for row in own]
        answers = [json.loads(line) for line in decide_lines(exported, lines)]
        assert answers == [invariants.answer_of(row) for row in own]
    return len(decisions)
