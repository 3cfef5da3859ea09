"""`datacore read`: a file as it would be read, without a server."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cli.__main__ import app

pytestmark = pytest.mark.unit

REPORT = """Informe de ventas

fecha;cliente;importe;nota
13/02/2024;Ana;12,50;"con ""comillas"" y ; dentro"
14/02/2024;Eva;3,0O;y
15/02/2024;Eva;3,00

16/02/2024;Eva;-1,00;=1+1
TOTAL;;14,50;
"""


def run(folder: Path, content: str | bytes, *words: str) -> Result:
    path = folder / "ventas.csv"
    path.write_bytes(content.encode("cp1252") if isinstance(content, str) else content)
    return CliRunner().invoke(app, ["read", str(path), *words], env={"COLUMNS": "100"})


def test_what_was_understood_is_one_document(tmp_path: Path) -> None:
    result = run(tmp_path, REPORT, "--json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert (told["version"], told["file"], told["outcome"]) == (1, "ventas.csv", "read")
    found = told["understanding"]
    assert (found["delimiter"], found["header_line"]) == (";", 3)
    assert [(each["kind"], each["line"]) for each in found["furniture"]] == [
        ("preamble", 1),
        ("total", 9),
    ]
    assert found["mapping"] == {
        "ordered_at": "fecha",
        "customer_id": "cliente",
        "amount": "importe",
    }
    assert (found["date_order"], found["decimal_mark"]) == ("dmy", ",")
    balance = told["balance"]
    assert [balance[name] for name in ("rows_in", "accepted", "rejected", "blank", "repeated")] == [
        *(5, 2, 2, 1, 0)
    ]
    assert (balance["amount"], balance["returns"]) == ("11.500000000000", 1)
    assert {each["code"]: each["rows"] for each in told["reasons"]} == {
        "bad_number": 1,
        "missing_cell": 1,
    }
    assert [(error["code"], error["line"], error["column"]) for error in told["errors"]] == [
        ("bad_number", 5, "importe"),
        ("missing_cell", 6, None),
    ]
    first = told["errors"][0]
    content = (tmp_path / "ventas.csv").read_bytes()
    assert content[first["byte_offset"] :][: first["byte_length"]] == b"3,0O"
    assert (first["excerpt"], first["expected"], first["severity"]) == ("3,0O", "a number", "error")
    assert "letters among the digits" in first["hint"]


@pytest.mark.parametrize(
    ("language", "words"), [("en", "5 in = 2 accepted"), ("es", "5 recibidas")]
)
def test_people_are_told_in_their_language(tmp_path: Path, language: str, words: str) -> None:
    result = run(tmp_path, REPORT, "--lang", language)
    assert words in result.stdout
    assert "customer_id ← cliente" in result.stdout
    assert '"3,0O"' in result.stdout


def test_rows_that_the_file_itself_leaves_out_are_no_errors(tmp_path: Path) -> None:
    content = "date,customer,amount,status\n2026-01-31,C1,1.50,paid\n2026-01-31,C2,9,voided\n"
    told = json.loads(run(tmp_path, content, "--json").stdout)
    assert (told["reasons"], told["errors"]) == ([], [])
    assert (told["balance"]["rejected"], told["balance"]["left_out"]) == (0, 1)
    assert told["understanding"]["left_out"] == {"voided": 1}
    shown = run(tmp_path, content).stdout
    assert "2 in = 1 accepted + 0 rejected + 1 left out" in shown
    assert "left out, as the file itself says: 1 voided line" in shown
    assert "Rejected rows" not in shown


def test_what_became_of_discounts_of_whole_orders_is_told(tmp_path: Path) -> None:
    content = (
        "Name,Email,Created at,Lineitem quantity,Lineitem name,Lineitem price,Subtotal,"
        "Discount Amount\n#1,a@x.example,2026-01-31,2,Cap,10.00,18.00,2.00\n"
    )
    shown = run(tmp_path, content).stdout
    assert "discounts and refunds of whole orders: shared out among the lines of 1 order" in shown


@pytest.mark.parametrize("day", ["2026-01-31", "31.1.2026", "1/31/26", "26-01-31", "20260131", "46053", "1769853600",
                                 "1769853600000", "2026-01-31T10:00:00Z"])  # fmt: skip
@pytest.mark.parametrize("amount", ["1.50", "7", "EUR 1.50"])
def test_every_convention_has_its_words(tmp_path: Path, day: str, amount: str) -> None:
    result = run(tmp_path, f"date;customer;amount\n{day};C1;{amount}\n{day};C2;{amount}\n")
    assert result.exit_code in {0, 4}, result.output
    assert "Encoding" in result.stdout


def test_a_refused_file_ends_with_another_code_and_its_reason(tmp_path: Path) -> None:
    result = run(tmp_path, "nombre;ciudad\nAna;Lima\n", "--json")
    assert result.exit_code == 1
    told = json.loads(result.stdout)
    assert (told["outcome"], told["balance"]) == ("refused", None)
    assert told["refusal"]["sentence"]
    assert told["understanding"]["header"] == ["nombre", "ciudad"]


def test_an_open_question_ends_as_partly_done(tmp_path: Path) -> None:
    result = run(tmp_path, "fecha,cliente,importe\n03/04/2024,Ana,1.50\n", "--json")
    assert result.exit_code == 4
    assert json.loads(result.stdout)["question"]["code"] == "date_order"


def test_a_file_that_is_no_table_is_refused_without_a_layout(tmp_path: Path) -> None:
    result = run(tmp_path, b"%PDF-1.7\n", "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["understanding"] is None


def test_a_missing_file_is_wrong_use(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["read", str(tmp_path / "none.csv")])
    assert result.exit_code == 2


def table(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_the_table_is_written_as_it_was_read(tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    run(tmp_path, REPORT, "--table", str(out))
    assert table(out) == [
        ["fecha", "cliente", "importe", "nota"],
        ["13/02/2024", "Ana", "12,50", 'con "comillas" y ; dentro'],
        ["14/02/2024", "Eva", "3,0O", "y"],
        ["15/02/2024", "Eva", "3,00"],
        ["16/02/2024", "Eva", "-1,00", "=1+1"],
    ]
    assert out.read_bytes().count(b"\r\n") == 5
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.csv", "ventas.csv"]


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        ("a;b\n1;2\n\n3;4\n", [["a", "b"], ["1", "2"], ["3", "4"]]),
        ("1,tea,3\n4,soap,6\n", [["1", "tea", "3"], ["4", "soap", "6"]]),
        (
            'product,price\nx,5\ny,6\n"a"b,2\n1,2,3\n',
            [["product", "price"], ["x", "5"], ["y", "6"], ['"a"b', "2"], ["1", "2", "3"]],
        ),
        ('x,y\n"a\r\nb", c \n', [["x", "y"], ["a\r\nb", " c "]]),
    ],
)
def test_a_table_of_anything_is_written(tmp_path: Path, content: str, rows: list[str]) -> None:
    out = tmp_path / "out.csv"
    assert run(tmp_path, content, "--table", str(out)).exit_code == 1
    assert table(out) == rows


def test_a_table_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    out = tmp_path / "no" / "such" / "out.csv"
    result = run(tmp_path, REPORT, "--table", str(out))
    assert result.exit_code == 1
    assert "out.csv" in result.stderr


def test_help_loads_nothing_heavy() -> None:
    look = "import sys, cli.__main__; print([m for m in ('pyarrow', 'numpy', 'babel', 'rich.table') if m in sys.modules])"
    seen = subprocess.run(
        [sys.executable, "-c", look], capture_output=True, text=True, check=True
    ).stdout
    assert "pyarrow" not in seen
    assert "numpy" not in seen
