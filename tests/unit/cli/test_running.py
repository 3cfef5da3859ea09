"""Ctrl-C ends the system wherever it comes."""

import subprocess
import sys
from typing import Any, cast

import pytest

from cli.showcase import Narrator

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


SWALLOWED = """
import signal
from cli.running import _stop_on_signal

class Stack:
    is_asked_to_end = False

stack = Stack()
_stop_on_signal(stack, lambda code, params: print(code))
print(stack.is_asked_to_end)
try:
    signal.raise_signal(signal.SIGTERM)
except BaseException:
    print(stack.is_asked_to_end)
"""


def test_one_that_something_swallows_is_remembered():
    run = subprocess.run(
        [sys.executable, "-c", SWALLOWED], capture_output=True, text=True, check=False, timeout=50
    )
    assert (run.stdout.split(), run.stderr) == (["False", "True"], "")


def test_the_demo_ends_where_it_next_looks_around():
    class Running:
        is_asked_to_end = False

    narrator = Narrator(language="en", servers="embedded", running=[cast("Any", Running())])
    narrator.check()
    narrator.running[0].is_asked_to_end = True
    with pytest.raises(KeyboardInterrupt):
        narrator.check()
