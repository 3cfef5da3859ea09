"""How a file was read, and what of it had been decided for its branch before."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from functions.ingest.reader.evidence.whole_columns import Told
from functions.ingest.reader.layout import Described

# Raised when the same bytes would be read differently.
READER_VERSION = "12"


def _tells_nothing(_setting: str) -> None:
    return None


@dataclass(frozen=True, kw_only=True, slots=True)
class FormatProfile:
    """What was decided for the branch before; used where a file leaves a question open.

    `told` answers it, and is not asked otherwise: "date_order" with dmy, mdy or ymd, "decimal_mark" with
    a point or a comma, or None.
    """

    version: int = 0
    told: Told = _tells_nothing
    columns: Mapping[str, str] = field(default_factory=dict)  # column of ours -> header name


@dataclass(frozen=True, kw_only=True, slots=True)
class Understanding(Described):
    """How a file was read."""

    mapping: Mapping[str, str]  # column of ours -> header name
    mapping_confidence: Mapping[str, float]
    mapping_settled_by: Mapping[str, str]  # name | similar | values | profile
    date_form: str  # wall | instant | compact | excel_1900 | excel_1904 | seconds | milliseconds
    date_order: str | None  # dmy | mdy | ymd; None: the dates read the same either way
    date_order_settled_by: str | None  # column | profile
    decimal_mark: str | None  # of the money column
    decimal_mark_settled_by: str | None  # column | file | profile
    currency: str | None  # named beside the amounts: a code, or a sign that several have
    profile_version: int
    # Rows by what the export says they are instead of purchases; known once all batches are read.
    left_out: Mapping[str, int] = field(default_factory=dict)
    # Orders with a discount or a refund of all their lines, by what became of it; known then, too.
    of_orders: Mapping[str, int] = field(default_factory=dict)
    reader_version: str = READER_VERSION

    @property
    def shown(self) -> dict[str, str]:
        """Return the conventions that the file's own columns show."""
        found = {
            "date_order": (self.date_order, self.date_order_settled_by),
            "decimal_mark": (self.decimal_mark, self.decimal_mark_settled_by),
        }
        return {name: value for name, (value, by) in found.items() if value and by == "column"}

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON can hold it."""
        return Described.as_dict(self) | {
            "mapping": dict(self.mapping),
            "mapping_confidence": dict(self.mapping_confidence),
            "mapping_settled_by": dict(self.mapping_settled_by),
            "left_out": dict(self.left_out),
            "of_orders": dict(self.of_orders),
        }
