"""Rows of an import that have anything to be said about them, found without looking at the others."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_import_row_problems",
        "import_row",
        ["run_id", "number"],
        postgresql_where=sa.text("problems <> '[]'::jsonb"),
    )


def downgrade() -> None:
    op.drop_index("ix_import_row_problems", table_name="import_row")
