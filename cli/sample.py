"""Made-up purchase files: customers with planted habits, and the plan of what was planted.

`generate` writes `<out>/<branch>/<branch>_<first month>.csv`, each branch in the dialect of its own
till, and beside them `plan.json` (what every file holds, to the cent) and `plan.csv` (the habit of
every customer). Habits overlap: two customers of one habit differ by chance in every respect, some
stop coming, some start late, seasons come and go. The same seed gives the same bytes.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

FIRST_DAY = date(2025, 1, 1)
DAYS = 365

Numbers = npt.NDArray[Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Habit:
    """How a kind of customer shops; medians, around which each customer has their own values."""

    name: str
    share: float  # of the customers
    pause: float  # days between orders; 0: orders are few, on days of their own
    products: float  # different products per order
    units: float  # per product
    price: float  # where in the assortment they look: 0 the cheapest, 1 the dearest
    weekend: float  # share of orders on Saturday and Sunday
    returned: float  # share of lines given back
    orders: float = 0  # for those without a pause: how many more than one
    season: tuple[tuple[int, int, float], ...] = ()  # first day, last day, weight


HABITS = (
    Habit(name="daily_needs", share=0.22, pause=6, products=2.2, units=1.2, price=0.2,
          weekend=0.15, returned=0.004),
    Habit(name="monthly_stock_up", share=0.18, pause=27, products=10, units=3.2, price=0.35,
          weekend=0.25, returned=0.004),
    Habit(name="weekend_family", share=0.18, pause=13, products=6, units=2, price=0.3,
          weekend=0.93, returned=0.006),
    Habit(name="gift_season", share=0.14, pause=0, orders=1.2, products=1.7, units=1.1, price=0.93,
          weekend=0.3, returned=0.01,
          season=((38, 44, 0.15), (115, 122, 0.15), (330, 356, 0.7))),
    Habit(name="bargain_returner", share=0.13, pause=21, products=3.2, units=1.3, price=0.7,
          weekend=0.2, returned=0.4),
    Habit(name="just_once", share=0.15, pause=0, products=1.6, units=1.2, price=0.25,
          weekend=0.28, returned=0.004, season=((0, 270, 1.0),)),
)  # fmt: skip
_SPREAD = 0.34  # standard deviation, in logarithms, of each customer's own values
_ANONYMOUS = 0.06  # orders without a customer card, over those with one
_WANDER = 0.08  # orders at another branch than the usual one
# How busy each month is, against the busiest: fewer come in January and in August.
_MONTHS = (0.80, 0.86, 0.90, 0.92, 0.94, 0.90, 0.88, 0.78, 0.90, 0.92, 0.96, 1.0)

BRANCHES = ("centro", "norte", "playa", "mercado", "estacion", "puerto", "jardin", "sur")


@dataclass(frozen=True, kw_only=True, slots=True)
class Dialect:
    """How a till writes its export."""

    header: tuple[str, ...]  # customer, order, date, product, quantity, price, amount
    delimiter: str
    decimal: str
    date: str  # strftime, without the time
    encoding: str
    line_end: str


_ENGLISH = ("customer_id", "order_id", "order_date", "product", "quantity", "unit_price", "amount")
_SPANISH = ("Cliente", "Pedido", "Fecha", "Producto", "Cantidad", "Precio unitario", "Importe")
DIALECTS = (
    Dialect(header=_ENGLISH, delimiter=",", decimal=".", date="%Y-%m-%d", encoding="utf-8",
            line_end="\n"),
    Dialect(header=_SPANISH, delimiter=";", decimal=",", date="%d/%m/%Y", encoding="cp1252",
            line_end="\r\n"),
    Dialect(header=_SPANISH, delimiter=",", decimal=".", date="%d/%m/%Y", encoding="utf-8-sig",
            line_end="\r\n"),
    Dialect(header=_ENGLISH, delimiter="\t", decimal=".", date="%m/%d/%Y", encoding="utf-8",
            line_end="\n"),
)  # fmt: skip
_ISO = "%Y-%m-%d"

_ASSORTMENT = (
    ("Pan de molde", 140), ("Leche entera, 1 l", 115), ("Huevos", 260), ("Arroz", 190),
    ("Tomate triturado", 95), ("Yogur natural", 160), ("Manzanas", 210), ("Café molido", 450),
    ("Queso manchego", 690), ("Jamón serrano", 820), ("Aceite de oliva", 980),
    ("Detergente", 1150), ("Champú", 480), ("Galletas", 175), ("Atún", 330), ("Pañales", 1490),
    ("Vino tinto", 890), ("Caja de bombones", 1650), ("Vela perfumada", 1490), ("Toalla", 1890),
    ("Sartén", 2690), ("Lámpara de mesa", 4290), ("Manta", 3490), ("Perfume", 5490),
    ("Juego de sábanas", 4690), ("Mochila", 3990), ("Reloj de pared", 3290), ("Zapatillas", 5990),
)  # names and prices in cents  # fmt: skip
_FAULTS = ("bad_date", "bad_number", "missing_cells")
_ROWS_PER_BAD_ROW = 200  # well below the one in a hundred that refuses a file
_BLANK = 2
_SIZES = (("pequeño", 0.8), ("mediano", 1.0), ("grande", 1.35))


@dataclass(frozen=True, kw_only=True, slots=True)
class BadRow:
    """A data row that no reader may accept."""

    line: int  # physical line, the header is 1
    what: str  # bad_date | missing_cells | bad_number


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannedFile:
    """What a file holds: rows = accepted + bad + blank."""

    path: str  # relative to the plan
    branch: str
    rows: int
    accepted: int
    blank: int
    bad: tuple[BadRow, ...]
    anonymous: int  # accepted rows without a customer
    returns: int  # accepted rows that give something back
    amount: Decimal  # of the accepted rows


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What was generated."""

    seed: int
    first_day: date
    last_day: date
    files: tuple[PlannedFile, ...]
    habits: dict[str, str]  # customer -> habit

    def to_json(self) -> str:
        """Return all but the customers as JSON; they are in `plan.csv`."""
        counts = pd.Series(self.habits).value_counts(sort=False).to_dict()
        content = {
            "seed": self.seed,
            "first_day": self.first_day,
            "last_day": self.last_day,
            "customers": len(self.habits),
            "habits": counts,
            "rows": sum(each.accepted for each in self.files),
            "amount": sum((each.amount for each in self.files), Decimal(0)),
            "files": [asdict(each) for each in self.files],
        }
        return json.dumps(content, default=str, indent=2, ensure_ascii=False) + "\n"


