"""A shop with a report, files in every state and three users, written straight into the tables."""

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, text

from common.postgres import Postgres
from functions.report_api.accounts import create_user, save_client
from functions.report_api.schemas import NewClient

SEGMENTATION = "a" * 64
AS_OF = date(2026, 3, 31)
NOON = datetime(2026, 4, 1, 12, 0, tzinfo=UTC)
KNOWN_SHA256 = "1" * 64
FORMULA = "=HYPERLINK(0)"  # a customer id that a spreadsheet would run

# id, customers, revenue, orders, median days since the last purchase
RFM = (
    ("champions", 412, "186420.50", 3890, 6.0),
    ("loyal", 655, "121904.20", 3121, 19.0),
    ("promising", 498, "38210.75", 1104, 11.0),
    ("new", 231, "8120.00", 231, 8.0),
    ("cannot_lose", 74, "29877.10", 590, 118.0),
    ("at_risk", 388, "41230.45", 1180, 96.0),
    ("hibernating", 702, "22014.00", 811, 141.0),
    ("no_purchase", 12, "-318.40", 0, None),
)
HABITS = (
    ("regulars", 980, "262118.30", 6120, 12.0),
    ("weekend_shoppers", 1270, "141044.70", 3370, 24.0),
    ("rare_buyers", 710, "44614.00", 1437, 104.0),
)
ANONYMOUS = Decimal("51230.15")


@dataclass(frozen=True, kw_only=True, slots=True)
class Shop:
    """A client and its people's tokens."""

    client: str
    owner: str
    analyst: str
    uploader: str

    def path(self, rest: str = "") -> str:
        """Return a path of this client in the API."""
        return f"/clients/{self.client}{rest}"


def open_shop(postgres: Postgres, client: str, *, currency: str | None = "EUR") -> Shop:
    """Make a client with two branches and one user of each role, and no data."""
    branches = {"centro": "Centro", "norte": "Norte <&>"}
    save_client(
        postgres, NewClient(id=client, name="Moda Sol", branches=branches, currency=currency)
    )
    owner, analyst, uploader = (
        create_user(postgres, client=client, user=role, name=role, role=role)
        for role in ("owner", "analyst", "uploader")
    )
    return Shop(client=client, owner=owner, analyst=analyst, uploader=uploader)


def stock_shop(postgres: Postgres, shop: Shop) -> None:
    """Give the shop a report, uploads in every state and notices."""
    with postgres.transaction(shop.client) as connection:
        add_segmentation(connection, shop.client)
        add_uploads(connection, shop.client)
        add_notices(connection, shop.client)
        add_recovery(connection, shop.client)


# --- the report -------------------------------------------------------------------------------


def add_segmentation(connection: Connection, client: str, name: str = SEGMENTATION) -> None:
    """Store a segmentation, and make it the current one."""
    segments = [
        _segment(view, position, *figures)
        for view, group in (("rfm", RFM), ("habits", HABITS))
        for position, figures in enumerate(group, start=1)
    ]
    _insert(
        connection,
        "segmentations",
        client_id=client,
        id=name,
        as_of=AS_OF,
        data_version=3,
        summary=_summary(),
    )
    for segment in segments:
        _insert(connection, "segments", client_id=client, segmentation_id=name, **segment)
    _insert(
        connection,
        "contributions",
        client_id=client,
        segmentation_id=name,
        sha256=KNOWN_SHA256,
        branch_id="centro",
        accepted_rows=12_412,
        counted_rows=12_400,
        replaced_rows=12,
        accepted_amount="498787.75",
        counted_amount="498688.75",
        replaced_amount="99",
    )
    for customer in ("007123", FORMULA, "Zoë"):
        add_assignment(connection, client, customer, name=name)
    connection.execute(
        text("""
            UPDATE clients SET segmentation_id = :name, data_version = 3, segmented_version = 3
            WHERE id = :client
        """),
        {"client": client, "name": name},
    )


