"""The reader: any branch's file, read right without settings.

    bytes    ->  `encoding`    which kind of file, and how its bytes become text
    layout   ->  `dialect`     what stands before the table, its delimiter, its header
    records  ->  `rows`        with row, line and byte, vectorised; `careful` where that cannot tell
    columns  ->  `columns`     which of the file's columns is which of ours
    evidence ->  `evidence`    what each column as a whole says of dates and decimal marks
    values   ->  `conversion`  `dates` and `numbers`, typed and exact; the rest is `rejection`

`reading` ties them together in two passes, with the text of the cells kept in `spill` between them.
Every code that can be said is in `refusal`. Files in, values out: no network, no clock.
"""

from functions.ingest.reader.reading import (
    BATCH_ROWS,
    READER_VERSION,
    Batch,
    FormatProfile,
    Reading,
    Understanding,
    open_file,
)
from functions.ingest.reader.refusal import OpenQuestionError, UnreadableFileError
from functions.ingest.reader.rejection import RejectedRow

__all__ = [
    "BATCH_ROWS",
    "READER_VERSION",
    "Batch",
    "FormatProfile",
    "OpenQuestionError",
    "Reading",
    "RejectedRow",
    "Understanding",
    "UnreadableFileError",
    "open_file",
]
