"""Which keys name files that are read."""

import pytest

from common.purchase_files import is_purchase_file

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("key", "is_one"),
    [
        ("acme/b/a.csv", True),
        ("acme/b/A.CSV", True),
        ("acme/b/a.csv.gz", True),
        ("acme/b/A.CSV.GZ", True),
        ("acme/b/a.zip", True),
        ("acme/b/a.gz", False),
        ("acme/b/~$a.zip", False),
        ("acme/b/a.zip.part", False),
        ("acme/b/", False),
        ("acme/b/a.csv.part", False),
        ("acme/b/~$a.csv", False),
        ("acme/b/a.xlsx", False),
    ],
)
def test_only_whole_csv_files_packed_or_not_are_purchase_files(key, is_one):
    assert is_purchase_file(key) is is_one
