"""Files without order ids; and what counts, looked up from the few to the many."""

from pathlib import Path

from alembic import op

revision = "0009"
down_revision = "0008"

_VIEWS = ("current_datasets", "current_repairs")


def upgrade() -> None:
    """Know of each dataset whether its rows have order ids, and find those with the same days."""
    _drop_views()
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
    op.execute(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))


def downgrade() -> None:
    """Forget it, and write the views as they were."""
    _drop_views()
    op.execute("DROP INDEX datasets_by_days")
    op.execute("ALTER TABLE datasets DROP COLUMN has_order_ids")
    before = Path(__file__).with_name("0005_repair.sql").read_text(encoding="utf-8")
    for name in _VIEWS:
        made = before[before.index(f"CREATE VIEW {name}") :]
        op.execute(made[: made.index(";") + 1])
        op.execute(f"GRANT SELECT ON {name} TO datacore_app")


def _drop_views() -> None:
    for name in reversed(_VIEWS):
        op.execute(f"DROP VIEW {name}")
