"""What a page asks of a client with many files, before PostgreSQL knows anything of the tables."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from common.postgres import Postgres
from functions.cluster import repository as of_segments
from functions.report_api import repository as of_pages
from infra.local.embedded import EmbeddedStack

pytestmark = pytest.mark.integration

FILES = 40
_MOST_ROWS = 5_000  # that any step may pass on: some hundred of each file

_TABLES = "ARRAY['uploads', 'datasets', 'repairs', 'rejected_lines']::regclass[]"
_FORGET = (
    f"DELETE FROM pg_statistic WHERE starelid = ANY({_TABLES})",
    f"""UPDATE pg_class SET reltuples = -1, relpages = 0 WHERE oid = ANY({_TABLES})
        OR oid IN (SELECT indexrelid FROM pg_index WHERE indrelid = ANY({_TABLES}))""",
)
_FILL = (
    """INSERT INTO uploads (client_id, id, branch_id, bucket, key, version_id, filename, size,
           stored_at, state, sha256)
       SELECT :client, 'u' || n, 'centro', 'b', 'k' || n, 'v', 'f', 1,
              now() + n * interval '1 s', 'stored', 's' || n FROM generate_series(1, :files) n""",
    """INSERT INTO datasets (client_id, sha256, frame_id, rejected_frame_id, branch_id,
           first_upload_id, rows_in, accepted, rejected, blank, repeated, quantity, amount,
           anonymous, returns, size, understanding, rows_sha256)
       SELECT :client, 's' || n, 'f', 'r', 'centro', 'u' || n, 1, 1, 0, 0, 0, 1, 1, 0, 0, 1, '{}',
              'r' || n FROM generate_series(1, :files) n""",
)


@pytest.fixture
def files(stack: EmbeddedStack, app: Postgres, client: str) -> None:
    superuser = stack._postgres.url("postgres", stack._secrets.postgres_superuser)
    engine = create_engine(superuser)
    with app.transaction(client) as connection:
        for statement in _FILL:
            connection.execute(text(statement), {"client": client, "files": FILES})
    with engine.begin() as connection:
        for statement in _FORGET:
            connection.execute(text(statement))
    engine.dispose()


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize("statement", [
    of_pages._UPLOADS, of_pages._UPLOAD, of_pages._REPAIRS, of_pages._REPAIRED_BY,
    of_pages._MENDED_LINES, of_segments._DATASETS, of_segments._MENDED,
])  # fmt: skip
def test_no_step_passes_on_more_rows_than_there_are_files(
    app: Postgres, client: str, statement: Any
) -> None:
    names: dict[str, object] = {"client": client, "upload": "u3", "limit": 50}
    names |= {"before": None, "before_id": None, "states": None}
    with app.transaction(client) as connection:
        # So that a plan that would take minutes ends.
        connection.execute(text("SET LOCAL statement_timeout = '60s'"))
        explained = text(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {statement.text}")
        [plan] = connection.execute(explained, names).scalar_one()
    assert max(_rows(plan["Plan"])) < _MOST_ROWS


def _rows(plan: dict[str, Any]) -> Iterator[float]:
    """Yield how many rows each step of a plan looked at, in all its loops."""
    seen = plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)
    yield plan["Actual Loops"] * max(seen + plan.get("Rows Removed by Join Filter", 0), 1)
    for part in plan.get("Plans", ()):
        yield from _rows(part)
