"""How an import's table begins, and which of its columns a person has said to be what."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("import_run", sa.Column("headers", postgresql.JSONB(), nullable=True))
    op.add_column("import_run", sa.Column("mapping", postgresql.JSONB(), nullable=True))


def downgrade() -> None:
    op.drop_column("import_run", "mapping")
    op.drop_column("import_run", "headers")
