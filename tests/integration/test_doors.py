"""The doors to the stores, on the real servers."""

import dataclasses
import hashlib
import io
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
import urllib3
from pydantic import SecretStr
from pymongo.errors import InvalidOperation, OperationFailure
from sqlalchemy import Connection, TextClause, text
from sqlalchemy.exc import DataError, ProgrammingError

from common import frame
from common.cache import Cache
from common.exceptions import TransientError
from common.mongo import MissingChunkError, Mongo
from common.object_storage import ObjectGoneError, ObjectStorage
from common.postgres import ConflictError, Postgres, copy_rows, later, prepared
from common.settings import Settings

pytestmark = pytest.mark.integration


# --- object store ---------------------------------------------------------------------------


@pytest.fixture
def storage(settings: Settings) -> Iterator[ObjectStorage]:
    storage = ObjectStorage(settings)
    yield storage
    storage.close()


def put(storage: ObjectStorage, key: str, body: bytes) -> str:
    answer = storage._client.put_object(Bucket=storage.bucket, Key=key, Body=body)
    return answer["VersionId"]


def test_the_bucket_keeps_versions_and_their_exact_order(storage: ObjectStorage, client_id: str):
    key = f"{client_id}/centro/a b+ñ.csv"
    written = [put(storage, key, bytes([i])) for i in range(6)]
    put(storage, f"{key}.other.csv", b"")
    listed = sorted(storage.history(key), key=lambda v: v.stored_at)
    assert [v.ref.version_id for v in listed] == written
    assert [v.size for v in listed] == [1] * 6
    assert [v.is_latest for v in listed] == [False] * 5 + [True]


def test_a_delete_is_listed_as_the_latest(storage: ObjectStorage, client_id: str):
    key = f"{client_id}/centro/a.csv"
    put(storage, key, b"1")
    storage._client.delete_object(Bucket=storage.bucket, Key=key)
    removal, version = sorted(storage.history(key), key=lambda v: not v.is_removal)
    assert removal.is_removal
    assert removal.is_latest
    assert removal.stored_at > version.stored_at


def test_a_download_is_exactly_the_version_that_was_asked_for(
    storage: ObjectStorage, client_id: str, tmp_path: Path
):
    key = f"{client_id}/centro/a.csv"
    first = put(storage, key, b"first" * 100_000)
    put(storage, key, b"second")
    stored = next(v for v in storage.history(key) if v.ref.version_id == first)
    with storage.download(stored, scratch=tmp_path) as file:
        assert file.path.read_bytes() == b"first" * 100_000
        assert file.sha256 == hashlib.sha256(b"first" * 100_000).hexdigest()
        assert file.size == 500_000
    assert list(tmp_path.iterdir()) == []


def test_a_body_that_is_not_as_long_as_promised_is_never_handed_out(
    storage: ObjectStorage, client_id: str, tmp_path: Path
):
    key = f"{client_id}/centro/a.csv"
    put(storage, key, b"12345")
    (stored,) = storage.history(key)
    longer = dataclasses.replace(stored, size=6)
    with pytest.raises(TransientError, match="5 of 6"):  # noqa: SIM117
        with storage.download(longer, scratch=tmp_path):
            pytest.fail("a short body was handed out")
    assert list(tmp_path.iterdir()) == []


def test_a_version_that_is_gone_says_so(storage: ObjectStorage, client_id: str, tmp_path: Path):
    key = f"{client_id}/centro/a.csv"
    version = put(storage, key, b"1")
    (stored,) = storage.history(key)
    storage._client.delete_object(Bucket=storage.bucket, Key=key, VersionId=version)
    with pytest.raises(ObjectGoneError), storage.download(stored, scratch=tmp_path):
        pytest.fail("a version that is gone was handed out")


def test_a_store_that_is_away_is_a_transient_failure(settings: Settings):
    nowhere = settings.model_copy(update={"s3_endpoint_url": "http://127.0.0.1:9"})
    storage = ObjectStorage(nowhere)
    with pytest.raises(TransientError):
        storage.check()
    storage.close()


def send(link: dict, key: str, body: bytes, content_type: str = "text/csv") -> int:
    fields = {**link["fields"], "key": key, "Content-Type": content_type}
    form = {**fields, "file": ("a.csv", body, content_type)}
    with urllib3.PoolManager() as http:
        return http.request("POST", link["url"], fields=form).status