def generate(
    out: Path, *, customers: int, branches: int, files: int, seed: int, messy: bool = True
) -> Plan:
    """Write purchase files of a made-up client under `out`, and return the plan.

    Raises:
        ValueError: There are fewer files than branches, or nothing to generate.
    """
    if customers < 1 or branches < 1 or files < branches:
        raise ValueError("needs customers, branches, and at least one file per branch")
    random = np.random.default_rng(seed)
    habit = random.choice(len(HABITS), size=customers, p=[each.share for each in HABITS])
    lines = _lines(habit, branches=branches, random=random)
    written = tuple(_write(out, lines, branches=branches, files=files, messy=messy, random=random))
    plan = Plan(
        seed=seed,
        first_day=FIRST_DAY,
        last_day=FIRST_DAY + timedelta(days=DAYS - 1),
        files=written,
        habits={_customer_id(n): HABITS[each].name for n, each in enumerate(habit)},
    )
    (out / "plan.json").write_text(plan.to_json(), encoding="utf-8")
    pd.Series(plan.habits, name="habit").to_csv(out / "plan.csv", index_label="customer_id")
    return plan


def branch_name(number: int) -> str:
    """Return the id of a branch, which is also its folder."""
    return BRANCHES[number] if number < len(BRANCHES) else f"sucursal-{number + 1}"


# --- who buys what, when --------------------------------------------------------------------


