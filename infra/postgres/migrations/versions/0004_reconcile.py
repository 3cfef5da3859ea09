"""Where reconcile goes on, what it holds back, and the reason of messages a broker gave up on."""

from alembic import op

revision = "0004"
down_revision = "0003"

_REASONS = "'unreadable', 'dependency', 'bug', 'worker_died'"


def upgrade() -> None:
    """Add the tables, the index that follows the bucket's list, and the reason."""
    op.execute("""
        CREATE TABLE reconcile_cursor (
            bucket       text PRIMARY KEY,
            store_id     text,                        -- what marked the bucket when it was first seen
            after_key    text NOT NULL DEFAULT '',    -- where the list goes on
            highest_key  text NOT NULL DEFAULT '',    -- of this round; a store may list out of order
            finished_at  timestamptz,                 -- when the whole bucket was last seen
            held_back    jsonb,                       -- code and parameters of why nothing is removed
            held_back_at timestamptz
        )
    """)
    op.execute("""
        CREATE TABLE missing_keys (
            bucket    text NOT NULL,
            key       text COLLATE "C" NOT NULL,
            client_id text NOT NULL,
            looked_at timestamptz,
            PRIMARY KEY (bucket, key)
        )
    """)
    op.execute("GRANT SELECT, INSERT, UPDATE ON reconcile_cursor TO datacore_runtime")
    op.execute("GRANT SELECT, INSERT, DELETE ON missing_keys TO datacore_runtime")
    # Readiness tells the code to anybody. The parameters may name a client: they are for the
    # operator, who asks reconcile itself.
    op.execute("GRANT SELECT (bucket, held_back, held_back_at) ON reconcile_cursor TO datacore_app")
    op.execute("""
        CREATE INDEX uploads_live_in_order ON uploads (client_id, bucket, key COLLATE "C")
        WHERE state NOT IN ('removed', 'superseded')
    """)
    _allow_reasons(f"{_REASONS}, 'delivery_limit'")


def downgrade() -> None:
    """Remove them; what a broker gave up on can no longer be told from a dead worker's."""
    op.execute("UPDATE parked SET reason = 'worker_died' WHERE reason = 'delivery_limit'")
    _allow_reasons(_REASONS)
    op.execute("DROP INDEX uploads_live_in_order")
    op.execute("DROP TABLE missing_keys")
    op.execute("DROP TABLE reconcile_cursor")


def _allow_reasons(reasons: str) -> None:
    op.execute("ALTER TABLE parked DROP CONSTRAINT parked_reason_check")
    op.execute(
        f"ALTER TABLE parked ADD CONSTRAINT parked_reason_check CHECK (reason IN ({reasons}))"
    )