def add_assignment(
    connection: Connection, client: str, customer: str, *, name: str = SEGMENTATION
) -> None:
    """Put a customer among the champions and the regulars."""
    _insert(
        connection,
        "assignments",
        client_id=client,
        segmentation_id=name,
        customer_id=customer,
        rfm_segment="champions",
        habit_segment="regulars",
        recency_days=6,
        orders=3,
        spend="100.10",
        first_day=date(2025, 1, 2),
        last_day=date(2026, 3, 25),
    )


def _summary() -> dict[str, Any]:
    known = sum((Decimal(figures[2]) for figures in RFM), Decimal(0))
    customers = sum(figures[1] for figures in RFM)
    totals = {
        "currency": "EUR",
        "customers": customers,
        "purchasers": customers - 12,
        "orders": sum(figures[3] for figures in RFM),
        "revenue": str(known + ANONYMOUS),
        "anonymous_revenue": str(ANONYMOUS),
        "anonymous_rows": 2144,
        "returns_amount": "3120.00",
        "first_day": "2025-01-02",
        "last_day": "2026-03-31",
        "counted_rows": 12_400,
        "replaced_rows": 12,
        "other_currencies": [],
    }
    habits = {
        "code": "habits_stable",
        "params": {"clusters": 3},
        "clusters": 3,
        "stability": 0.96,
        "silhouette": 0.41,
        "smallest_share": 0.24,
    }
    return {"totals": totals, "habits": habits}


def _segment(  # noqa: PLR0917 - the columns of the tables above
    view: str, position: int, name: str, customers: int, revenue: str, orders: int,
    recency: float | None,
) -> dict[str, Any]:  # fmt: skip
    spend = Decimal(revenue)
    said = {
        "days": recency,
        "orders": round(orders / customers, 1),
        "spend": str(round(spend / customers, 2)),
        "currency": "EUR",
        "every": 9,
        "ticket": 41.5,
        "units": 3.2,
        "weekend": 0.71,
        "returns": 0.02,
    }
    flavour = "weekend" if name == "weekend_shoppers" else "plain"
    rule = {"code": "rule_r_at_least", "params": {"low": 4, "currency": "EUR"}}
    body = {
        "name_code": f"{view}_{name}",
        "sentence_code": f"rfm_{name}_sentence"
        if view == "rfm"
        else f"habits_sentence_again_{flavour}",
        "sentence_params": said,
        "action_code": f"{view}_{name}_action",
        "rule": [rule],
        "share_of_customers": round(customers / 2972, 6),
        "share_of_revenue": round(float(spend) / 447458.6, 6),
        "orders": orders,
        "average_ticket": str(round(spend / orders, 2)) if orders else None,
        "recency_days": recency,
        "orders_per_customer": round(orders / customers, 2),
        "spend_per_customer": str(round(spend / customers, 2)),
    }
    return {
        "view": view,
        "segment_id": name,
        "position": position,
        "customers": customers,
        "revenue": revenue,
        "body": body,
    }


# --- uploads ----------------------------------------------------------------------------------


def add_uploads(connection: Connection, client: str) -> None:
    """Add an upload in each state, the newest first."""
    states: tuple[dict[str, Any], ...] = (
        {"id": "up-reading", "state": "reading", "filename": "norte_2026-04.csv"},
        {
            "id": "up-partly",
            "state": "stored",
            "sha256": KNOWN_SHA256,
            "filename": "ventas_abril.csv",
        },
        {
            "id": "up-duplicate",
            "state": "duplicate",
            "sha256": KNOWN_SHA256,
            "first_upload_id": "up-partly",
            "reason": "already_uploaded",
            "params": {"filename": "ventas_abril.csv", "when": NOON.isoformat()},
            "filename": "copia de ventas.csv",
        },
        {"id": "up-whole", "state": "stored", "sha256": "2" * 64, "filename": "centro_2026-03.csv"},
        {
            "id": "up-rejected",
            "state": "rejected",
            "reason": "unknown_branch",
            "params": {"branch": "sur"},
            "filename": "<script>alert(1)</script>.csv",
        },
        {
            "id": "up-parked",
            "state": "parked",
            "reason": "gave_up",
            "params": {"reference": "7F3A"},
            "filename": "norte_2026-02.csv",
        },
        {
            "id": "up-asked",
            "state": "needs_answer",
            "reason": "date_order",
            "params": {
                "column": "Fecha",
                "value": "03/04/2026",
                "dmy": "2026-04-03",
                "mdy": "2026-03-04",
            },
        },
        {"id": "up-empty", "state": "stored", "reason": "no_rows", "filename": "vacio.csv"},
        {"id": "up-removed", "state": "removed", "filename": "centro_2026-01.csv"},
    )
    for age, upload in enumerate(states):
        add_upload(connection, client, stored_at=NOON - timedelta(hours=age), **upload)
    add_dataset(connection, client, KNOWN_SHA256, first="up-partly", accepted=12_412, rejected=12)
    add_dataset(connection, client, "2" * 64, first="up-whole", accepted=8_230, rejected=0)


