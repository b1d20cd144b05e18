"""An import may write something else than a ledger: what it writes, and whose it is then."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

HAS_OWNER = "(subject = 'ledger') = (enterprise_id IS NOT NULL) AND (subject = 'ledger') = (division_code IS NULL)"
OTHER_SUBJECTS = "subject <> 'ledger'"


def upgrade() -> None:
    op.add_column("import_run", sa.Column("subject", sa.String(length=32), nullable=False, server_default="ledger"))
    op.alter_column("import_run", "subject", server_default=None)
    op.add_column("import_run", sa.Column("division_code", sa.String(length=6), nullable=True))
    op.create_foreign_key(
        op.f("fk_import_run_division_code_division"), "import_run", "division", ["division_code"], ["code"]
    )
    op.alter_column("import_run", "enterprise_id", nullable=True)
    op.create_check_constraint(op.f("ck_import_run_has_owner"), "import_run", HAS_OWNER)
    op.create_index("ix_import_run_subject", "import_run", ["subject", "id"], postgresql_where=sa.text(OTHER_SUBJECTS))
    op.add_column("import_row", sa.Column("record_key", sa.String(length=20), nullable=True))


def downgrade() -> None:
    op.drop_column("import_row", "record_key")
    op.drop_index("ix_import_run_subject", "import_run", postgresql_where=sa.text(OTHER_SUBJECTS))
    op.drop_constraint(op.f("ck_import_run_has_owner"), "import_run", type_="check")
    # A ledger is all an import could write before: its rows go with the other runs.
    op.execute(f"DELETE FROM import_earlier_file WHERE run_id IN (SELECT id FROM import_run WHERE {OTHER_SUBJECTS})")
    op.execute(f"DELETE FROM import_run WHERE {OTHER_SUBJECTS}")
    op.alter_column("import_run", "enterprise_id", nullable=False)
    op.drop_constraint(op.f("fk_import_run_division_code_division"), "import_run", type_="foreignkey")
    op.drop_column("import_run", "division_code")
    op.drop_column("import_run", "subject")
