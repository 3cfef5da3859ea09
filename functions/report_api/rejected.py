"""The rejected rows of an upload, out of the chunks that MongoDB keeps."""

import json
from collections.abc import Iterator
from typing import Any

from common.mongo import Mongo
from functions.report_api.schemas import Rejected


def rejected_rows(mongo: Mongo, client: str, frame_id: str) -> Iterator[Rejected]:
    """Yield the rejected rows that somebody has to mend, in the file's order.

    Raises:
        TransientError: MongoDB cannot be reached.
    """
    for table in mongo.read(client, frame_id):
        for row in table.to_pylist():
            if not row["is_left_out"]:
                yield _rejected(row)


def _rejected(row: dict[str, Any]) -> Rejected:
    return Rejected(
        code=row["code"],
        params=json.loads(row["params"]),
        line=row["line"],
        row=row["row"],
        column=row["column"],
        byte_offset=row["byte_offset"],
        raw=row["raw"],
        cells=tuple(row["cells"]),
    )
