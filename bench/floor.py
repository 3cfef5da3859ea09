"""What any ingest has to do with a parsed file, done the plain way: to be measured against."""

import hashlib
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.ipc

from common import frame

_SLICE_ROWS = 65_536  # compressed at a time: below two megabytes


def plain_chunks(table: Any) -> Iterator[frame.Chunk]:
    """Yield a table as chunks that Arrow writes and zstd compresses, and nothing is known of."""
    options = pa.ipc.IpcWriteOptions(compression=pa.Codec("zstd", compression_level=1))
    for at in range(0, table.num_rows, _SLICE_ROWS):
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, table.schema, options=options) as writer:
            writer.write_table(table.slice(at, _SLICE_ROWS).combine_chunks())
        content = sink.getvalue().to_pybytes()
        name = hashlib.sha256(content).hexdigest()
        yield frame.Chunk(sha256=name, rows=min(_SLICE_ROWS, table.num_rows - at), content=content)
