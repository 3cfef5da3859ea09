"""What a dataset shows of its branch's conventions, where it can be looked up."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the columns, computed from what is known of each dataset, and their indexes."""
    for name in ("date_order", "decimal_mark"):
        op.execute(f"""
            ALTER TABLE datasets ADD COLUMN shows_{name} text GENERATED ALWAYS AS (
                CASE WHEN understanding->>'{name}_settled_by' = 'column'
                     THEN understanding->>'{name}' END) STORED
        """)
        op.execute(f"""
            CREATE INDEX datasets_showing_{name} ON datasets (client_id, shows_{name})
            WHERE shows_{name} IS NOT NULL
        """)
    # The unique key begins with the same columns.
    op.execute("DROP INDEX uploads_by_key")


def downgrade() -> None:
    """Remove them, and bring the index back."""
    op.execute("CREATE INDEX uploads_by_key ON uploads (client_id, bucket, key)")
    for name in ("date_order", "decimal_mark"):
        op.execute(f"ALTER TABLE datasets DROP COLUMN shows_{name}")
