"""PostgreSQL keeps clients apart even where a query forgets to."""

import pytest
from pydantic import SecretStr
from sqlalchemy import create_engine, text
from sqlalchemy.exc import ProgrammingError

from common.postgres import Postgres
from common.settings import Settings
from infra.local.embedded import EmbeddedStack

pytestmark = pytest.mark.integration

# Every table whose rows belong to one client, and how its first row is made.
_COLUMNS = text("""
    SELECT c.table_name, max(CASE WHEN c.column_name = 'client_id' THEN 'client_id' ELSE 'id' END)
    FROM information_schema.columns AS c
    JOIN information_schema.tables AS t USING (table_schema, table_name)
    WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE'
      AND (c.column_name = 'client_id' OR c.table_name = 'clients' AND c.column_name = 'id')
    GROUP BY c.table_name ORDER BY c.table_name
""")

_FILL = """
    INSERT INTO api_tokens (client_id, token_hash, user_id, label) VALUES (:c, 'h', 'o', 'l');
    INSERT INTO upload_links (client_id, key, branch_id, filename, requested_by)
        VALUES (:c, 'k', 'centro', 'f', 'o');
    INSERT INTO uploads (client_id, id, branch_id, bucket, key, version_id, filename, size,
        stored_at, state) VALUES (:c, 'u', 'centro', 'b', 'k', 'v', 'f', 1, now(), 'stored');
    INSERT INTO object_keys (client_id, bucket, key, looked_at) VALUES (:c, 'b', 'k', now());
    INSERT INTO datasets (client_id, sha256, frame_id, rejected_frame_id, branch_id,
        first_upload_id, rows_in, accepted, rejected, blank, repeated, quantity, amount, anonymous,
        returns, size, understanding)
        VALUES (:c, 's', 'f', 'r', 'centro', 'u', 1, 1, 0, 0, 0, 1, 1, 0, 0, 1, '{}');
    INSERT INTO rejected_lines (client_id, sha256, line, data_row) VALUES (:c, 's', 3, 2);
    INSERT INTO repairs (client_id, sha256, data_row, upload_id, line, amount)
        VALUES (:c, 's', 1, 'u', 3, 1);
    INSERT INTO branch_profiles (client_id, branch_id, version, settings, decided_by)
        VALUES (:c, 'centro', 1, '{}', 'o');
    INSERT INTO segmentations (client_id, id, data_version, summary) VALUES (:c, 's', 1, '{}');
    INSERT INTO segments (client_id, segmentation_id, view, segment_id, position, customers,
        revenue, body) VALUES (:c, 's', 'rfm', 'champions', 0, 1, 1, '{}');
    INSERT INTO assignments (client_id, segmentation_id, customer_id, rfm_segment, orders, spend)
        VALUES (:c, 's', '1', 'champions', 1, 1);
    INSERT INTO contributions (client_id, segmentation_id, sha256, branch_id, accepted_rows,
        counted_rows, replaced_rows, accepted_amount, counted_amount, replaced_amount)
        VALUES (:c, 's', 's', 'centro', 1, 1, 0, 1, 1, 0);
    INSERT INTO notices (client_id, user_id, about, code) VALUES (:c, 'o', 'a', 'code');
"""

_FILL_LEDGER = """
    INSERT INTO claims (work_key, function, client_id, event_id, status, owner, lease_until)
        VALUES (:c, 'f', :c, 'e', 'done', 'w', now());
    INSERT INTO parked (id, function, client_id, reason, error, tries, body)
        VALUES (:c, 'f', :c, 'bug', 'e', 1, '');
    INSERT INTO replay_runs (id, client_id, requested_by, function, states, until, is_forced, total)
        VALUES (:c, :c, 'o', 'ingest', '{}', now(), false, 0);
"""


