"""Ctrl-C ends the system wherever it comes."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.unit

# It comes while Python tells who watches an object that the object is gone.
COMES_AMID_TIDYING_UP = """
import signal, time, weakref
from cli.running import _stop_on_signal

class Stack:
    def kill(self):
        print("killed")

class Watched:
    pass

_stop_on_signal(Stack(), lambda code, params: print(code))
watched = Watched()
watch = weakref.ref(watched, lambda _: signal.raise_signal(signal.SIGINT) or time.time())
try:
    del watched
    print("goes on")
    time.sleep(60)
except KeyboardInterrupt:
    print("ends")
"""


def test_the_first_one_is_not_lost_amid_tidying_up():
    run = subprocess.run(
        [sys.executable, "-c", COMES_AMID_TIDYING_UP],
        capture_output=True,
        text=True,
        check=False,
        timeout=50,
    )
    assert (run.stdout.split("\n"), run.stderr) == (["goes on", "ends", ""], "")
