"""The function starts fast: what few requests need is loaded by those."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.unit


def test_starting_loads_no_driver_that_only_few_requests_need():
    program = (
        "import sys, functions.report_api.__main__;"
        "print([name for name in ('pandas', 'numpy', 'pyarrow', 'pymongo', 'boto3', 'babel.dates')"
        " if name in sys.modules])"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert loaded.stdout.strip() == "[]"
