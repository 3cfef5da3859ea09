"""Rows left out are a part of the balance of their own; files that were told how to be read."""

from alembic import op

revision = "0006"
down_revision = "0005"

# Migrations run as the owner, which the wall between clients hides all rows from.
_OPEN = "ALTER TABLE datasets NO FORCE ROW LEVEL SECURITY"
_CLOSE = "ALTER TABLE datasets FORCE ROW LEVEL SECURITY"


def upgrade() -> None:
    """Count them no longer among the rejected rows."""
    op.execute(
        "ALTER TABLE datasets DROP CONSTRAINT datasets_check, DROP CONSTRAINT datasets_check1"
    )
    op.execute(_OPEN)
    op.execute("UPDATE datasets SET rejected = rejected - left_out WHERE left_out > 0")
    op.execute(_CLOSE)
    op.execute("""
        ALTER TABLE datasets ADD CONSTRAINT datasets_balance
        CHECK (rows_in = accepted + rejected + left_out + blank + repeated AND left_out >= 0)
    """)
    # Few files leave open how they are read; one that comes late looks for those it contradicts.
    op.execute("""
        CREATE INDEX datasets_told ON datasets (client_id, branch_id)
        WHERE 'profile' IN (understanding->>'date_order_settled_by',
                            understanding->>'decimal_mark_settled_by')
    """)


def downgrade() -> None:
    """Count them among the rejected rows."""
    op.execute("DROP INDEX datasets_told")
    op.execute("ALTER TABLE datasets DROP CONSTRAINT datasets_balance")
    op.execute(_OPEN)
    op.execute("UPDATE datasets SET rejected = rejected + left_out WHERE left_out > 0")
    op.execute(_CLOSE)
    op.execute("""
        ALTER TABLE datasets
            ADD CONSTRAINT datasets_check CHECK (rows_in = accepted + rejected + blank + repeated),
            ADD CONSTRAINT datasets_check1 CHECK (left_out <= rejected)
    """)