@pytest.fixture
def filled(settings: Settings, app: Postgres, client: str) -> str:
    """A client with a row in every table."""
    runtime = Postgres(settings.postgres_runtime_url)
    for database, script in ((app, _FILL), (runtime, _FILL_LEDGER)):
        with database.transaction(client) as connection:
            for statement in filter(str.strip, script.split(";")):
                connection.execute(text(statement), {"c": client})
    runtime.close()
    return client


# Reconcile's memory between two looks: the app has no right to it at all, tested below.
_RUNTIME_ONLY = "missing_keys"


@pytest.fixture(scope="session")
def client_tables(stack: EmbeddedStack) -> dict[str, str]:
    """Every table with a client column, and that column's name; from the schema itself."""
    engine = create_engine(stack.owner_url)
    with engine.connect() as connection:
        tables = {row[0]: row[1] for row in connection.execute(_COLUMNS)}
    del tables[_RUNTIME_ONLY]
    engine.dispose()
    assert {"clients", "uploads", "datasets", "assignments", "claims"} <= tables.keys()
    return tables


def test_no_client_set_on_a_reused_connection_means_no_rows(
    settings: Settings, filled: str, client_tables: dict[str, str]
):
    one_connection = Postgres(settings.postgres_app_url, pool_size=1)
    with one_connection.transaction(filled) as connection:
        seen = {
            table: connection.execute(
                text(f"SELECT count(*) FROM {table} WHERE {column} = :c"), {"c": filled}
            ).scalar_one()
            for table, column in client_tables.items()
        }
    assert min(seen.values()) >= 1, f"the test put no row into {seen}"
    with one_connection.transaction() as connection:
        for table in client_tables:
            count = connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()
            assert count == 0, table
    one_connection.close()


def test_a_client_sees_and_changes_only_its_own_rows(
    app: Postgres, filled: str, client_tables: dict[str, str]
):
    with app.transaction("somebody-else") as connection:
        for table, column in client_tables.items():
            seen = connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()
            assert seen == 0, table
            changed = connection.execute(
                text(f"UPDATE {table} SET {column} = {column} WHERE {column} = :c"), {"c": filled}
            )
            assert changed.rowcount == 0, table


def test_nobody_writes_rows_for_another_client(app: Postgres, filled: str):
    with pytest.raises(ProgrammingError, match="row-level security"):  # noqa: SIM117 - raised at its end
        with app.transaction("somebody-else") as connection:
            connection.execute(
                text("INSERT INTO branches (client_id, id, name) VALUES (:c, 'x', 'x')"),
                {"c": filled},
            )


@pytest.mark.parametrize("table", ["journal", "outbox", _RUNTIME_ONLY])
def test_the_app_reads_nothing_of_the_runtime(app: Postgres, table: str):
    with pytest.raises(ProgrammingError, match="permission denied"):  # noqa: SIM117
        with app.transaction() as connection:
            connection.execute(text(f"SELECT 1 FROM {table}"))


def test_the_runtime_reads_no_client_rows(
    settings: Settings, filled: str, client_tables: dict[str, str]
):
    runtime = Postgres(settings.postgres_runtime_url)
    for table in client_tables.keys() - {"claims", "parked", "replay_runs", "clients"}:
        with pytest.raises(ProgrammingError, match="permission denied"):  # noqa: SIM117
            with runtime.transaction(filled) as connection:
                connection.execute(text(f"SELECT 1 FROM {table}"))
    with pytest.raises(ProgrammingError, match="permission denied"):  # noqa: SIM117
        with runtime.transaction(filled) as connection:
            connection.execute(text("SELECT name FROM clients"))
    runtime.close()


def test_a_role_above_row_level_security_is_refused(settings: Settings, stack: EmbeddedStack):

    app = Postgres(settings.postgres_app_url)
    app.check()
    app.close()
    password = stack._secrets.postgres_superuser
    superuser = Postgres(SecretStr(stack._postgres.url("postgres", password)))
    with pytest.raises(PermissionError):
        superuser.check()
    superuser.close()