def test_a_presigned_form_takes_that_key_type_and_size_only(storage: ObjectStorage, client_id: str):
    key = f"{client_id}/centro/x.csv"
    link = storage.presign_post(
        key, max_bytes=10, expires=timedelta(minutes=1), content_type="text/csv"
    )
    assert send(link, key, b"1234567890") == 204
    assert send(link, key, b"12345678901") == 400
    assert send(link, key, b"") == 400
    assert send(link, f"{client_id}/centro/y.csv", b"1") == 403
    assert send(link, key, b"1", content_type="text/html") == 403
    assert [v.size for v in storage.history(key)] == [10]


def test_a_presigned_form_leads_on_to_the_page_that_it_names_and_no_other(
    storage: ObjectStorage, client_id: str
):
    key = f"{client_id}/centro/x.csv"
    limits = {"max_bytes": 10, "expires": timedelta(minutes=1), "content_type": "text/csv"}
    link = storage.presign_post(key, **limits, then="http://127.0.0.1:1/sent")
    form = {**link["fields"], "file": ("a.csv", b"1", "text/csv")}
    with urllib3.PoolManager() as http:
        answer = http.request("POST", link["url"], fields=form, redirect=False)
        assert answer.status == 303
        assert answer.headers["location"].startswith("http://127.0.0.1:1/sent?")
        elsewhere = {**form, "success_action_redirect": "http://elsewhere.example/"}
        assert http.request("POST", link["url"], fields=elsewhere, redirect=False).status == 403


def test_a_presigned_put_takes_that_key_and_size_only(storage: ObjectStorage, client_id: str):
    key = f"{client_id}/centro/x.csv"
    url = storage.presign_put(key, size=3, expires=timedelta(minutes=1), content_type="text/csv")
    headers = {"Content-Type": "text/csv"}
    with urllib3.PoolManager() as http:
        assert http.request("PUT", url, body=b"1234", headers=headers).status == 403
        assert http.request("PUT", url, body=b"123", headers=headers).status == 200


# --- MongoDB --------------------------------------------------------------------------------


@pytest.fixture
def mongo(settings: Settings) -> Iterator[Mongo]:
    mongo = Mongo(settings.mongo_url, settings.mongo_database)
    yield mongo
    mongo.close()


def table(*amounts: str) -> pa.Table:
    return pa.table({"amount": pa.array([Decimal(a) for a in amounts], frame.AMOUNT)})


def test_a_frame_reads_back_as_it_was_written_twice(mongo: Mongo, client_id: str):
    chunks = [*frame.encode(table("1.10", "2")), *frame.encode(table("3"))]
    for _ in range(2):
        mongo.put_chunks(client_id, chunks)
        frame_id = mongo.put_manifest(client_id, chunks)
    read = pa.concat_tables(mongo.read(client_id, frame_id))
    assert read["amount"].to_pylist() == [Decimal("1.10"), Decimal(2), Decimal(3)]


def test_frames_of_another_client_do_not_exist(mongo: Mongo, client_id: str):
    chunks = list(frame.encode(table("1")))
    mongo.put_chunks(client_id, chunks)
    frame_id = mongo.put_manifest(client_id, chunks)
    with pytest.raises(MissingChunkError):
        list(mongo.read("somebody-else", frame_id))


def test_a_chunk_that_is_gone_or_changed_is_noticed(mongo: Mongo, client_id: str):
    chunks = list(frame.encode(table("1")))
    mongo.put_chunks(client_id, chunks)
    frame_id = mongo.put_manifest(client_id, chunks)
    where = {"_id": {"client": client_id, "sha256": chunks[0].sha256}}
    mongo._chunks.update_one(where, {"$set": {"content": b"changed"}})
    with pytest.raises(MissingChunkError):
        list(mongo.read(client_id, frame_id))
    mongo._chunks.delete_one(where)
    with pytest.raises(MissingChunkError):
        list(mongo.read(client_id, frame_id))


def test_what_no_majority_has_is_not_there_yet(settings: Settings, client_id: str):
    chunks = list(frame.encode(table("1")))
    alone = settings.mongo_url.get_secret_value().replace("w=majority", "w=2")
    mongo = Mongo(SecretStr(alone), settings.mongo_database)
    for _ in range(2):  # written, then there already
        with pytest.raises(TransientError):
            mongo.put_chunks(client_id, chunks)
    mongo.close()


def test_a_chunk_that_no_document_can_hold_is_a_bug(mongo: Mongo, client_id: str):
    chunk = frame.Chunk(sha256="wide", rows=1, content=bytes(17_000_000))
    with pytest.raises(OperationFailure, match="is invalid"):
        mongo.put_chunks(client_id, [chunk])


def test_a_server_that_does_not_know_us_is_a_transient_failure(settings: Settings):
    url = settings.mongo_url.get_secret_value().replace("://", "://nobody-")
    mongo = Mongo(SecretStr(url), settings.mongo_database)
    with pytest.raises(TransientError):
        mongo.check()
    mongo.close()


