"""Measure, and write the table: `python -m bench [FILE]` (an Online Retail file in latin-1).

What one large file costs is measured on the embedded servers, what many small ones cost on the
local ones.
"""

import sys
import tempfile
from pathlib import Path

from bench import files, ingest, reader, report, start
from bench.table import markdown
from bench.world import File, World

_PROJECT = Path(__file__).parents[1]
_SMALL_FILES = 10_000
_RETAIL = _PROJECT.parent / "shared/data/online_retail/online_retail_excel_latin1.csv"


def main() -> None:
    """Run all measurements in one run, and keep their table beside this module."""
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else _RETAIL
    if not path.exists():
        sys.exit(f"{path} is not there; name an Online Retail file: python -m bench FILE")
    with path.open("rb") as content:
        rows = sum(1 for _ in content) - 1
    file = File(path=path, encoding="latin-1", rows=rows)
    with tempfile.TemporaryDirectory() as home, World.embedded(Path(home)) as world:
        measured = [
            *start.measure(world),
            *ingest.measure(world, file),
            *report.measure(world, file),
        ]
    measured += [*reader.measure(path), *files.measure(_SMALL_FILES)]
    table = f"{markdown(measured)}\n{reader.memory()}"
    print(table)
    (_PROJECT / "bench" / "RESULTS.md").write_text(_INTRODUCTION + table, encoding="utf-8")


_INTRODUCTION = """# Results

Written by `make bench`; the rows about reading alone by `python -m bench.reader`. Medians of interleaved runs on one machine; only the ratios carry over.

"""

if __name__ == "__main__":
    main()
