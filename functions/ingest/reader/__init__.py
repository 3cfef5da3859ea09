"""The reader: any branch's file, read right without settings.

From the bottom up; nothing below knows what is above it:

    values    what a single text means: `dates` and `numbers`, vectorised by `shapes`;
              `careful_dates` and `careful_numbers` where that cannot tell, by `calendar_names`,
              `zone_names`, `currencies` and `characters`; `looks` tell by form alone; `rounded` ids
    words     `header_names` by `synonyms`: what a column's name stands for, in some `programs` by
              the others beside it; `signs`: which columns say what becomes of a row, `meanings` of
              the words in them, `reductions` that are no goods; what stands `between` amounts
    text      `unpacking` the file, or the one inside it; its `encoding`, by `alphabets`; `texts`:
              its own bytes, or a copy in UTF-8 with the way back
    records   `dialect`: how it is laid out, by `styles` of cells and the `shape` of the table;
              `blocks` of whole records with line and byte, vectorised by `marks`; `careful` where
              that cannot tell; `rows`: their cells, by Arrow; `date_parts` joined; `sections`;
              `spill`: the cells between the two passes
    evidence  what columns of `dates` and `numbers` as a whole say of their order and marks
    lines     what rows say of themselves and of each other: `ending` of the table; `whole_rows`
              that are damaged; `standing`: voided, cancelled, a return; `orders`; `refunds`,
              `discounts`, and those `of_orders`; `totals` by a word, `subtotals`, `total_rows` and
              `grand_totals` by their sums; `headings`, `nobody`, `named_once`, `kinds` and
              `pieces`, which only all rows show together; the `verdict` on each
    columns   `mapping`: which of the file's columns is which of ours, out of `candidates` by name
              and by `samples` of values; `unnamed` ones by these alone; `proofs` of amounts by
              what they come of; `lists` that are no purchases; `order_lines` and `order_totals`
              that are no amounts of lines

Two passes tie them together. `opening` is the first: what all rows show is `seen`, and all that
holds for the file `settled`. `reading` is the second: rows are `typed`, and by `conversion` judged as
a whole; only where rows have to be weighed (`weighing`) it is made once more. `rejection` tells what
is wrong with a row; `layout` holds how the file is written, `understanding` how it was read, `raw`
its table as text and nothing more.
Every code that can be said is in `refusal`. Files in, values out: no network, no clock.
"""

from functions.ingest.reader.layout import Described
from functions.ingest.reader.opening import open_file
from functions.ingest.reader.raw import RawTable, open_table
from functions.ingest.reader.reading import Batch, Reading
from functions.ingest.reader.refusal import OpenQuestionError, Question, UnreadableFileError
from functions.ingest.reader.rejection import RejectedRow
from functions.ingest.reader.understanding import READER_VERSION, FormatProfile, Understanding

__all__ = [
    "READER_VERSION",
    "Batch",
    "Described",
    "FormatProfile",
    "OpenQuestionError",
    "Question",
    "RawTable",
    "Reading",
    "RejectedRow",
    "Understanding",
    "UnreadableFileError",
    "open_file",
    "open_table",
]
