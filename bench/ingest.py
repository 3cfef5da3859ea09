"""Ingest of one file against the floor, and against an importer of row documents.

The floor reads the file once, parses it once and stores it once, and understands nothing: sha256,
Arrow's CSV parser, zstd chunks into MongoDB. Ours downloads from the object store, finds out how
the file is written, types it exactly, balances it, and commits.
"""

import hashlib
import secrets
from statistics import median

import pandas as pd
import pyarrow.csv as pacsv
from pymongo import MongoClient
from sqlalchemy import text

from bench.floor import plain_chunks
from bench.table import Row
from bench.world import File, World, timed
from common.events import ObjectCreated, ObjectRef
from common.messages import to_message
from common.messaging import connect
from common.runtime import Runtime
from functions.ingest.__main__ import connected

RUNS = 5


def measure(world: World, file: File) -> list[Row]:
    """Time floor and ingest in turn, so that a slower moment of the machine meets both."""
    floors: list[float] = []
    owns: list[float] = []
    with connected(world.settings) as runtime:
        ingest = Ingest(runtime, world, file)
        ingest.run()
        for _ in range(RUNS):
            floors.append(timed(lambda: floor(world, file)))
            owns.append(ingest.run())
    documents = timed(lambda: row_documents(world, file))
    own = median(owns)
    return [
        Row(
            what=f"ingest, {file.title}",
            against="floor: sha256 + Arrow parse + zstd chunks to MongoDB",
            own_s=own,
            other_s=median(floors),
            aim="at most 3",
        ),
        Row(
            what=f"ingest, {file.title}",
            against="`pandas.read_csv` + `insert_many` of row documents",
            own_s=own,
            other_s=documents,
            aim="at most 1/15 = 0.067",
        ),
    ]


class Ingest:
    """The function itself, in this process: from the message to the ack."""

    def __init__(self, runtime: Runtime, world: World, file: File) -> None:
        self._runtime = runtime
        self._world = world
        self._body = file.path.read_bytes()
        self._transport = connect(world.settings)
        self._s3 = world.s3()

    def run(self) -> float:
        """Ingest the file for a new client; return the seconds without the upload itself."""
        client = self._world.new_client()
        key = f"{client}/centro/file.csv"
        bucket = self._world.settings.bucket
        version = self._s3.put_object(Bucket=bucket, Key=key, Body=self._body)["VersionId"]
        ref = ObjectRef(bucket=bucket, key=key, version_id=version)
        event = ObjectCreated(object=ref, source="bench")
        self._transport.declare(["ingest", "cluster", "notify"])
        body = to_message(event, event_id=secrets.token_hex(8), source="bench")
        self._transport.publish("ingest", body)
        return timed(lambda: self._until_stored(client))

    def _until_stored(self, client: str) -> None:
        for _ in range(10):
            self._runtime.step()
            with self._world.app.transaction(client) as connection:
                state = connection.execute(text("SELECT state FROM uploads")).scalar_one_or_none()
            if state == "stored":
                return
        raise AssertionError(f"not stored but {state}")


def floor(world: World, file: File) -> None:
    """Hash, parse, compress, store."""
    hashlib.sha256(file.path.read_bytes()).hexdigest()
    options = pacsv.ReadOptions(encoding=file.encoding)
    table = pacsv.read_csv(file.path, read_options=options)
    documents = [
        {"_id": secrets.token_hex(16), "content": chunk.content} for chunk in plain_chunks(table)
    ]
    with MongoClient(world.settings.mongo_url.get_secret_value()) as mongo:
        mongo["datacore"]["bench"].insert_many(documents)


def row_documents(world: World, file: File) -> None:
    """Import as it is usually written: a document per row."""
    rows = pd.read_csv(file.path, encoding=file.encoding).to_dict("records")
    with MongoClient(world.settings.mongo_url.get_secret_value()) as mongo:
        mongo["datacore"]["bench_rows"].insert_many(rows)
