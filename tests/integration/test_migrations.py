"""Migrations that move what is already there."""

import importlib

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import create_engine, text

from infra.local.embedded import EmbeddedStack

pytestmark = pytest.mark.integration

_OPEN = text("ALTER TABLE datasets NO FORCE ROW LEVEL SECURITY")
_OLD = text("""
    INSERT INTO datasets (client_id, sha256, frame_id, rejected_frame_id, branch_id,
        first_upload_id, rows_in, accepted, rejected, left_out, blank, repeated, quantity, amount,
        anonymous, returns, size, understanding)
    VALUES (:client, 's', 'f', 'r', 'centro', 'u', 7, 2, 3, 1, 1, 1, 1, 1, 0, 0, 1, '{}')
""")
_VIEWS = text("""
    SELECT count(*) FROM pg_class WHERE relkind = 'v' AND relname ~ '^current_'
      AND reloptions = ARRAY['security_invoker=true']
""")
_LOOK = text("SELECT rows_in, accepted, rejected, left_out, blank, repeated FROM datasets")


def test_rows_left_out_are_taken_out_of_the_rejected_ones(stack: EmbeddedStack, client: str):
    left_out = importlib.import_module("infra.postgres.migrations.versions.0006_left_out")
    owner = create_engine(stack.owner_url)
    with owner.connect() as connection:  # all of it is rolled back
        with Operations.context(MigrationContext.configure(connection)):
            left_out.downgrade()
            connection.execute(_OPEN)
            connection.execute(_OLD, {"client": client})
            left_out.upgrade()
            connection.execute(_OPEN)
            assert (7, 2, 2, 1, 1, 1) in {tuple(row) for row in connection.execute(_LOOK)}
            left_out.downgrade()
            connection.execute(_OPEN)
            assert (7, 2, 3, 1, 1, 1) in {tuple(row) for row in connection.execute(_LOOK)}
        connection.rollback()
    owner.dispose()


def test_what_counts_is_said_before_and_after(stack: EmbeddedStack):
    what_counts = importlib.import_module("infra.postgres.migrations.versions.0009_what_counts")
    owner = create_engine(stack.owner_url)
    with owner.connect() as connection:  # all of it is rolled back
        with Operations.context(MigrationContext.configure(connection)):
            what_counts.downgrade()
            connection.execute(text("SELECT FROM current_repairs"))
            what_counts.upgrade()
            assert connection.execute(_VIEWS).scalar_one() == 2
        connection.rollback()
    owner.dispose()
