"""Change requests, corrections, 代办, mails and one-time links; the optional columns of the ledger."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


FILLED = (
    ("appointment", "is_submitted_on_approval"),
    ("form_key", "said"),
    ("form_key", "kind"),
    ("measuring_instrument", "oil_product"),
    ("measuring_instrument", "stall_number"),
    ("measuring_instrument", "stall_operator"),
    ("measuring_instrument", "stall_phone"),
    ("measuring_instrument", "season"),
    ("measuring_instrument", "production_code"),
    ("measuring_instrument", "repair_code"),
    ("measuring_instrument", "verification_code"),
    ("measuring_instrument", "seal_number"),
)
"""Columns whose default only fills the rows that are there; afterwards the model gives the value."""


def upgrade() -> None:
    op.create_table(
        "enterprise_remark",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("institution_id", sa.BigInteger(), nullable=False),
        sa.Column("enterprise_id", sa.BigInteger(), nullable=False),
        sa.Column("words", sa.String(length=1000), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["enterprise_id"], ["enterprise.id"], name=op.f("fk_enterprise_remark_enterprise_id_enterprise")
        ),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_enterprise_remark_institution_id_institution")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enterprise_remark")),
        sa.UniqueConstraint(
            "institution_id", "enterprise_id", name=op.f("uq_enterprise_remark_institution_id_enterprise_id")
        ),
    )
    op.create_index(op.f("ix_enterprise_remark_enterprise_id"), "enterprise_remark", ["enterprise_id"], unique=False)
    op.create_table(
        "change_request",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("enterprise_id", sa.BigInteger(), nullable=False),
        sa.Column("reviewer_division_code", sa.String(length=6), nullable=True),
        sa.Column(
            "state",
            sa.Enum("pending", "approved", "refused", "withdrawn", name="proposalstate", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("before", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("after", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("words", sa.String(length=500), nullable=False),
        sa.Column("requested_by_id", sa.BigInteger(), nullable=True),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by_id", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["app_user.id"], name=op.f("fk_change_request_decided_by_id_app_user")
        ),
        sa.ForeignKeyConstraint(
            ["enterprise_id"], ["enterprise.id"], name=op.f("fk_change_request_enterprise_id_enterprise")
        ),
        sa.ForeignKeyConstraint(
            ["requested_by_id"], ["app_user.id"], name=op.f("fk_change_request_requested_by_id_app_user")
        ),
        sa.ForeignKeyConstraint(
            ["reviewer_division_code"],
            ["division.code"],
            name=op.f("fk_change_request_reviewer_division_code_division"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_change_request")),
    )
    op.create_index(op.f("ix_change_request_enterprise_id"), "change_request", ["enterprise_id"], unique=False)
    op.create_index(
        op.f("ix_change_request_reviewer_division_code"), "change_request", ["reviewer_division_code"], unique=False
    )
    op.create_index(
        "uq_change_request_pending",
        "change_request",
        ["enterprise_id"],
        unique=True,
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_table(
        "correction_proposal",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("instrument_id", sa.BigInteger(), nullable=False),
        sa.Column("enterprise_id", sa.BigInteger(), nullable=False),
        sa.Column("institution_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "state",
            sa.Enum("pending", "approved", "refused", "withdrawn", name="proposalstate", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("before", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("after", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("words", sa.String(length=500), nullable=False),
        sa.Column("proposed_by_id", sa.BigInteger(), nullable=True),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by_id", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["app_user.id"], name=op.f("fk_correction_proposal_decided_by_id_app_user")
        ),
        sa.ForeignKeyConstraint(
            ["enterprise_id"], ["enterprise.id"], name=op.f("fk_correction_proposal_enterprise_id_enterprise")
        ),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_correction_proposal_institution_id_institution")
        ),
        sa.ForeignKeyConstraint(
            ["instrument_id"],
            ["measuring_instrument.id"],
            name=op.f("fk_correction_proposal_instrument_id_measuring_instrument"),
        ),
        sa.ForeignKeyConstraint(
            ["proposed_by_id"], ["app_user.id"], name=op.f("fk_correction_proposal_proposed_by_id_app_user")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_correction_proposal")),
    )
    op.create_index(
        op.f("ix_correction_proposal_enterprise_id"), "correction_proposal", ["enterprise_id"], unique=False
    )
    op.create_index(
        op.f("ix_correction_proposal_institution_id"), "correction_proposal", ["institution_id"], unique=False
    )
    op.create_index(
        op.f("ix_correction_proposal_instrument_id"), "correction_proposal", ["instrument_id"], unique=False
    )
    op.create_index(
        "uq_correction_proposal_pending",
        "correction_proposal",
        ["instrument_id"],
        unique=True,
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_table(
        "one_time_link",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "purpose",
            sa.Enum("reset", "invitation", "claim", name="linkpurpose", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("issued_by_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["issued_by_id"], ["app_user.id"], name=op.f("fk_one_time_link_issued_by_id_app_user")),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_one_time_link_user_id_app_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_one_time_link")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_one_time_link_token_hash")),
    )
    op.create_index(op.f("ix_one_time_link_user_id"), "one_time_link", ["user_id"], unique=False)
    op.create_table(
        "outgoing_mail",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.String(length=48), nullable=False),
        sa.Column("recipient", sa.String(length=100), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("problem", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_outgoing_mail_user_id_app_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outgoing_mail")),
    )
    op.create_index(
        "ix_outgoing_mail_unsent", "outgoing_mail", ["id"], unique=False, postgresql_where=sa.text("sent_at IS NULL")
    )
    op.create_index(op.f("ix_outgoing_mail_user_id"), "outgoing_mail", ["user_id"], unique=False)
    op.add_column("appointment", sa.Column("booked_by_institution_id", sa.BigInteger(), nullable=True))
    op.add_column("appointment", sa.Column("booked_by_division_code", sa.String(length=6), nullable=True))
    op.add_column(
        "appointment", sa.Column("is_submitted_on_approval", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.create_index(
        op.f("ix_appointment_booked_by_division_code"), "appointment", ["booked_by_division_code"], unique=False
    )
    op.create_index(
        op.f("ix_appointment_booked_by_institution_id"), "appointment", ["booked_by_institution_id"], unique=False
    )
    op.create_foreign_key(
        op.f("fk_appointment_booked_by_institution_id_institution"),
        "appointment",
        "institution",
        ["booked_by_institution_id"],
        ["id"],
    )
    op.create_foreign_key(
        op.f("fk_appointment_booked_by_division_code_division"),
        "appointment",
        "division",
        ["booked_by_division_code"],
        ["code"],
    )
    op.add_column("enterprise", sa.Column("registered_by_institution_id", sa.BigInteger(), nullable=True))
    op.add_column("enterprise", sa.Column("registered_by_division_code", sa.String(length=6), nullable=True))
    op.create_index(
        op.f("ix_enterprise_registered_by_institution_id"), "enterprise", ["registered_by_institution_id"], unique=False
    )
    op.create_foreign_key(
        op.f("fk_enterprise_registered_by_division_code_division"),
        "enterprise",
        "division",
        ["registered_by_division_code"],
        ["code"],
    )
    op.create_foreign_key(
        op.f("fk_enterprise_registered_by_institution_id_institution"),
        "enterprise",
        "institution",
        ["registered_by_institution_id"],
        ["id"],
    )
    op.add_column("form_key", sa.Column("said", sa.Text(), nullable=False, server_default=""))
    op.add_column("form_key", sa.Column("kind", sa.String(length=16), nullable=False, server_default=""))
    op.add_column("measuring_instrument", sa.Column("purchased_on", sa.Date(), nullable=True))
    op.add_column(
        "measuring_instrument", sa.Column("oil_product", sa.String(length=32), nullable=False, server_default="")
    )
    op.add_column(
        "measuring_instrument", sa.Column("stall_number", sa.String(length=32), nullable=False, server_default="")
    )
    op.add_column(
        "measuring_instrument", sa.Column("stall_operator", sa.String(length=50), nullable=False, server_default="")
    )
    op.add_column(
        "measuring_instrument", sa.Column("stall_phone", sa.String(length=20), nullable=False, server_default="")
    )
    op.add_column("measuring_instrument", sa.Column("season", sa.String(length=32), nullable=False, server_default=""))
    op.add_column(
        "measuring_instrument", sa.Column("production_code", sa.String(length=64), nullable=False, server_default="")
    )
    op.add_column(
        "measuring_instrument", sa.Column("repair_code", sa.String(length=64), nullable=False, server_default="")
    )
    op.add_column(
        "measuring_instrument", sa.Column("verification_code", sa.String(length=64), nullable=False, server_default="")
    )
    op.add_column(
        "measuring_instrument", sa.Column("seal_number", sa.String(length=64), nullable=False, server_default="")
    )
    op.add_column("measuring_instrument", sa.Column("added_by_institution_id", sa.BigInteger(), nullable=True))
    op.add_column("measuring_instrument", sa.Column("added_by_division_code", sa.String(length=6), nullable=True))
    op.create_index(
        op.f("ix_measuring_instrument_added_by_institution_id"),
        "measuring_instrument",
        ["added_by_institution_id"],
        unique=False,
    )
    op.create_foreign_key(
        op.f("fk_measuring_instrument_added_by_institution_id_institution"),
        "measuring_instrument",
        "institution",
        ["added_by_institution_id"],
        ["id"],
    )
    op.create_foreign_key(
        op.f("fk_measuring_instrument_added_by_division_code_division"),
        "measuring_instrument",
        "division",
        ["added_by_division_code"],
        ["code"],
    )
    op.create_index("ix_verification_document", "verification", ["institution_id", "document_number"], unique=False)
    op.create_index(
        "uq_verification_item_entered",
        "verification",
        ["item_id"],
        unique=True,
        postgresql_where=sa.text("published_at IS NULL AND voided_at IS NULL"),
    )
    for table, column in FILLED:
        op.alter_column(table, column, server_default=None)


def downgrade() -> None:
    op.drop_index(
        "uq_verification_item_entered",
        table_name="verification",
        postgresql_where=sa.text("published_at IS NULL AND voided_at IS NULL"),
    )
    op.drop_index("ix_verification_document", table_name="verification")
    op.drop_constraint(
        op.f("fk_measuring_instrument_added_by_division_code_division"), "measuring_instrument", type_="foreignkey"
    )
    op.drop_constraint(
        op.f("fk_measuring_instrument_added_by_institution_id_institution"), "measuring_instrument", type_="foreignkey"
    )
    op.drop_index(op.f("ix_measuring_instrument_added_by_institution_id"), table_name="measuring_instrument")
    op.drop_column("measuring_instrument", "added_by_division_code")
    op.drop_column("measuring_instrument", "added_by_institution_id")
    op.drop_column("measuring_instrument", "seal_number")
    op.drop_column("measuring_instrument", "verification_code")
    op.drop_column("measuring_instrument", "repair_code")
    op.drop_column("measuring_instrument", "production_code")
    op.drop_column("measuring_instrument", "season")
    op.drop_column("measuring_instrument", "stall_phone")
    op.drop_column("measuring_instrument", "stall_operator")
    op.drop_column("measuring_instrument", "stall_number")
    op.drop_column("measuring_instrument", "oil_product")
    op.drop_column("measuring_instrument", "purchased_on")
    op.drop_column("form_key", "kind")
    op.drop_column("form_key", "said")
    op.drop_constraint(op.f("fk_enterprise_registered_by_institution_id_institution"), "enterprise", type_="foreignkey")
    op.drop_constraint(op.f("fk_enterprise_registered_by_division_code_division"), "enterprise", type_="foreignkey")
    op.drop_index(op.f("ix_enterprise_registered_by_institution_id"), table_name="enterprise")
    op.drop_column("enterprise", "registered_by_division_code")
    op.drop_column("enterprise", "registered_by_institution_id")
    op.drop_constraint(op.f("fk_appointment_booked_by_division_code_division"), "appointment", type_="foreignkey")
    op.drop_constraint(op.f("fk_appointment_booked_by_institution_id_institution"), "appointment", type_="foreignkey")
    op.drop_index(op.f("ix_appointment_booked_by_institution_id"), table_name="appointment")
    op.drop_index(op.f("ix_appointment_booked_by_division_code"), table_name="appointment")
    op.drop_column("appointment", "is_submitted_on_approval")
    op.drop_column("appointment", "booked_by_division_code")
    op.drop_column("appointment", "booked_by_institution_id")
    op.drop_index(op.f("ix_outgoing_mail_user_id"), table_name="outgoing_mail")
    op.drop_index("ix_outgoing_mail_unsent", table_name="outgoing_mail", postgresql_where=sa.text("sent_at IS NULL"))
    op.drop_table("outgoing_mail")
    op.drop_index(op.f("ix_one_time_link_user_id"), table_name="one_time_link")
    op.drop_table("one_time_link")
    op.drop_index(
        "uq_correction_proposal_pending",
        table_name="correction_proposal",
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.drop_index(op.f("ix_correction_proposal_instrument_id"), table_name="correction_proposal")
    op.drop_index(op.f("ix_correction_proposal_institution_id"), table_name="correction_proposal")
    op.drop_index(op.f("ix_correction_proposal_enterprise_id"), table_name="correction_proposal")
    op.drop_table("correction_proposal")
    op.drop_index(
        "uq_change_request_pending", table_name="change_request", postgresql_where=sa.text("state = 'pending'")
    )
    op.drop_index(op.f("ix_change_request_reviewer_division_code"), table_name="change_request")
    op.drop_index(op.f("ix_change_request_enterprise_id"), table_name="change_request")
    op.drop_table("change_request")
    op.drop_index(op.f("ix_enterprise_remark_enterprise_id"), table_name="enterprise_remark")
    op.drop_table("enterprise_remark")
