"""What a row of an import needs to be mended in the browser and judged again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

ROW_COLUMNS = ("raw", "mended", "key_hash", "claimed_id")


def upgrade() -> None:
    op.add_column("import_run", sa.Column("letters", postgresql.JSONB(), nullable=True))
    op.add_column("import_row", sa.Column("raw", postgresql.JSONB(), nullable=True))
    op.add_column("import_row", sa.Column("mended", postgresql.JSONB(), nullable=True))
    op.add_column("import_row", sa.Column("key_hash", sa.BigInteger(), nullable=True))
    op.add_column("import_row", sa.Column("claimed_id", sa.BigInteger(), nullable=True))
    _check_undecided_again()
    op.create_index("ix_import_row_key", "import_row", ["run_id", "key_hash"])
    op.create_index(
        "ix_import_row_claimed",
        "import_row",
        ["run_id", "claimed_id"],
        postgresql_where=sa.text("claimed_id IS NOT NULL"),
    )
    op.create_index(
        "ix_import_row_problems",
        "import_row",
        ["run_id", "number"],
        postgresql_where=sa.text("problems <> '[]'::jsonb"),
    )


def _check_undecided_again() -> None:
    """Rows checked before do not have what judging them again needs: the job reads those files once more."""
    undecided = "state IN ('checking', 'ready')"
    connection = op.get_bind()
    marked = connection.scalars(sa.text(f"SELECT annotated_file_id FROM import_run WHERE {undecided}")).all()
    op.execute(f"DELETE FROM import_row WHERE run_id IN (SELECT id FROM import_run WHERE {undecided})")
    op.execute(
        "UPDATE import_run SET state = 'checking', rows = 0, new = 0, updated = 0, same = 0, errors = 0, warnings = 0,"
        " checked_at = NULL, annotated_file_id = NULL, annotated_at = NULL, annotation_claimed_at = NULL,"
        f" updated_at = created_at WHERE {undecided}"
    )
    outdated = [file_id for file_id in marked if file_id is not None]
    connection.execute(sa.text("DELETE FROM stored_file WHERE id = ANY(:outdated)"), {"outdated": outdated})


def downgrade() -> None:
    for name in ("ix_import_row_problems", "ix_import_row_claimed", "ix_import_row_key"):
        op.drop_index(name, "import_row")
    op.execute("UPDATE import_row SET outcome = 'error' WHERE outcome = 'dropped'")
    op.execute("UPDATE import_run SET errors = rows - new - updated - same WHERE errors <> rows - new - updated - same")
    for name in ROW_COLUMNS:
        op.drop_column("import_row", name)
    op.drop_column("import_run", "letters")