def _lines(habit: Numbers, *, branches: int, random: np.random.Generator) -> pd.DataFrame:
    """Return every line sold or given back, sorted as tills write them."""
    parts = [
        _orders_of(HABITS[each], np.flatnonzero(habit == each), random)
        for each in range(len(HABITS))
    ]
    orders = pd.concat(parts, ignore_index=True)
    home = random.integers(0, branches, len(habit))
    wanders = random.random(len(orders)) < _WANDER
    elsewhere = random.integers(0, branches, len(orders))
    orders["branch"] = np.where(wanders, elsewhere, home[orders["customer"]])
    unknown = random.random(len(orders)) < _ANONYMOUS
    orders = pd.concat([orders, orders[unknown].assign(customer=-1)], ignore_index=True)
    orders["minute"] = random.integers(9 * 60, 21 * 60, len(orders))
    sold = _sold(orders, random)
    lines = pd.concat([sold, _given_back(sold, random)], ignore_index=True)
    lines = lines[lines["day"] < DAYS]
    return _numbered(lines)


def _orders_of(habit: Habit, customers: Numbers, random: np.random.Generator) -> pd.DataFrame:
    """Return the orders of a habit's customers: who, when, how much, how dear."""
    own = {
        name: np.exp(random.normal(0, _SPREAD, len(customers)))
        for name in ("pause", "products", "units")
    }
    place = np.clip(random.normal(habit.price, 0.07, len(customers)), 0, 1)
    weekend = _own_share(habit.weekend, len(customers), random)
    returned = _own_share(habit.returned, len(customers), random)
    days = _visits if habit.pause else _occasions
    who, day = days(habit, own["pause"], random)
    day = _moved_to_weekend(day, weekend[who], random)
    return pd.DataFrame({
        "customer": customers[who],
        "day": day,
        "products": 1 + random.poisson(np.maximum(habit.products * own["products"] - 1, 0.05)[who]),
        "units": np.maximum(habit.units * own["units"], 1)[who],
        "price": place[who],
        "returned": returned[who],
    })


def _own_share(share: float, count: int, random: np.random.Generator) -> Numbers:
    """Return each customer's own share, around the habit's."""
    firmness = 12
    return random.beta(share * firmness, (1 - share) * firmness, count)


