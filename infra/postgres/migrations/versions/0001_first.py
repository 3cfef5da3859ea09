"""The first schema: client tables behind row-level security, and the runtime's ledger."""

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# Every table that holds a client's rows. The same policy stands on each: a row is seen and
# written only while the transaction's client is its own.
CLIENT_TABLES = (
    "clients",
    "branches",
    "users",
    "api_tokens",
    "upload_links",
    "uploads",
    "object_keys",
    "datasets",
    "segmentations",
    "segments",
    "assignments",
    "contributions",
    "notices",
)

# The ledger's own tables with a client column: the runtime sees all, the app its own client's.
LEDGER_TABLES = ("claims", "parked")


def upgrade() -> None:
    """Create all tables, then their walls and grants."""
    op.execute(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))
    for table in CLIENT_TABLES:
        _wall(table, column="id" if table == "clients" else "client_id")
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO datacore_app")
    for table in LEDGER_TABLES:
        _wall(table, column="client_id")
        op.execute(
            f"CREATE POLICY every_client ON {table} TO datacore_runtime"
            " USING (true) WITH CHECK (true)"
        )


def _wall(table: str, *, column: str) -> None:
    # An unset client is NULL on a new connection and '' on a reused one: both see no row.
    mine = f"{column} = nullif(current_setting('app.client', true), '')"
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY own_client ON {table} TO datacore_app USING ({mine}) WITH CHECK ({mine})"
    )


def downgrade() -> None:
    """Drop everything; there is no schema below the first."""
    for table in (
        *reversed(CLIENT_TABLES),
        "stray_objects",
        "parked",
        "outbox",
        "claims",
        "journal",
    ):
        op.execute(f"DROP TABLE IF EXISTS {table} CASCADE")
