"""What a person chooses and takes back of an import, and the workbook it is marked in."""

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
    "writes",
    "pace",
)
ROW_COLUMNS = ("written_version", "found_version", "kept", "undone_at")


def upgrade() -> None:
    op.add_column("import_run", sa.Column("writes", sa.String(length=32), nullable=True))
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
    op.add_column("import_row", sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("import_row", sa.Column("kept", postgresql.JSONB(), nullable=True))
    _undo()
    _earlier_files()


def _earlier_files() -> None:
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


def _undo() -> None:
    op.add_column("import_run", sa.Column("pace", sa.Float(), nullable=True))
    op.create_index(
        "ix_import_run_to_undo",
        "import_run",
        ["id"],
        postgresql_where=sa.text("undo_requested_at IS NOT NULL AND undone_at IS NULL"),
    )
    op.add_column("import_row", sa.Column("found_version", sa.Integer(), nullable=True))
    op.add_column("import_row", sa.Column("written_version", sa.Integer(), nullable=True))
    # What earlier imports created had version 1 then. Of what they updated the version is not known any more: an undo
    # takes it for changed since.
    op.execute("UPDATE import_row SET written_version = 1 WHERE applied_at IS NOT NULL AND outcome = 'new'")
    op.create_index(
        "ix_import_row_instrument",
        "import_row",
        ["instrument_id"],
        postgresql_where=sa.text("applied_at IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_import_row_instrument", "import_row")
    op.drop_index("ix_import_run_to_undo", "import_run")
    op.drop_table("import_earlier_file")
    for name in ROW_COLUMNS:
        op.drop_column("import_row", name)
    op.drop_constraint(op.f("fk_import_run_undo_requested_by_id_app_user"), "import_run", type_="foreignkey")
    op.drop_constraint(op.f("fk_import_run_annotated_file_id_stored_file"), "import_run", type_="foreignkey")
    for name in RUN_COLUMNS:
        op.drop_column("import_run", name)
