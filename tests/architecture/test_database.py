"""The schema: migrations and models agree, and what triggers promise holds."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from flask import Flask

from backoffice import audit, models, scoping
from backoffice.actor import SYSTEM
from backoffice.database import Base, db
from backoffice.models import AuditEvent, RuleRevision
from tests import factories

HAND_MADE_INDEXES = {"ix_measuring_instrument_bigrams", "ix_matching_decision_candidates"}


def include_object(_: object, name: str | None, type_: str, *__: object) -> bool:
    return not (type_ == "index" and name in HAND_MADE_INDEXES)


def test_migrations_and_models_agree(app: Flask) -> None:
    context = MigrationContext.configure(
        db.session.connection(), opts={"compare_type": True, "include_object": include_object}
    )
    assert compare_metadata(context, Base.metadata) == []


def test_every_table_of_business_has_a_scoping_rule_or_is_named_here() -> None:
    mapped = {mapper.class_ for mapper in Base.registry.mappers if mapper.class_ in vars(models).values()}
    without_rule = {model.__name__ for model in mapped - set(scoping.RULES)}
    assert without_rule == {
        "FormKey",
        "JobHeartbeat",
        "NumberSequence",
        "RuleRevision",
        "RuleSnapshot",
        "SignInAttempt",
        "UserSession",
    }


def test_a_change_of_a_rule_table_counts_as_a_revision(app: Flask) -> None:
    before = db.session.scalar(sa.select(RuleRevision.revision))
    factories.CapabilityFactory()
    assert (db.session.scalar(sa.select(RuleRevision.revision)) or 0) > (before or 0)


@pytest.mark.parametrize("statement", ["UPDATE audit_event SET action = 'x'", "DELETE FROM audit_event"])
def test_audit_rows_never_change(app: Flask, statement: str) -> None:
    enterprise = factories.EnterpriseFactory()
    audit.record(SYSTEM, audit.AuditAction.ENTERPRISE_CREATED, enterprise)
    db.session.flush()
    with pytest.raises(sa.exc.DatabaseError, match="audit rows never change"):
        db.session.execute(sa.text(statement))


def test_an_audit_row_is_sealed_and_hides_telephones(app: Flask) -> None:
    enterprise = factories.EnterpriseFactory(mobile="13905330001")
    event = audit.record(SYSTEM, audit.AuditAction.ENTERPRISE_CREATED, enterprise, after=audit.values_of(enterprise))
    db.session.flush()
    stored = db.session.get(AuditEvent, event.id, populate_existing=True)
    assert stored is not None
    assert stored.after is not None
    assert stored.after["mobile"] == "139****0001"
    assert stored.seal == audit.seal(stored)
