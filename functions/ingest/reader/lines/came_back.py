"""What came back: marks that say so by a 1, and orders that have no other row for it.

An order that came back, and stands on one row alone, has its sale there, and nothing of it is left.
Where it stands on several rows, the one that says so is the return.
"""

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from functions.ingest.reader.words.header_names import fold
from functions.ingest.reader.words.meanings import CAME_BACK, meaning_of_status
from functions.ingest.reader.words.signs import YES, Signs

_MARKS = frozenset({"", "0", "1"})
_MOST_TEXTS = 1000  # more are something else


class CameBack:
    """Watches the first pass for them."""

    def __init__(self, signs: Signs, mapping: Mapping[str, int]) -> None:
        self._status = frozenset(signs.status)
        # What is called `Returned` beside quantities may be how many pieces came back.
        self._pieces = frozenset(signs.returned if "quantity" in mapping else ())
        watched = (*signs.status, *signs.refunded, *signs.returned)
        self._texts: dict[int, set[str]] = {index: set() for index in watched}
        self._says = (*signs.status, *signs.returned)
        self._order = mapping.get("order_id")
        self.stand_once = self._order is not None

    def add(self, columns: tuple[Any, ...]) -> None:
        """Look at a block."""
        for index, texts in self._texts.items():
            if len(texts) <= _MOST_TEXTS:
                texts.update(pc.unique(columns[index]).to_pylist())
        for index in self._says:
            said = [text for text in self._texts[index] if self._is_back(text, index)]
            if said and self._order is not None and self.stand_once:
                is_back = pc.is_in(columns[index], value_set=pa.array(said))
                self.stand_once = _stand_once(columns[self._order], is_back)

    def _is_back(self, text: str, index: int) -> bool:
        if index in self._status:
            return meaning_of_status(text) == CAME_BACK
        said = fold(text)
        return said in YES and not (said == "1" and index in self._pieces)

    def marks(self) -> frozenset[int]:
        """Return the columns in which a 1 is a mark: they have no more than that, 0 or nothing."""
        return frozenset(
            index
            for index, texts in self._texts.items()
            if index not in self._pieces and "1" in texts <= _MARKS
        )


def _stand_once(order_ids: Any, is_back: Any) -> bool:
    """Say whether each of these rows is the only one of its order."""
    came_back = order_ids.filter(is_back)
    if not len(came_back):
        return True
    rows = pc.sum(pc.is_in(order_ids, value_set=came_back)).as_py()
    return bool(rows == len(came_back) and pc.all(pc.not_equal(came_back, "")).as_py())
