"""The shape of a frame: a dataset's accepted rows as Arrow tables, and their bytes as chunks.

Pure: both the reader of files and the clustering know it; `common.mongo` stores it.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.ipc

from common.narrow import narrow, widen

QUANTITY = pa.decimal128(18, 6)
PRICE = pa.decimal128(18, 6)
AMOUNT = pa.decimal128(38, 12)  # holds any quantity x price exactly

# Every frame has these columns, in this order; a column the file does not have is all null.
CANONICAL = pa.schema([
    pa.field("row", pa.int64(), nullable=False),  # data row in the file, from 1
    pa.field("line", pa.int64(), nullable=False),  # physical line in the file, from 1
    pa.field("customer_id", pa.string()),  # null: anonymous
    pa.field("ordered_at", pa.timestamp("us"), nullable=False),  # the branch's wall time
    pa.field("order_id", pa.string()),
    pa.field("branch", pa.string()),  # only where the file has such a column
    pa.field("product_id", pa.string()),
    pa.field("product", pa.string()),
    pa.field("quantity", QUANTITY),
    pa.field("unit_price", PRICE),
    pa.field("amount", AMOUNT, nullable=False),
    pa.field("currency", pa.string()),
    pa.field("kind", pa.string(), nullable=False),  # sale | return
])
OTHER = "other."  # prefix of the file's further columns, kept as text

# The rows that were not accepted, kept beside the frame in the same way.
REJECTED = pa.schema([
    pa.field("code", pa.string(), nullable=False),  # why, a code of the catalogue of texts
    pa.field("row", pa.int64(), nullable=False),
    pa.field("line", pa.int64(), nullable=False),
    pa.field("column", pa.string()),  # header name; null: the row as a whole
    pa.field("byte_offset", pa.int64(), nullable=False),  # in the file as uploaded
    pa.field("byte_length", pa.int64(), nullable=False),
    pa.field("raw", pa.string(), nullable=False),  # the record's own text
    pa.field(
        "is_left_out", pa.bool_(), nullable=False
    ),  # no purchase, says the export: all is well
    pa.field("cells", pa.list_(pa.string()), nullable=False),  # the same, cell by cell
    pa.field("params", pa.string(), nullable=False),  # JSON: what the sentence of `code` says
])

SALE = "sale"
RETURN = "return"

# A document holds 16 MB at most; chunks near 2 MB write and read fastest.
CHUNK_BYTES = 2_000_000
# Fewer rows are compressed as one: each column apart takes eight times as long, and three times the
# room. Of more, columns are compressed by several threads and can be read alone.
_MANY_ROWS = 10_000
_ZSTD = "zstd"
_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"


@dataclass(frozen=True, kw_only=True, slots=True)
class Chunk:
    """A stretch of a frame's rows as compressed Arrow bytes, named by their sha256."""

    sha256: str
    rows: int
    content: bytes


def encode(table: pa.Table) -> Iterator[Chunk]:
    """Yield `table` as chunks of at most `CHUNK_BYTES`, a row at least; same rows, same chunks."""
    content = _to_bytes(table)
    chunks = min(-(-len(content) // CHUNK_BYTES), max(table.num_rows, 1))
    if chunks > 1:
        rows = -(-table.num_rows // chunks)
        for first in range(0, table.num_rows, rows):
            yield from encode(table.slice(first, rows))
        return
    yield Chunk(sha256=hashlib.sha256(content).hexdigest(), rows=table.num_rows, content=content)


def decode(content: bytes, columns: Sequence[str] | None = None) -> pa.Table:
    """Return a chunk's rows, or only some of its columns."""
    source = pa.py_buffer(content)
    if content.startswith(_ZSTD_MAGIC):
        source = pa.input_stream(source, compression=_ZSTD).read_buffer()
    if columns is None:
        return widen(pa.ipc.open_stream(source).read_all())
    schema = pa.ipc.open_stream(source).schema
    wanted = [i for i, name in enumerate(schema.names) if name in columns]
    # One column is one thread's work.
    options = pa.ipc.IpcReadOptions(included_fields=wanted, use_threads=len(wanted) > 1)
    return widen(pa.ipc.open_stream(source, options=options).read_all())


def _to_bytes(table: pa.Table) -> bytes:
    codec = pa.Codec(_ZSTD, compression_level=1)
    are_many = table.num_rows > _MANY_ROWS
    sink = pa.BufferOutputStream()
    # One batch, whatever the chunks were: of the same table the same bytes.
    table = table.combine_chunks()
    if are_many:
        table = narrow(table)
    # Who writes large files does so in threads of its own.
    compression = codec if are_many else None
    options = pa.ipc.IpcWriteOptions(compression=compression, use_threads=False)
    with pa.ipc.new_stream(sink, table.schema, options=options) as writer:
        writer.write(table)
    content = sink.getvalue()
    if not are_many:
        content = codec.compress(content)
    return bytes(content)
