"""Files without order ids, and which of a branch's files have the same days."""

from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Know of each dataset whether its rows have order ids, and find those with the same days."""
    op.execute("ALTER TABLE datasets ADD COLUMN has_order_ids boolean NOT NULL DEFAULT true")
    # Migrations run as the owner, which the wall between clients hides all rows from.
    op.execute("ALTER TABLE datasets NO FORCE ROW LEVEL SECURITY")
    op.execute("""
        UPDATE datasets SET has_order_ids = false
        WHERE NOT jsonb_exists(understanding->'mapping', 'order_id')
    """)
    op.execute("ALTER TABLE datasets FORCE ROW LEVEL SECURITY")
    op.execute("CREATE INDEX datasets_by_days ON datasets (client_id, branch_id, last_day)")
    op.execute("""
        CREATE INDEX datasets_without_order_ids ON datasets (client_id, branch_id, last_day)
        WHERE NOT has_order_ids
    """)


def downgrade() -> None:
    """Forget it."""
    op.execute("DROP INDEX datasets_by_days")
    op.execute("ALTER TABLE datasets DROP COLUMN has_order_ids")