def add_upload(connection: Connection, client: str, **upload: Any) -> None:
    """Add one upload; what is not said is made up from its id."""
    name = upload["id"]
    columns = {
        "client_id": client,
        "branch_id": "centro",
        "bucket": "uploads",
        "key": f"{client}/centro/{name}.csv",
        "version_id": f"v-{name}",
        "filename": f"{name}.csv",
        "size": 1_204_551,
        "stored_at": NOON,
    }
    _insert(connection, "uploads", **{**columns, **upload})


def add_dataset(
    connection: Connection, client: str, sha256: str, *, first: str, accepted: int, rejected: int
) -> None:
    """Add the dataset that an upload brought."""
    _insert(
        connection,
        "datasets",
        client_id=client,
        sha256=sha256,
        frame_id="frame",
        rejected_frame_id="0-",
        branch_id="centro",
        first_upload_id=first,
        rows_in=accepted + rejected + 3,
        accepted=accepted,
        rejected=rejected,
        blank=2,
        repeated=1,
        quantity="31004",
        amount="498787.75",
        anonymous=2144,
        returns=31,
        first_day=date(2026, 3, 1),
        last_day=AS_OF,
        size=1_204_551,
        understanding={
            "encoding": "utf-8",
            "delimiter": ";",
            "header": ["Fecha", "Importe"],
            "mapping": {},
            "date_order": None,
            "decimal_mark": None,
        },
    )


def add_notices(connection: Connection, client: str) -> None:
    """Tell the owner two things, and the uploader one."""
    duplicate = {
        "filename": "copia de ventas.csv",
        "first_filename": "ventas_abril.csv",
        "when": NOON.isoformat(),
    }
    rejected = {
        "filename": "sur.csv",
        "reason": {"code": "unknown_branch", "params": {"branch": "sur"}},
    }
    told = (
        ("owner", "notice_duplicate", duplicate),
        ("owner", "notice_rejected", rejected),
        ("uploader", "notice_rejected", rejected),
    )
    for user, code, params in told:
        _insert(
            connection,
            "notices",
            client_id=client,
            user_id=user,
            about=code,
            code=code,
            params=params,
            upload_id="up-duplicate",
        )


def _insert(connection: Connection, table: str, **columns: Any) -> None:
    values = {
        name: json.dumps(value) if isinstance(value, dict) else value
        for name, value in columns.items()
    }
    places = ", ".join(f":{name}" for name in columns)
    connection.execute(
        text(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})"), values
    )


# --- replay and parked messages ---------------------------------------------------------------


def add_recovery(connection: Connection, client: str) -> None:
    """Have a replay under way, and a message that was given up on."""
    connection.execute(
        text(
            "INSERT INTO replay_runs (id, client_id, requested_by, function, states, until,"
            " is_forced, total) VALUES (:id, :client, 'owner', 'ingest', '{stored}', now(), false, 3)"
        ),
        {"id": f"run-{client}", "client": client},
    )
    connection.execute(
        text(
            "INSERT INTO parked (id, function, work_key, client_id, reason, error, tries, body)"
            " VALUES (:id, 'ingest', :id, :client, 'bug', 'Traceback: secret', 5, '{}')"
        ),
        {"id": f"parked-{client}", "client": client},
    )
