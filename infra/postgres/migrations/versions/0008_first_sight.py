"""A key may be known without the store having been asked for its versions."""

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Let a key say that nobody has asked yet."""
    op.execute("ALTER TABLE object_keys ALTER COLUMN looked_at DROP NOT NULL")


def downgrade() -> None:
    """Let it have been asked for long ago."""
    op.execute("UPDATE object_keys SET looked_at = 'epoch' WHERE looked_at IS NULL")
    op.execute("ALTER TABLE object_keys ALTER COLUMN looked_at SET NOT NULL")
