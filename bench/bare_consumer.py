"""A consumer as it is usually written: `python -m bench.bare_consumer`."""

import hashlib
import io
import json
from typing import Any
from urllib.parse import unquote_plus

import boto3
import pandas as pd
import pika
import psycopg2
import pyarrow as pa
from botocore.config import Config
from pymongo import MongoClient

from common.settings import Settings


def main() -> None:
    """Take messages until told to stop."""
    settings = Settings()
    s3 = boto3.client(
        "s3",
        endpoint_url=settings.s3_endpoint_url,
        aws_access_key_id=settings.aws_access_key_id,
        aws_secret_access_key=settings.aws_secret_access_key.get_secret_value(),
        region_name=settings.aws_region,
        config=Config(signature_version="s3v4", s3={"addressing_style": "path"}),
    )
    chunks = MongoClient(settings.mongo_url.get_secret_value())["datacore"]["bench_chunks"]
    url = settings.postgres_runtime_url.get_secret_value()
    database = psycopg2.connect(url.replace("postgresql+psycopg2", "postgresql"))

    def handle(channel: Any, method: Any, _properties: Any, body: bytes) -> None:
        s3_record = json.loads(body)["Records"][0]["s3"]
        key = unquote_plus(s3_record["object"]["key"])
        content = s3.get_object(Bucket=s3_record["bucket"]["name"], Key=key)["Body"].read()
        sha256 = hashlib.sha256(content).hexdigest()
        rows = pd.read_csv(io.BytesIO(content))
        chunks.replace_one({"_id": sha256}, {"content": _arrow(rows)}, upsert=True)
        with database, database.cursor() as cursor:
            cursor.execute(
                "INSERT INTO bench_files (client_id, sha256, rows) VALUES (%s, %s, %s)"
                " ON CONFLICT DO NOTHING",
                (key.partition("/")[0], sha256, len(rows)),
            )
        channel.basic_ack(method.delivery_tag)

    channel = pika.BlockingConnection(
        pika.URLParameters(settings.amqp_url.get_secret_value())
    ).channel()
    channel.basic_qos(prefetch_count=1)
    channel.basic_consume("ingest", handle)
    channel.start_consuming()


def _arrow(rows: pd.DataFrame) -> bytes:
    table = pa.Table.from_pandas(rows, preserve_index=False)
    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    with pa.ipc.new_stream(sink, table.schema, options=options) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


if __name__ == "__main__":
    main()
