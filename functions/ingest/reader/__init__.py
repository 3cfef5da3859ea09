"""The reader: any branch's file, read right without settings.

    bytes    ->  `unpacking`   the file, or the one inside it
             ->  `encoding`    which kind of file, and how its bytes become text, by `alphabets`
             ->  `texts`       the file's own bytes, or a copy in UTF-8 with the way back
    layout   ->  `dialect`     `styles`: how cells are written; `shape`: where the table begins;
                               `layout` holds all that, `raw` the table as text and nothing more
    records  ->  `blocks`      with line and byte, vectorised by `marks`; `careful` where that
                               cannot tell
             ->  `rows`        their cells, by Arrow; `careful` where that finds other records
             ->  `date_parts`  year, month and day in three columns joined
             ->  `ending`      where the table ends, and what stands below it; `sections` of it
    columns  ->  `mapping`     which of the file's columns is which of ours: `columns` by name with
                               `synonyms`, `samples` by values; `lists` that are no purchases;
                               `order_totals` that are no amounts of lines
    evidence ->  `date_evidence`, `number_evidence`: what each column as a whole says of the order of
                               day and month, decimal marks, currencies
             ->  `order_lines`, `kinds`, `pieces`, `headings`, `nobody`: what only all rows show together
             ->  `total_rows`, `grand_totals`, `named_once`: what only their sums or dates show,
                               by `weighing` them where a row looks like it
             ->  `settled`     all that holds for the file
    rows     ->  `whole_rows`  what is wrong with a row as a whole
             ->  `standing`    what the export itself says of a row: voided, cancelled, a return;
                               `signs` which columns and titles say so, `meanings` of their words,
                               `totals` by a word, `subtotals` by their sum, `likely` which to judge
             ->  `orders`      what the first line of an order says for those below it
             ->  `refunds`     what was paid back of a row
    values   ->  `typed`       `dates` and `numbers`, vectorised by `shapes`; `careful_dates` and
                               `careful_numbers` where that cannot tell, by `calendar_names`,
                               `zone_names`, `currencies` and `characters`; `rounded` ids
             ->  `conversion`  all of a row together: `discounts` taken off, `reductions` told from
                               returns, its balance
             ->  `verdict`     which rows are accepted; the others are told by `rejection`

`reading` ties them together in two passes, with the text of the cells kept in `spill` between them;
only where rows have to be weighed the second is made once more.
Every code that can be said is in `refusal`. Files in, values out: no network, no clock.
"""

from functions.ingest.reader.layout import Described
from functions.ingest.reader.raw import RawTable, open_table
from functions.ingest.reader.reading import (
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
    "READER_VERSION",
    "Batch",
    "Described",
    "FormatProfile",
    "OpenQuestionError",
    "RawTable",
    "Reading",
    "RejectedRow",
    "Understanding",
    "UnreadableFileError",
    "open_file",
    "open_table",
]
