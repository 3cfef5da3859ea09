"""Replay runs, and what became of parked messages."""

from pathlib import Path

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the runs behind the same wall as claims, and add to what is parked."""
    op.execute(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))
    mine = "client_id = nullif(current_setting('app.client', true), '')"
    op.execute("ALTER TABLE replay_runs ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE replay_runs FORCE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY own_client ON replay_runs TO datacore_app USING ({mine}) WITH CHECK ({mine})"
    )
    op.execute(
        "CREATE POLICY every_client ON replay_runs TO datacore_runtime"
        " USING (true) WITH CHECK (true)"
    )


def downgrade() -> None:
    """Drop the runs, and forget what became of parked messages."""
    op.execute("DROP TABLE replay_runs")
    op.execute(
        "ALTER TABLE parked DROP COLUMN first_failed, DROP COLUMN resolved_at,"
        " DROP COLUMN resolution, DROP COLUMN resolved_by"
    )