def test_a_connection_that_we_closed_is_a_bug(settings: Settings):
    mongo = Mongo(settings.mongo_url, settings.mongo_database)
    mongo.close()
    with pytest.raises(InvalidOperation):
        mongo.check()


def test_a_frame_larger_than_a_document_is_cut_by_bytes(mongo: Mongo, client_id: str):
    import random

    rows = random.Random(1)
    wide = pa.table({"other.text": [rows.randbytes(600).hex() for _ in range(12_000)]})
    chunks = list(frame.encode(wide))
    assert len(chunks) > 1
    assert max(len(c.content) for c in chunks) <= frame.CHUNK_BYTES
    mongo.put_chunks(client_id, chunks)
    frame_id = mongo.put_manifest(client_id, chunks)
    assert pa.concat_tables(mongo.read(client_id, frame_id)).equals(wide)


# --- Redis ----------------------------------------------------------------------------------


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_the_cache_keeps_bodies_of_one_client(settings: Settings, client_id: str, clock: Clock):
    cache = Cache(settings.redis_url, clock=clock)
    cache.put(client_id, "report", {"a": 1})
    assert cache.get(client_id, "report") == {"a": 1}
    assert cache.get("somebody-else", "report") is None
    cache.close()


def test_rubbish_and_mixed_up_names_are_not_believed(
    settings: Settings, client_id: str, clock: Clock
):
    cache = Cache(settings.redis_url, clock=clock)
    for stored in (b"not json", b"[]", b'{"client": "somebody-else", "body": 1}', b"\xff"):
        cache._redis.set(f"v1:{client_id}:report", stored)
        assert cache.get(client_id, "report") is None
    cache.close()


def test_a_cache_that_is_away_costs_one_try_and_then_rests(client_id: str, clock: Clock):
    cache = Cache(SecretStr("redis://127.0.0.1:9/0"), clock=clock)
    assert cache.get(client_id, "report") is None
    cache._redis = None  # would fail if it were asked
    assert cache.get(client_id, "report") is None
    cache.put(client_id, "report", 1)
    clock.now += 60
    with pytest.raises(AttributeError):
        cache.get(client_id, "report")


# --- PostgreSQL -----------------------------------------------------------------------------


def test_many_rows_are_copied_as_they_are(app: Postgres, client: str):
    names = ["a\tb", "line\nbreak", "back\\slash", "\\N", "", "ñ 🛒", "a,b;c"]
    rows = [(client, f"k{n}", "centro", name, "o") for n, name in enumerate(names)]
    columns = ("client_id", "key", "branch_id", "filename", "requested_by")
    with app.transaction(client) as connection:
        copy_rows(connection, "upload_links", columns, rows)
        found = connection.execute(text("SELECT filename FROM upload_links ORDER BY key")).scalars()
        assert list(found) == names


def test_a_taken_key_is_a_conflict(app: Postgres, client: str):
    insert = text("INSERT INTO branches (client_id, id, name) VALUES (:c, 'centro', 'again')")
    with pytest.raises(ConflictError), app.transaction(client) as connection:
        connection.execute(insert, {"c": client})


RENAME = prepared("UPDATE branches SET name = :name || '%' WHERE id = :id")
BRANCHES = text("SELECT id, name FROM branches ORDER BY id")


def branches(app: Postgres, client: str) -> dict[str, str]:
    with app.transaction(client) as connection:
        return dict(connection.execute(BRANCHES).all())


@pytest.mark.parametrize("write", [RENAME, text(RENAME.text)], ids=["prepared", "plain"])
def test_a_write_for_later_goes_before_what_follows(app: Postgres, client: str, write: TextClause):
    with app.transaction(client) as connection:
        later(connection, write, {"name": "a", "id": "norte", "more": "than it takes"})
        later(connection, write, {"name": "b", "id": "sur"})
        found = dict(connection.execute(BRANCHES).all())
        assert found == {"centro": "centro", "norte": "a%", "sur": "b%"}
        later(connection, write, {"name": "c", "id": "norte"})
        connection.execute(write, [{"name": n, "id": "norte"} for n in ("d", "e")])
        later(connection, write, {"name": "f", "id": "sur"})
    assert branches(app, client) == {"centro": "centro", "norte": "e%", "sur": "f%"}


def test_writes_for_later_may_be_all_there_is(app: Postgres, client: str):
    with app.transaction(client) as connection:
        later(connection, RENAME, {"name": "a", "id": "norte"})
    assert branches(app, client)["norte"] == "a%"


