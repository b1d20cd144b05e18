"""Mails with a one-time link, unfinished runs, items out of force, late requests, slips as they were printed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

UNFINISHED = "outcome IN ('requested', 'running')"


def upgrade() -> None:
    op.add_column("outgoing_mail", sa.Column("has_link", sa.Boolean(), nullable=False, server_default=sa.false()))
    # The form of a link as services/mails.LINK has it on the day of this migration.
    op.execute(r"UPDATE outgoing_mail SET has_link = true WHERE body ~ 'https?://\S+/link/\S+'")
    op.alter_column("outgoing_mail", "has_link", server_default=None)
    op.create_index("ix_outgoing_mail_link", "outgoing_mail", ["created_at"], postgresql_where=sa.text("has_link"))
    op.create_index("ix_job_run_unfinished", "job_run", ["id"], postgresql_where=sa.text(UNFINISHED))
    op.add_column("catalogue_item", sa.Column("is_active", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.alter_column("catalogue_item", "is_active", server_default=None)
    op.add_column("change_request", sa.Column("marked_late_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("slip", sa.Column("printed", postgresql.JSONB(), nullable=True))
    op.add_column("receipt", sa.Column("arrangement", postgresql.JSONB(), nullable=True))
    op.add_column("appointment_item", sa.Column("returned_facts", postgresql.JSONB(), nullable=True))
    op.add_column("appointment_item", sa.Column("office_answer", sa.String(500), nullable=False, server_default=""))
    op.alter_column("appointment_item", "office_answer", server_default=None)
    op.add_column("appointment_item", sa.Column("office_answered_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("appointment_item", "office_answered_at")
    op.drop_column("appointment_item", "office_answer")
    op.drop_column("appointment_item", "returned_facts")
    op.drop_column("receipt", "arrangement")
    op.drop_column("slip", "printed")
    op.drop_column("change_request", "marked_late_at")
    op.drop_column("catalogue_item", "is_active")
    op.drop_index("ix_job_run_unfinished", table_name="job_run", postgresql_where=sa.text(UNFINISHED))
    op.drop_index("ix_outgoing_mail_link", table_name="outgoing_mail", postgresql_where=sa.text("has_link"))
    op.drop_column("outgoing_mail", "has_link")
