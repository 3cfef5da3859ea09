"""What may come of a file, and what files are made of."""

from dataclasses import dataclass

HEADER = "invoice,date,customer,quantity,price"
ROWS = (
    "1001,2026-01-31,C7,2,9.50",
    "1002,2026-02-01,C8,1,4.25",
    "1003,2026-02-02,C7,3,1.00",
)
SPANISH = "Factura;Fecha;Cliente;Importe"
SPANISH_ROWS = ("1;31/01/2026;Íñigo Núñez;19,00", "2;01/02/2026;Ana;4,25", "3;02/02/2026;Eva;3,00")


@dataclass(frozen=True)
class Rows:
    """The file is read: so many rows are accepted, and these lines are not."""

    accepted: int
    wrong: tuple[tuple[str, int], ...] = ()  # code and physical line
    left_out: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class Refused:
    """Nothing of the file is counted."""

    code: str
    line: int | None = None  # where the reason names one


@dataclass(frozen=True)
class Asked:
    """The file waits for a person."""

    code: str


@dataclass(frozen=True)
class Hostile:
    """A file, and what must come of it."""

    name: str
    content: bytes
    outcome: Rows | Refused | Asked


def text(*lines: str, end: str = "\n") -> str:
    return "".join(line + end for line in lines)


def table(*rows: str, end: str = "\n") -> str:
    return text(HEADER, *rows, end=end)


GOOD = table(*ROWS)
SPANISH_GOOD = text(SPANISH, *SPANISH_ROWS)
ALL = Rows(3)

Case = tuple[str, bytes | str, Rows | Refused | Asked]
