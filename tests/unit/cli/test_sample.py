import csv
import hashlib
import json
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pyarrow.compute as pc
import pytest

from cli import sample
from tests import exports

pytestmark = pytest.mark.unit


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sample")


@pytest.fixture(scope="module")
def plan(out: Path) -> sample.Plan:
    return sample.generate(out, customers=300, branches=4, files=9, seed=11)


def test_every_branch_has_its_files_in_its_own_folder(out: Path, plan: sample.Plan) -> None:
    written = sorted(str(path.relative_to(out)) for path in out.glob("*/*.csv"))
    assert written == sorted(each.path for each in plan.files)
    assert Counter(each.branch for each in plan.files) == {
        "centro": 3, "norte": 2, "playa": 2, "mercado": 2,
    }  # fmt: skip
    assert "centro/centro_2025-05.csv" in written


def test_the_same_seed_gives_the_same_bytes(out: Path, plan: sample.Plan, tmp_path: Path) -> None:
    again = sample.generate(tmp_path, customers=300, branches=4, files=9, seed=11)
    assert again == plan
    for path in out.rglob("*.*"):
        assert _sha256(tmp_path / path.relative_to(out)) == _sha256(path)


def test_another_seed_gives_other_purchases(plan: sample.Plan, tmp_path: Path) -> None:
    other = sample.generate(tmp_path, customers=300, branches=4, files=9, seed=12)
    assert {each.amount for each in other.files}.isdisjoint(each.amount for each in plan.files)


def test_the_plan_says_what_every_file_holds(out: Path, plan: sample.Plan) -> None:
    for planned in plan.files:
        frame = exports.generated(out, planned)
        assert frame.num_rows == planned.accepted
        assert pc.sum(frame["amount"]).as_py() == planned.amount
        assert frame["customer_id"].null_count == planned.anonymous
        assert pc.sum(pc.equal(frame["kind"], "return")).as_py() == planned.returns
        assert planned.rows == planned.accepted + len(planned.bad) + planned.blank


def test_one_file_is_messy_and_still_worth_reading(out: Path, plan: sample.Plan) -> None:
    (messy,) = [each for each in plan.files if each.bad]
    assert messy.blank > 0
    assert {each.what for each in messy.bad} == {"bad_date", "bad_number", "missing_cells"}
    assert len(messy.bad) / messy.rows < 0.01
    lines = (out / messy.path).read_text(encoding="cp1252").split("\n")
    marks = {"bad_date": "31/02/2025", "bad_number": "??"}
    for each in messy.bad:
        line = lines[each.line - 1]
        assert marks.get(each.what, "") in line
        assert each.what != "missing_cells" or line.count(";") == 2


def test_nothing_is_bad_in_tidy_files(tmp_path: Path) -> None:
    plan = sample.generate(tmp_path, customers=50, branches=2, files=2, seed=1, messy=False)
    assert not any(each.bad or each.blank for each in plan.files)


def test_every_branch_writes_as_its_own_till_does(out: Path, plan: sample.Plan) -> None:
    first = {each.branch: (out / each.path).read_bytes() for each in reversed(plan.files)}
    assert first["centro"].startswith(b"customer_id,order_id,order_date")
    assert first["norte"].startswith(b"Cliente;Pedido;Fecha")
    assert b"peque\xf1o" in first["norte"]
    assert first["playa"].startswith(b"\xef\xbb\xbfCliente,")
    assert b"\r\n" in first["playa"]
    assert b"\t" in first["mercado"]
    assert b"\r" not in first["mercado"]


def test_no_file_leaves_open_which_number_is_the_day(tmp_path: Path) -> None:
    plan = sample.generate(tmp_path, customers=3, branches=4, files=60, seed=3)
    for planned in plan.files:
        content = (tmp_path / planned.path).read_text(encoding="latin-1")
        days = [part for part in content.replace("\t", " ").split() if part[2:3] == "/"]
        assert not days or any(
            int(each[:2].lstrip(';"')) > 12 or int(each[3:5]) > 12 for each in days
        )


def test_every_customer_has_a_planted_habit(out: Path, plan: sample.Plan) -> None:
    with (out / "plan.csv").open(newline="") as file:
        rows = {row["customer_id"]: row["habit"] for row in csv.DictReader(file)}
    assert rows == plan.habits
    assert len(rows) == 300
    assert set(rows.values()) == {each.name for each in sample.HABITS}
    content = json.loads((out / "plan.json").read_text())
    assert Decimal(content["amount"]) == sum(each.amount for each in plan.files)
    assert sum(content["habits"].values()) == content["customers"] == 300


@pytest.mark.parametrize(("customers", "branches", "files"), [(0, 1, 1), (5, 0, 1), (5, 3, 2)])
def test_nothing_to_generate_is_refused(
    tmp_path: Path, customers: int, branches: int, files: int
) -> None:
    with pytest.raises(ValueError, match="at least one file per branch"):
        sample.generate(tmp_path, customers=customers, branches=branches, files=files, seed=1)


def test_one_customer_is_enough(tmp_path: Path) -> None:
    plan = sample.generate(tmp_path, customers=1, branches=3, files=8, seed=5)
    assert len(plan.files) == 8


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
