"""What the job is putting into many cells of an import at once."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("import_run", sa.Column("mending", postgresql.JSONB(), nullable=True))


def downgrade() -> None:
    """What is being put in stops where it is: the rows are judged, so the run waits for its decision again."""
    op.execute("UPDATE import_run SET state = 'ready' WHERE state = 'checking' AND mending IS NOT NULL")
    op.drop_column("import_run", "mending")