def _visits(habit: Habit, own: Numbers, random: np.random.Generator) -> tuple[Numbers, Numbers]:
    """Return who came on which day, at their own pace, from when they began until they stop."""
    pause = habit.pause * own
    most = int(np.ceil(DAYS / habit.pause * 3)) + 3
    gaps = random.gamma(4, pause[:, None] / 4, (len(pause), most))
    begins = random.random(len(pause)) ** 2 * DAYS * 0.45
    stops = np.where(
        random.random(len(pause)) < 0.12, random.uniform(DAYS * 0.6, DAYS, len(pause)), DAYS
    )
    day = begins[:, None] + np.cumsum(gaps, axis=1) - gaps[:, :1]
    month = np.clip(day // 30.5, 0, 11).astype(int)
    comes = random.random(day.shape) < np.array(_MONTHS)[month]
    comes[:, 0] = True
    kept = comes & (day < stops[:, None])
    who = np.nonzero(kept)[0]
    return who, day[kept].astype(int)


def _occasions(habit: Habit, own: Numbers, random: np.random.Generator) -> tuple[Numbers, Numbers]:
    """Return who came on which day of the habit's season."""
    orders = 1 + (random.poisson(habit.orders * own) if habit.orders else np.zeros(len(own), int))
    who = np.repeat(np.arange(len(own)), orders)
    first, last, weight = (np.array(part) for part in zip(*habit.season, strict=True))
    occasion = random.choice(len(weight), size=len(who), p=weight)
    return who, random.integers(first[occasion], last[occasion] + 1)


def _moved_to_weekend(day: Numbers, weekend: Numbers, random: np.random.Generator) -> Numbers:
    """Move days within their week, so that the given share of them is on a weekend."""
    monday = day - (day + FIRST_DAY.weekday()) % 7
    wanted = random.random(len(day)) < weekend
    weekday = np.where(wanted, random.integers(5, 7, len(day)), random.integers(0, 5, len(day)))
    moved = monday + weekday
    return np.where((moved >= 0) & (moved < DAYS), moved, day)


def _sold(orders: pd.DataFrame, random: np.random.Generator) -> pd.DataFrame:
    """Return the lines of orders: products near each customer's place in the assortment."""
    prices = _assortment()[1]
    lines = orders.loc[orders.index.repeat(orders["products"])]
    lines = lines.rename_axis("order").reset_index().drop(columns="products")
    place = random.normal(lines["price"], 0.13) * len(prices)
    product = np.clip(np.round(place), 0, len(prices) - 1).astype(int)
    lines["product"] = product
    lines["quantity"] = 1 + random.poisson(lines["units"] - 1)
    lines["cents"] = prices[product]
    return lines


def _given_back(sold: pd.DataFrame, random: np.random.Generator) -> pd.DataFrame:
    """Return the lines that bring something back, up to two weeks later."""
    back = sold[(random.random(len(sold)) < sold["returned"]) & (sold["customer"] >= 0)]
    return back.assign(
        day=back["day"] + random.integers(1, 15, len(back)),
        minute=random.integers(9 * 60, 21 * 60, len(back)),
        quantity=-np.minimum(back["quantity"], 1 + random.poisson(1, len(back))),
    )


def _numbered(lines: pd.DataFrame) -> pd.DataFrame:
    """Sort lines as the tills of each branch saw them, and number their receipts."""
    lines = lines.assign(back=lines["quantity"] < 0)
    lines = lines.sort_values(["branch", "day", "minute", "back", "order"], kind="stable")
    receipt = lines[["branch", "day", "minute", "back", "order"]]
    is_new = (receipt != receipt.shift()).any(axis=1)
    lines["receipt"] = is_new.groupby(lines["branch"]).cumsum()
    return lines.reset_index(drop=True)


def _assortment() -> tuple[list[str], Numbers]:
    """Return names and prices in cents, the cheapest first."""
    items = sorted(
        (round(cents * factor), f"{name} ({size})")
        for name, cents in _ASSORTMENT
        for size, factor in _SIZES
    )
    return [name for _, name in items], np.array([cents for cents, _ in items])


# --- files ----------------------------------------------------------------------------------


def _write(
    out: Path,
    lines: pd.DataFrame,
    *,
    branches: int,
    files: int,
    messy: bool,
    random: np.random.Generator,
) -> Iterator[PlannedFile]:
    """Write every branch's files, and yield what each holds; one of them is messy."""
    for branch in range(branches):
        name = branch_name(branch)
        (out / name).mkdir(parents=True, exist_ok=True)
        of_branch = lines[lines["branch"] == branch]
        count = files // branches + (branch < files % branches)
        for part, (start, end) in enumerate(_periods(count)):
            rows = of_branch[(of_branch["day"] >= start) & (of_branch["day"] < end)]
            is_messy = messy and part == 0 and branch == min(1, branches - 1)
            path = f"{name}/{name}_{_period_name(start, count)}.csv"
            dialect = _readable(DIALECTS[branch % len(DIALECTS)], rows)
            records = _records(rows, dialect)
            bad = _spoilt(records, dialect, random) if is_messy else {}
            blank = _BLANK if is_messy else 0
            content = [dialect.delimiter.join(dialect.header), *records, *[""] * blank, ""]
            (out / path).write_bytes(dialect.line_end.join(content).encode(dialect.encoding))
            yield _planned(rows, path=path, branch=name, bad=bad, blank=blank)


def _periods(count: int) -> list[tuple[int, int]]:
    """Split the year into so many parts, at months while there are months enough."""
    edges = np.linspace(0, DAYS, count + 1).round().astype(int)
    if count <= 12:
        months = np.linspace(0, 12, count + 1).round().astype(int)
        starts = [(date(FIRST_DAY.year, m + 1, 1) - FIRST_DAY).days for m in months[:-1]]
        edges = np.array([*starts, DAYS])
    return list(zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True))


def _period_name(start: int, count: int) -> str:
    return f"{FIRST_DAY + timedelta(days=start):{'%Y-%m' if count <= 12 else '%Y-%m-%d'}}"


