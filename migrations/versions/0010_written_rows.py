"""What an import has written stands in a narrow table of its own, so that the wide rows are not copied to mark them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

MARKS = ("applied_at", "found_version", "written_version", "undone_at", "kept")
TO_APPLY = "applied_at IS NULL AND outcome IN ('new', 'updated')"
APPLIED = "applied_at IS NOT NULL"


def _marks(*, applied_at_nullable: bool) -> list[sa.Column[object]]:
    return [
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=applied_at_nullable),
        sa.Column("found_version", sa.Integer(), nullable=True),
        sa.Column("written_version", sa.Integer(), nullable=True),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("kept", postgresql.JSONB(), nullable=True),
    ]


def upgrade() -> None:
    op.create_table(
        "import_written",
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("instrument_id", sa.BigInteger(), nullable=True),
        *_marks(applied_at_nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"], ["import_run.id"], name=op.f("fk_import_written_run_id_import_run"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run_id", "number", name=op.f("pk_import_written")),
    )
    names = ", ".join(("run_id", "number", "instrument_id", *MARKS))
    op.execute(f"INSERT INTO import_written ({names}) SELECT {names} FROM import_row WHERE applied_at IS NOT NULL")
    op.create_index("ix_import_written_instrument", "import_written", ["instrument_id"])
    for name in ("ix_import_row_instrument", "ix_import_row_to_apply"):
        op.drop_index(name, "import_row")
    for name in MARKS:
        op.drop_column("import_row", name)


def downgrade() -> None:
    for column in _marks(applied_at_nullable=True):
        op.add_column("import_row", column)
    marks = ", ".join(f"{name} = w.{name}" for name in ("instrument_id", *MARKS))
    op.execute(
        f"UPDATE import_row r SET {marks} FROM import_written w WHERE w.run_id = r.run_id AND w.number = r.number"
    )
    op.create_index("ix_import_row_to_apply", "import_row", ["run_id", "number"], postgresql_where=sa.text(TO_APPLY))
    op.create_index("ix_import_row_instrument", "import_row", ["instrument_id"], postgresql_where=sa.text(APPLIED))
    op.drop_index("ix_import_written_instrument", "import_written")
    op.drop_table("import_written")