def test_a_write_for_later_goes_with_its_transaction(settings: Settings, client: str):
    one = Postgres(settings.postgres_app_url, pool_size=1)
    with suppress(KeyError), one.transaction(client) as connection:
        later(connection, RENAME, {"name": "lost", "id": "norte"})
        raise KeyError
    assert branches(one, client)["norte"] == "norte"
    one.close()


@pytest.mark.parametrize("is_followed", [True, False])
def test_what_is_wrong_with_a_write_for_later_is_raised_as_ever(
    app: Postgres, client: str, is_followed: bool
):
    with pytest.raises(ConflictError):
        add_twice(app, client, is_followed=is_followed)
    assert set(branches(app, client)) == {"centro", "norte", "sur"}


def add_twice(app: Postgres, client: str, *, is_followed: bool) -> None:
    insert = text("INSERT INTO branches (client_id, id, name) VALUES (:c, 'este', 'new')")
    with app.transaction(client) as connection:
        connection.execute(insert, {"c": client})
        later(connection, insert, {"c": client})
        if is_followed:
            connection.execute(BRANCHES)


def test_a_pool_without_a_free_connection_is_a_transient_failure(settings: Settings):
    postgres = Postgres(settings.postgres_app_url, pool_size=1)
    postgres._engine.pool._timeout = 0.05
    with ExitStack() as held:
        for _ in range(3):  # one, and two beyond
            held.enter_context(postgres.transaction())
        with pytest.raises(TransientError), postgres.transaction():
            pytest.fail("a connection too many was handed out")
    postgres.close()


def test_a_database_that_is_away_is_a_transient_failure():
    nowhere = Postgres(SecretStr("postgresql+psycopg2://u:p@127.0.0.1:9/x"))
    with pytest.raises(TransientError), nowhere.transaction():
        pytest.fail("a transaction was opened on nothing")


@pytest.mark.parametrize("what", ["prepared", "many", "copied", "committed"])
def test_a_connection_that_is_cut_is_a_server_that_is_away(app: Postgres, client: str, what: str):
    with pytest.raises(TransientError):
        work_on_a_cut_connection(app, client, what)
    with app.transaction(client) as connection:
        assert connection.execute(text("SELECT name FROM clients")).scalar_one() == "Client"


def work_on_a_cut_connection(app: Postgres, client: str, what: str) -> None:
    with app.transaction(client) as connection:
        cut(connection, app)
        if what == "prepared":
            connection.execute(prepared("SELECT CAST(:client AS text)"), {"client": client})
        elif what == "many":
            rows = [{"id": "este"}, {"id": "oeste"}]
            connection.execute(prepared("UPDATE branches SET name = id WHERE id = :id"), rows)
        elif what == "copied":
            connection.connection.cursor().copy_expert("COPY (SELECT 1) TO STDOUT", io.StringIO())


def cut(connection: Connection, app: Postgres) -> None:
    """End a connection at its server, as a crash of it does."""
    end = text("SELECT pg_terminate_backend(:process, 5000)")
    with app.transaction() as other:
        process = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
        assert other.execute(end, {"process": process}).scalar_one()


def test_a_single_statement_finds_a_server_that_was_away(settings: Settings, app: Postgres):
    one = Postgres(settings.postgres_app_url, pool_size=1)
    ask = prepared("SELECT pg_backend_pid() AS process")
    ((process,),) = one.execute(ask, {})
    app.execute(text("SELECT pg_terminate_backend(:process, 5000)"), {"process": process})
    with pytest.raises(TransientError):
        one.execute(ask, {})
    ((another,),) = one.execute(ask, {})
    one.close()
    assert another != process


def test_a_single_statement_is_a_transaction_with_settings_of_its_own(
    settings: Settings, app: Postgres, client: str
):
    one = Postgres(settings.postgres_app_url, pool_size=1)
    rename = prepared("UPDATE branches SET name = CAST(:n AS integer) WHERE true RETURNING id")
    waits = text("SELECT current_setting('synchronous_commit')")
    with pytest.raises(DataError):
        one.execute(rename, {"n": "none"}, client=client)
    assert len(one.execute(rename, {"n": "7"}, client=client, is_durable=False)) == 3
    assert not one.execute(rename, {"n": "8"})
    assert one.execute(waits, {}, is_durable=False)[0][0] == "off"
    assert one.execute(waits, {})[0][0] == "on"
    one.close()
    names = app.execute(text("SELECT DISTINCT name FROM branches"), {}, client=client)
    assert [tuple(name) for name in names] == [("7",)]


