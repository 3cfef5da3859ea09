"""A row of a file of mended rows that is still bad says which line it was to mend."""

from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Keep what such a row names, so that it is known when another file has mended that line."""
    op.execute("""
        ALTER TABLE rejected_lines
            ADD COLUMN of_upload text,  -- as the file says; null: the row was to mend nothing
            ADD COLUMN of_line bigint
    """)
    op.execute("""
        CREATE INDEX rejected_lines_of_others ON rejected_lines (client_id, of_upload)
        WHERE of_upload IS NOT NULL
    """)


def downgrade() -> None:
    """Forget it."""
    op.execute("DROP INDEX rejected_lines_of_others")
    op.execute("ALTER TABLE rejected_lines DROP COLUMN of_upload, DROP COLUMN of_line")
