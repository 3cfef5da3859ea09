"""`datacore demo` as a person sees it: what it prints, how it ends, what it leaves."""

import re
import signal
import subprocess
from pathlib import Path

import pytest

from tests.e2e.black_box import (
    COMMAND,
    PROJECT,
    datacore,
    left_of,
    plain_environment,
    wait_for,
)

pytestmark = pytest.mark.e2e

FILES = 8
# Three orders of each of forty customers.
OWN = "order_id,date,customer,product,quantity,unit_price\n" + "".join(
    f"o{n},2024-01-{1 + n // 40:02d},c{n % 40},p,2,{1 + n % 40}.25\n" for n in range(120)
)
OWN_REVENUE = sum(2 * (1.25 + n % 40) for n in range(120))


@pytest.fixture(scope="module")
def temporary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("t")


@pytest.fixture(scope="module")
def demo(servers: str, temporary: Path) -> subprocess.CompletedProcess:
    return datacore("demo", "--stack", servers, TMPDIR=str(temporary))


def figures(line: str) -> list[int]:
    return [int(word.replace(",", "")) for word in re.findall(r"(?<= )[\d,]+(?= |$)", line)]


def lines_with(text: str, pattern: str) -> list[str]:
    return [line for line in text.splitlines() if re.search(pattern, line)]


def test_it_ends_well_and_leaves_nothing(demo, temporary):
    assert demo.returncode == 0, demo.stderr
    assert list(temporary.iterdir()) == []


def test_every_file_s_rows_add_up(demo):
    files = lines_with(demo.stdout, r"\.csv +(S3 client|browser form|PUT link)")
    assert len(files) == FILES

    rows = [figures(line)[:4] for line in files]
    for rows_in, accepted, rejected, blank in rows:
        assert rows_in == accepted + rejected + blank
        assert accepted > 0
    (sums,) = lines_with(demo.stdout, r"^ Files: 8 ")
    assert figures(sums)[1:] == [sum(column) for column in zip(*rows, strict=True)]


def test_files_come_by_three_ways(demo):
    ways = [
        len(lines_with(demo.stdout, rf"\.csv +{way}"))
        for way in ("S3 client", "browser form", "PUT link")
    ]
    assert ways == [FILES - 2, 1, 1]


def test_rejected_rows_are_explained(demo):
    assert lines_with(demo.stdout, r"Line [\d,]+.*(expected|found)")


def test_the_segments_hold_every_customer_and_all_revenue(demo):
    (total,) = lines_with(demo.stdout, r"customers · .* orders · .*revenue")
    customers = figures(f" {total}")[0]
    sums = lines_with(demo.stdout, r"^ All +[\d,]+ ")

    assert customers > 1000
    assert f"All {customers:,} 100.0 %" in " ".join(sums[0].split())
    assert len(lines_with(demo.stdout, r" \d+\.\d % ")) >= 6
    assert len(sums) == 2


def test_a_file_sent_again_is_reported_as_already_uploaded(demo):
    told = demo.stdout[demo.stdout.index("sent again") :]

    assert len(re.findall(r"already uploaded this\s+file", told)) == 2


def test_each_stage_is_timed(demo):
    told = demo.stdout[demo.stdout.index("How long it took") :]

    for stage in ("Servers", "Upload", "Reading", "Segments", "Report", "All of it"):
        assert re.search(rf"{stage}.* \d+\.\d\d s", told), stage


def test_progress_is_not_in_the_output(demo):
    assert "sending" in demo.stderr
    assert "sending" not in demo.stdout


def test_an_interrupt_stops_everything_and_leaves_nothing(servers, tmp_path):
    with (tmp_path / "said").open("w+") as said:
        process = subprocess.Popen(
            [*COMMAND, "demo", "--stack", servers],
            cwd=PROJECT,
            env=plain_environment(TMPDIR=str(tmp_path)),
            stdout=said,
            stderr=said,
            start_new_session=True,
        )
        wait_for(lambda: "sending" in (tmp_path / "said").read_text(), within_s=120)
        process.send_signal(signal.SIGINT)
        code = process.wait(60)

    assert code == 130
    assert left_of(process.pid) == {}
    assert [path.name for path in tmp_path.iterdir()] == ["said"]


def test_an_own_file_is_shown_in_spanish(tmp_path):
    own = tmp_path / "mis ventas.csv"
    own.write_text(OWN)

    shown = datacore("demo", "--csv", str(own), "--lang", "es", TMPDIR=str(tmp_path))

    assert shown.returncode == 0, shown.stderr
    assert "mis ventas.csv" in shown.stdout
    assert "40 clientes · 120 pedidos" in shown.stdout
    assert (
        f"{OWN_REVENUE:,.2f}".replace(",", " ").replace(".", ",").replace(" ", ".") in shown.stdout
    )


def test_a_file_that_cannot_be_read_is_explained_and_the_logs_are_named(tmp_path):
    own = tmp_path / "ventas.csv"
    own.write_text("fecha,producto,total\n2024-01-31,pan,1.20\n")

    shown = datacore("demo", "--csv", str(own), TMPDIR=str(tmp_path))

    assert shown.returncode == 1
    assert "no column for the customer" in shown.stderr
    logs = re.search(r"The logs are in (.*)", shown.stderr)
    assert (Path(logs.group(1)) / "ingest.log").exists()
