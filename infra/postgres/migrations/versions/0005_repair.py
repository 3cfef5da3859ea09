"""What counts once: the same rows in another file, repaired lines; how a branch's files are read."""

from pathlib import Path

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add columns, tables behind the wall, and the views that say what counts."""
    op.execute(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))


def downgrade() -> None:
    """Remove them."""
    op.execute("DROP VIEW current_datasets")
    op.execute("ALTER TABLE datasets DROP COLUMN rows_sha256")
    op.execute("ALTER TABLE clients DROP COLUMN row_policy")
