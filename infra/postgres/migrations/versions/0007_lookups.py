"""What is looked up for each file is found by one index, whatever the planner knows of the tables.

It knows nothing after a crash, and then takes any index that begins with the client.
"""

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Make indexes that answer in the order that is asked for."""
    op.execute("DROP INDEX uploads_by_content")
    op.execute("""
        CREATE INDEX uploads_by_content ON uploads (client_id, sha256, stored_at, version_id)
    """)
    # The file before and the file after another one of its branch.
    op.execute("""
        CREATE INDEX uploads_of_branch ON uploads (client_id, branch_id, stored_at, version_id)
        WHERE state IN ('stored', 'duplicate')
    """)
    # Each file that shows something looks for those that wait for it.
    op.execute("""
        CREATE INDEX uploads_asking ON uploads (client_id, branch_id) WHERE state = 'needs_answer'
    """)


def downgrade() -> None:
    """Go back to the shorter ones."""
    op.execute("DROP INDEX uploads_asking")
    op.execute("DROP INDEX uploads_of_branch")
    op.execute("DROP INDEX uploads_by_content")
    op.execute("CREATE INDEX uploads_by_content ON uploads (client_id, sha256)")
