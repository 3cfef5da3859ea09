"""What the report API reads, as frozen values: rows of PostgreSQL are parsed here, once."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Self

MOVING = ("announced", "reading")  # states in which the next step is ours, and comes by itself


@dataclass(frozen=True, kw_only=True, slots=True)
class Principal:
    """Who asks."""

    client: str
    user: str
    role: str  # owner | analyst | uploader
    language: str

    @property
    def sees_segments(self) -> bool:
        """Whether this role may look at customers and what they are worth."""
        return self.role in {"owner", "analyst"}


@dataclass(frozen=True, kw_only=True, slots=True)
class NewClient:
    """A client as the operator asks for it; what is None stays as it is, or is the usual."""

    id: str
    name: str
    branches: Mapping[str, str]  # by id: name
    timezone: str | None = None  # of these branches, by its IANA name
    currency: str | None = None  # ISO 4217
    language: str = "en"


@dataclass(frozen=True, kw_only=True, slots=True)
class Branch:
    """A shop of the client."""

    id: str
    name: str
    timezone: str  # IANA name


@dataclass(frozen=True, kw_only=True, slots=True)
class Client:
    """The tenant, and how far its data and its report are."""

    id: str
    name: str
    currency: str | None
    row_policy: str  # good_rows | all_or_nothing
    data_version: int
    segmented_version: int
    segmentation: str | None

    @property
    def is_lagging(self) -> bool:
        """Whether the data has moved since the current segmentation looked at it."""
        return self.data_version > self.segmented_version


@dataclass(frozen=True, kw_only=True, slots=True)
class FirstUpload:
    """The upload that brought the same bytes first."""

    id: str
    filename: str
    stored_at: datetime
    branch: str
    timezone: str  # of the branch

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        """Take the columns named `first_...`."""
        return cls(
            id=row["first_id"],
            filename=row["first_filename"],
            stored_at=row["first_stored_at"],
            branch=row["first_branch"],
            timezone=row["first_timezone"],
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Balance:
    """The file balance: rows in = accepted + rejected + left_out + blank + repeated."""

    rows_in: int
    accepted: int
    rejected: int
    left_out: int  # no purchases, says the export
    blank: int
    repeated: int
    quantity: Decimal
    amount: Decimal
    first_day: date | None
    last_day: date | None

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        """Take the columns that are named as the fields."""
        return cls(**{name: row[name] for name in cls.__slots__})


@dataclass(frozen=True, kw_only=True, slots=True)
class Repaired:
    """Rejected rows of a file that were mended and sent again, and what they add to it."""

    rows: int
    quantity: Decimal
    amount: Decimal
    elsewhere: int  # further rows, which were to mend lines of another file that count by now


@dataclass(frozen=True, kw_only=True, slots=True)
class Repairs:
    """Rows of a file that mend rows of others, and how many of them count now."""

    rows: int
    counted: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Related:
    """Another upload that this one repairs, or that repairs it."""

    id: str
    filename: str | None  # None: it is not known (yet)
    rows: int
    counted: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """Work on an upload that failed for now and is tried again."""

    tries: int
    retry_at: datetime
    error: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Upload:
    """One upload, with what is known about it."""

    id: str
    filename: str
    key: str
    branch: str
    state: str
    reason: str | None
    params: Mapping[str, Any]
    size: int  # bytes
    sha256: str | None
    stored_at: datetime
    seen_at: datetime
    settled_at: datetime | None
    uploaded_by: str | None
    first_upload: FirstUpload | None
    balance: Balance | None
    left_out: Mapping[str, int]  # rows that are no purchases, by what the export says they are
    of_orders: Mapping[str, int]  # orders that something was taken off, by what became of it
    repaired: Repaired | None  # None: no row has to be
    repairs: Repairs | None  # None: it mends nothing
    waiting: Waiting | None

    @property
    def open_rows(self) -> int:
        """Count the rejected rows that nobody has mended."""
        rejected = self.balance.rejected if self.balance else 0
        return rejected - (self.repaired.rows + self.repaired.elsewhere if self.repaired else 0)

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        """Take a row of the statement that joins uploads, datasets and claims."""
        understanding = row["understanding"] or {}
        joined = {"first_upload", "balance", "repaired", "repairs", "waiting"}
        joined |= {"left_out", "of_orders"}
        plain = {name: row[name] for name in cls.__slots__ if name not in joined}
        return cls(
            **plain,
            first_upload=FirstUpload.from_row(row) if row["first_id"] else None,
            balance=Balance.from_row(row) if row["rows_in"] is not None else None,
            left_out=understanding.get("left_out", {}),
            of_orders=understanding.get("of_orders", {}),
            repaired=_repaired(row) if row["rejected"] else None,
            repairs=_repairs(row) if row["repairs_rows"] else None,
            waiting=_waiting(row) if row["retry_at"] else None,
        )


def _repaired(row: Mapping[str, Any]) -> Repaired:
    names = ("rows", "quantity", "amount", "elsewhere")
    return Repaired(**{name: row[f"repaired_{name}"] for name in names})


def _repairs(row: Mapping[str, Any]) -> Repairs:
    return Repairs(rows=row["repairs_rows"], counted=row["repairs_counted"])


def _waiting(row: Mapping[str, Any]) -> Waiting:
    return Waiting(tries=row["tries"], retry_at=row["retry_at"], error=row["last_error"] or "")


@dataclass(frozen=True, kw_only=True, slots=True)
class UploadDetail:
    """An upload with what only its own page shows."""

    upload: Upload
    understanding: Mapping[str, Any] | None
    rejected_frame: str | None  # names the rejected rows in MongoDB
    repairs: tuple[Related, ...]  # the uploads that it repairs
    repaired_by: tuple[Related, ...]  # those that repair it
    replaced_rows: int  # in the current segmentation, by newer files


@dataclass(frozen=True, kw_only=True, slots=True)
class Rejected:
    """A row that was not accepted."""

    code: str
    params: Mapping[str, Any]
    line: int
    row: int
    column: str | None
    byte_offset: int
    raw: str
    cells: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Text:
    """A code of the catalogue with its parameters."""

    code: str
    params: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Segment:
    """One segment of a segmentation, in the view that it belongs to."""

    view: str  # rfm | habits
    segment_id: str
    position: int
    customers: int
    revenue: Decimal
    name: Text
    sentence: Text
    action: Text
    rule: tuple[Text, ...]
    share_of_customers: float
    share_of_revenue: float
    orders: int
    average_ticket: Decimal | None
    recency_days: float | None  # median
    orders_per_customer: float | None
    spend_per_customer: Decimal | None

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        """Take the columns, and the measures and texts in `body`."""
        body = row["body"]
        return cls(
            view=row["view"],
            segment_id=row["segment_id"],
            position=row["position"],
            customers=row["customers"],
            revenue=row["revenue"],
            name=Text(code=body["name_code"], params={}),
            sentence=Text(code=body["sentence_code"], params=body["sentence_params"]),
            action=Text(code=body["action_code"], params={}),
            rule=tuple(Text(code=part["code"], params=part["params"]) for part in body["rule"]),
            share_of_customers=float(body["share_of_customers"]),
            share_of_revenue=float(body["share_of_revenue"]),
            orders=body["orders"],
            average_ticket=_decimal(body["average_ticket"]),
            recency_days=_float(body["recency_days"]),
            orders_per_customer=_float(body["orders_per_customer"]),
            spend_per_customer=_decimal(body["spend_per_customer"]),
        )


def _decimal(value: object) -> Decimal | None:
    return None if value is None else Decimal(str(value))


def _float(value: object) -> float | None:
    return None if value is None else float(str(value))


@dataclass(frozen=True, kw_only=True, slots=True)
class Contribution:
    """What one dataset gave to a segmentation: accepted = counted + replaced."""

    sha256: str
    branch: str
    accepted_rows: int
    counted_rows: int
    replaced_rows: int
    accepted_amount: Decimal
    counted_amount: Decimal
    replaced_amount: Decimal


@dataclass(frozen=True, kw_only=True, slots=True)
class Segmentation:
    """One result of clustering, whole."""

    id: str
    as_of: date | None  # None: there was no row to look at
    summary: Mapping[str, Any]
    segments: tuple[Segment, ...]
    contributions: tuple[Contribution, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class ExportedSegment:
    """What names a segment's list of customers."""

    segment_id: str
    view: str
    name_code: str
    segmentation: str
    as_of: date | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Assignment:
    """A customer of a segment, as the campaign list shows it."""

    customer_id: str
    recency_days: int | None
    orders: int
    spend: Decimal
    first_day: date | None
    last_day: date | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Notice:
    """What a user was told."""

    id: int
    code: str
    params: Mapping[str, Any]
    upload: str | None
    created_at: datetime