def _readable(dialect: Dialect, rows: pd.DataFrame) -> Dialect:
    """Write ISO dates where no day after the 12th would tell day and month apart."""
    days = pd.to_datetime(FIRST_DAY) + pd.to_timedelta(rows["day"], unit="D")
    if dialect.date == _ISO or (days.dt.day > 12).any():
        return dialect
    return replace(dialect, date=_ISO)


def _records(rows: pd.DataFrame, dialect: Dialect) -> list[str]:
    """Return a line of text per row, without its end."""
    names = np.array([_quoted(name, dialect) for name in _assortment()[0]], dtype=object)
    quantity, cents = rows["quantity"].to_numpy(), rows["cents"].to_numpy()
    columns = (
        _spelled(rows["customer"], lambda n: _customer_id(n) if n >= 0 else ""),
        _spelled(rows["receipt"] * np.where(rows["back"], -1, 1), _receipt_id),
        _spelled(rows["day"], lambda day: f"{FIRST_DAY + timedelta(days=day):{dialect.date}}"),
        _spelled(rows["minute"], lambda minute: f"{minute // 60:02d}:{minute % 60:02d}"),
        names[rows["product"].to_numpy()],
        _spelled(quantity, str),
        _spelled(cents, lambda each: _money(each, dialect.decimal)),
        _spelled(quantity * cents, lambda each: _money(each, dialect.decimal)),
    )
    mark = dialect.delimiter
    return [
        f"{who}{mark}{order}{mark}{day} {time}{mark}{name}{mark}{count}{mark}{price}{mark}{amount}"
        for who, order, day, time, name, count, price, amount in zip(*columns, strict=True)
    ]


def _spelled(values: Any, spell: Callable[[int], str]) -> Numbers:
    """Spell each different value once."""
    codes, different = pd.factorize(np.asarray(values))
    spelled = np.array([spell(each) for each in different.tolist()], dtype=object)
    cells: Numbers = spelled[codes]
    return cells


def _customer_id(number: int) -> str:
    return f"{number + 1:06d}"


def _receipt_id(number: int) -> str:
    return f"T-{number:07d}" if number >= 0 else f"D-{-number:07d}"  # D: devolución


def _money(cents: int, decimal: str) -> str:
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100}{decimal}{abs(cents) % 100:02d}"


def _quoted(name: str, dialect: Dialect) -> str:
    return f'"{name}"' if dialect.delimiter in name else name


def _spoilt(records: list[str], dialect: Dialect, random: np.random.Generator) -> dict[int, BadRow]:
    """Spoil a few records in place: so few that the file is still worth reading."""
    count = min(len(records) // _ROWS_PER_BAD_ROW, len(_FAULTS) * 4)
    positions = np.sort(random.choice(len(records), size=count, replace=False)).tolist()
    bad: dict[int, BadRow] = {}
    for number, position in enumerate(positions):
        what = _FAULTS[number % len(_FAULTS)]
        records[position] = _with_fault(records[position], what, dialect)
        bad[position] = BadRow(line=position + 2, what=what)
    return bad


def _with_fault(record: str, what: str, dialect: Dialect) -> str:
    mark = dialect.delimiter
    cells = record.split(mark)
    if what == "missing_cells":
        return mark.join(cells[:3])
    if what == "bad_date":
        cells[2] = "31/02/2025 10:00" if dialect.date != _ISO else "2025-02-31 10:00"
    else:
        cells[-1] = "??"
    return mark.join(cells)


def _planned(
    rows: pd.DataFrame, *, path: str, branch: str, bad: dict[int, BadRow], blank: int
) -> PlannedFile:
    good = np.ones(len(rows), dtype=bool)
    good[list(bad)] = False
    accepted = rows[good]
    cents = int((accepted["quantity"] * accepted["cents"]).sum())
    return PlannedFile(
        path=path,
        branch=branch,
        rows=len(rows) + blank,
        accepted=len(accepted),
        blank=blank,
        bad=tuple(bad.values()),
        anonymous=int((accepted["customer"] < 0).sum()),
        returns=int(accepted["back"].sum()),
        amount=Decimal(cents).scaleb(-2),
    )