def test_a_plan_for_small_tables_is_not_kept_when_they_are_large(settings: Settings):
    one = Postgres(settings.postgres_app_url, pool_size=1)
    # Nobody makes statistics of a temporary table.
    one.execute(text("CREATE TEMPORARY TABLE seen (who int, what int, wide char(500))"), {})
    one.execute(text("CREATE INDEX by_one ON seen (who) WHERE what IS NOT NULL"), {})
    one.execute(text("CREATE INDEX by_both ON seen (who, what)"), {})
    count = prepared("SELECT count(*) FROM seen WHERE who = :who AND what = :what")
    fill = text("INSERT INTO seen SELECT 1, generate_series(1, 20000)")
    explain = text("EXPLAIN EXECUTE statement_0 (1, 1)")

    def plan_after(uses: int) -> str:
        for _ in range(uses):
            one.execute(count, {"who": 1, "what": 1})
        return str(one.execute(explain, {}))

    assert "by_both" not in plan_after(20)
    one.execute(fill, {})
    assert "by_both" in plan_after(50)
    one.close()


def test_a_snapshot_sees_one_moment_however_often_its_connection_was_used(
    settings: Settings, app: Postgres, client: str
):
    one = Postgres(settings.postgres_app_url, pool_size=1)
    count = prepared("SELECT count(*) FROM branches")
    add = text("INSERT INTO branches (client_id, id, name) VALUES (:client, :id, :id)")
    seen = []
    for number in range(5):
        with one.snapshot(client) as connection:
            before = connection.execute(text("SELECT count(*) FROM branches")).scalar_one()
            app.execute(add, {"client": client, "id": f"new-{number}"}, client=client)
            seen.append(connection.execute(count).scalar_one() - before)
    one.close()
    assert seen == [0] * 5


def test_what_is_prepared_is_there_after_a_rollback_and_for_many_rows(app: Postgres, client: str):
    with pytest.raises(DataError):
        rename_and_fail(app, client)
    with app.transaction(client) as connection:
        connection.execute(RENAME, [{"name": "a", "id": "norte"}, {"name": "b", "id": "sur"}])
    with app.transaction(client) as connection:
        connection.execute(RENAME, {"name": "c", "id": "norte"})
    assert branches(app, client) == {"centro": "centro", "norte": "c%", "sur": "b%"}


def rename_and_fail(app: Postgres, client: str) -> None:
    with app.transaction(client) as connection:
        connection.execute(RENAME, {"name": "lost", "id": "centro"})
        connection.execute(text("SELECT 1 / 0"))


def test_what_the_server_refused_to_prepare_is_prepared_by_the_next_who_asks(settings: Settings):
    one = Postgres(settings.postgres_app_url, pool_size=1)
    ask = prepared("SELECT id FROM made_later")
    with pytest.raises(ProgrammingError):
        one.execute(ask, {})
    one.execute(text("CREATE TEMPORARY TABLE made_later AS SELECT 7 AS id"), {})
    assert [one.execute(ask, {}) for _ in range(2)] == [[(7,)], [(7,)]]
    one.close()


def test_what_never_reached_the_server_is_prepared_by_the_next_who_asks(settings: Settings):
    one = Postgres(settings.postgres_app_url, pool_size=1)
    ask = prepared("SELECT CAST(:word AS text)")
    with pytest.raises(ValueError, match="NUL"):
        one.execute(ask, {"word": "\x00"})
    assert one.execute(ask, {"word": "a"}) == [("a",)]
    one.close()


def test_what_was_prepared_in_a_message_that_failed_afterwards_works_again(
    settings: Settings, client: str
):
    one = Postgres(settings.postgres_app_url, pool_size=1)
    add = prepared("INSERT INTO branches (client_id, id, name) VALUES (:client, :id, :id)")
    for _ in range(2):
        with pytest.raises(ConflictError):
            one.execute(add, {"client": client, "id": "centro"}, client=client)
    one.execute(add, {"client": client, "id": "este"}, client=client)
    assert "este" in branches(one, client)
    one.close()


def test_a_transaction_sees_its_own_client_alone_whoever_had_the_connection(
    settings: Settings, app: Postgres, client: str
):
    one = Postgres(settings.postgres_app_url, pool_size=1)
    count = prepared("SELECT count(*) FROM branches")
    seen = []
    for who in (client, None, "somebody-else", client):
        with one.transaction(who) as connection:
            seen.append(connection.execute(count).scalar_one())
        with one.transaction(who):
            pass  # without a statement nothing begins
        seen += [row[0] for row in one.execute(count, {}, client=who)]
    one.close()
    assert seen == [3, 3, 0, 0, 0, 0, 3, 3]
