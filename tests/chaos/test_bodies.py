"""Uploads whose bodies come short, slowly or not at all: never a short dataset."""

from collections.abc import Sequence
from contextlib import closing

import pytest

from tests.chaos.files import MAY, File
from tests.chaos.proxy import Fault, Proxy
from tests.chaos.scene import STAYING, Scene

pytestmark = pytest.mark.chaos

USUAL = (
    Fault(cut_at=0.5, is_after_a_record=True),  # what is there reads well
    Fault(cut_at=0.5, is_after_a_record=True, is_said_to_be_whole=True),
    Fault(cut_at=0.5, ends_by_reset=True),
    Fault(bytes_per_s=4000),
)
WHOLE = (
    *(
        Fault(cut_at=part, is_said_to_be_whole=is_said, ends_by_reset=is_reset)
        for part in (0.0, 0.0002, 0.5, 0.99999)  # nothing, one byte, half, all but one
        for is_said, is_reset in ((False, False), (True, False), (False, True))
    ),
    Fault(bytes_per_s=500),
)


@pytest.mark.parametrize(
    "faults",
    [pytest.param(USUAL, id="usual"), pytest.param(WHOLE, id="whole", marks=pytest.mark.whole)],
)
def test_a_body_that_comes_badly_is_read_whole_or_not_at_all(
    scene: Scene, faults: Sequence[Fault]
) -> None:
    shop = scene.shop()
    # As older tools upload: the length alone tells what is missing.
    shop.s3.meta.config.request_checksum_calculation = "when_required"
    files = [
        File(key=f"centro/{number}.csv", body=MAY.replace(b"\nm", b"\n%d-" % number))
        for number in range(len(faults))
    ]
    shop.send_all(files)
    with closing(Proxy(scene.stack.s3_url, faults)) as line:
        scene.start("ingest", AWS_ENDPOINT_URL_S3=line.url)
        scene.have(STAYING)
        tally = scene.settle(shop)

    assert line.met == len(faults)
    assert tally.is_clean, tally
    assert shop.states() == {file.key: ["stored"] for file in files}
    found = shop.rows(
        "SELECT key, accepted, amount, datasets.size FROM datasets JOIN uploads USING (sha256)"
    )
    assert {tuple(row) for row in found} == {
        (f"{shop.client}/{file.key}", 200, file.revenue, len(file.body)) for file in files
    }
