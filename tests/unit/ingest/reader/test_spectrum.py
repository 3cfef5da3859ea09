"""The cases of csv-spectrum by their names, with contents of our own, through `datacore read`."""

import csv
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.__main__ import app

pytestmark = pytest.mark.unit

GEO = '{"type": "Point", "at": [-4.42, 36.72]}'
QUOTED_GEO = GEO.replace('"', '""')
CASES: dict[str, tuple[str, list[list[str]]]] = {
    "comma_in_quotes": (
        'name,street,town\nAna,Calle Larga 3,"Ronda, Málaga"\n',
        [["name", "street", "town"], ["Ana", "Calle Larga 3", "Ronda, Málaga"]],
    ),
    "empty": (
        'x,y,z\n7,"",""\n8,9,10\n',
        [["x", "y", "z"], ["7", "", ""], ["8", "9", "10"]],
    ),
    "empty_crlf": (
        'x,y,z\r\n7,"",""\r\n8,9,10\r\n',
        [["x", "y", "z"], ["7", "", ""], ["8", "9", "10"]],
    ),
    "escaped_quotes": (
        'x,y\n7,"she said ""no"" twice"\n8,9\n',
        [["x", "y"], ["7", 'she said "no" twice'], ["8", "9"]],
    ),
    "json": (
        f'key,value\n7,"{QUOTED_GEO}"\n',
        [["key", "value"], ["7", GEO]],
    ),
    "location_coordinates": (
        'place,coordinates\nRonda,"36.7462, -5.1612"\nCádiz,"36.5297, -6.2927"\n',
        [["place", "coordinates"], ["Ronda", "36.7462, -5.1612"], ["Cádiz", "36.5297, -6.2927"]],
    ),
    "newlines": (
        'x,y,z\n1,2,3\n"two\nlines",5,6\n7,8,9\n',
        [["x", "y", "z"], ["1", "2", "3"], ["two\nlines", "5", "6"], ["7", "8", "9"]],
    ),
    "newlines_crlf": (
        'x,y,z\r\n1,2,3\r\n"two\r\nlines",5,6\r\n7,8,9\r\n',
        [["x", "y", "z"], ["1", "2", "3"], ["two\r\nlines", "5", "6"], ["7", "8", "9"]],
    ),
    "quotes_and_newlines": (
        'x,y\n1,"oh\n""no""\nno"\n3,4\n',
        [["x", "y"], ["1", 'oh\n"no"\nno'], ["3", "4"]],
    ),
    "simple": ("x,y,z\n1,2,3\n", [["x", "y", "z"], ["1", "2", "3"]]),
    "simple_crlf": ("x,y,z\r\n1,2,3\r\n", [["x", "y", "z"], ["1", "2", "3"]]),
    "utf8": ("x,y,z\n1,2,3\n4,5,þ\n", [["x", "y", "z"], ["1", "2", "3"], ["4", "5", "þ"]]),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("is_ended", [True, False], ids=["ended", "no last line end"])
def test_every_case_is_written_as_it_was_read(tmp_path: Path, name: str, is_ended: bool) -> None:
    content, rows = CASES[name]
    path, out = tmp_path / f"{name}.csv", tmp_path / "out.csv"
    path.write_bytes((content if is_ended else content.rstrip("\r\n")).encode())
    CliRunner().invoke(app, ["read", str(path), "--table", str(out)])
    with out.open(encoding="utf-8", newline="") as file:
        assert list(csv.reader(file)) == rows
