"""What a person mends, chooses and takes back of an import."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

RUN_COLUMNS = (
    "header_row",
    "sheet",
    "annotation_claimed_at",
    "annotated_at",
    "undone_at",
    "undo_requested_by_id",
    "undo_requested_at",
    "undone",
    "annotated_file_id",
    "mapping",
    "writes",
)
ROW_COLUMNS = ("kept", "undone_at", "typed", "raw")


def upgrade() -> None:
    op.add_column("import_run", sa.Column("writes", sa.String(length=32), nullable=True))
    op.add_column("import_run", sa.Column("mapping", postgresql.JSONB(), nullable=True))
    op.add_column("import_run", sa.Column("annotated_file_id", sa.BigInteger(), nullable=True))
    op.add_column("import_run", sa.Column("undone", sa.Integer(), nullable=False, server_default="0"))
    op.alter_column("import_run", "undone", server_default=None)
    op.add_column("import_run", sa.Column("undo_requested_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("import_run", sa.Column("undo_requested_by_id", sa.BigInteger(), nullable=True))
    op.add_column("import_run", sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("import_run", sa.Column("annotated_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("import_run", sa.Column("annotation_claimed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("import_run", sa.Column("sheet", sa.String(), nullable=True))
    op.add_column("import_run", sa.Column("header_row", sa.Integer(), nullable=True))
    op.create_foreign_key(
        op.f("fk_import_run_annotated_file_id_stored_file"), "import_run", "stored_file", ["annotated_file_id"], ["id"]
    )
    op.create_foreign_key(
        op.f("fk_import_run_undo_requested_by_id_app_user"), "import_run", "app_user", ["undo_requested_by_id"], ["id"]
    )
    op.add_column("import_row", sa.Column("raw", postgresql.JSONB(), nullable=True))
    op.add_column("import_row", sa.Column("typed", postgresql.JSONB(), nullable=True))
    op.add_column("import_row", sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("import_row", sa.Column("kept", postgresql.JSONB(), nullable=True))
    op.create_table(
        "import_earlier_file",
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("file_id", sa.BigInteger(), nullable=False),
        sa.Column("replaced_by_id", sa.BigInteger(), nullable=False),
        sa.Column("replaced_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("errors", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"], ["import_run.id"], name=op.f("fk_import_earlier_file_run_id_import_run"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["file_id"], ["stored_file.id"], name=op.f("fk_import_earlier_file_file_id_stored_file")
        ),
        sa.ForeignKeyConstraint(
            ["replaced_by_id"], ["app_user.id"], name=op.f("fk_import_earlier_file_replaced_by_id_app_user")
        ),
        sa.PrimaryKeyConstraint("run_id", "file_id", name=op.f("pk_import_earlier_file")),
    )


def downgrade() -> None:
    op.drop_table("import_earlier_file")
    for name in ROW_COLUMNS:
        op.drop_column("import_row", name)
    op.drop_constraint(op.f("fk_import_run_undo_requested_by_id_app_user"), "import_run", type_="foreignkey")
    op.drop_constraint(op.f("fk_import_run_annotated_file_id_stored_file"), "import_run", type_="foreignkey")
    for name in RUN_COLUMNS:
        op.drop_column("import_run", name)
