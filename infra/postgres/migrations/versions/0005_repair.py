"""What counts once: the same rows in another file, repaired lines; how a branch's files are read."""

from pathlib import Path

from alembic import op

revision = "0005"
down_revision = "0004"

_TABLES = ("rejected_lines", "repairs", "branch_profiles")


def upgrade() -> None:
    """Add columns, tables behind the wall, and the views that say what counts."""
    op.execute(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))
    mine = "client_id = nullif(current_setting('app.client', true), '')"
    for table in _TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY own_client ON {table} TO datacore_app USING ({mine}) WITH CHECK ({mine})"
        )
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO datacore_app")


def downgrade() -> None:
    """Remove them."""
    op.execute("DROP VIEW current_repairs")
    op.execute("DROP VIEW current_datasets")
    for table in _TABLES:
        op.execute(f"DROP TABLE {table}")
    op.execute("ALTER TABLE datasets DROP COLUMN rows_sha256, DROP COLUMN left_out")
    op.execute("ALTER TABLE clients DROP COLUMN row_policy")
