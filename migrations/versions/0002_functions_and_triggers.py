"""Functions, triggers and expression indexes that models cannot declare."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

RULE_TABLES = (
    "division",
    "catalogue_item",
    "instrument_kind",
    "institution",
    "institution_suspension",
    "capability",
    "designation",
)

BIGRAMS = """
CREATE FUNCTION bigrams(content text) RETURNS text[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (
    SELECT coalesce(array_agg(DISTINCT substr(lower(content), place, 2)), '{}')
    FROM generate_series(1, greatest(length(content) - 1, 0)) AS place
)
"""

COUNT_RULE_CHANGES = """
CREATE FUNCTION count_rule_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE rule_revision SET revision = revision + 1, token = gen_random_uuid() WHERE id = 1;
    RETURN NULL;
END $$
"""

REFUSE_AUDIT_CHANGES = """
CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit rows never change';
END $$
"""


def upgrade() -> None:
    op.execute(BIGRAMS)
    op.execute("CREATE INDEX ix_measuring_instrument_bigrams ON measuring_instrument USING gin (bigrams(search_text))")
    op.execute(
        "CREATE INDEX ix_matching_decision_candidates ON matching_decision USING gin (candidates jsonb_path_ops)"
    )
    op.execute("INSERT INTO rule_revision (id, revision) VALUES (1, 1)")
    op.execute(COUNT_RULE_CHANGES)
    for table in RULE_TABLES:
        op.execute(
            f"CREATE TRIGGER count_rule_change AFTER INSERT OR UPDATE OR DELETE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION count_rule_change()"
        )
    op.execute(REFUSE_AUDIT_CHANGES)
    op.execute(
        "CREATE TRIGGER refuse_audit_change BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_event"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER refuse_audit_change ON audit_event")
    op.execute("DROP FUNCTION refuse_audit_change()")
    for table in RULE_TABLES:
        op.execute(f"DROP TRIGGER count_rule_change ON {table}")
    op.execute("DROP FUNCTION count_rule_change()")
    op.execute("DELETE FROM rule_revision")
    op.execute("DROP INDEX ix_matching_decision_candidates")
    op.execute("DROP INDEX ix_measuring_instrument_bigrams")
    op.execute("DROP FUNCTION bigrams(text)")
