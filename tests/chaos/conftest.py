"""The servers of the chaos suite, started once, and a scene for each test."""

from collections.abc import Callable, Iterator
from functools import partial

import pytest

from tests.chaos.scene import FragileStack, Scene
from tests.conftest import running_stack

_CAME_TO = "came to"


@pytest.fixture(scope="session")
def fragile_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FragileStack]:
    """The local servers, to be killed one at a time; nobody else uses them."""
    stack = FragileStack(tmp_path_factory.mktemp("chaos"))
    with running_stack(stack):
        yield stack


@pytest.fixture
def scene(
    fragile_stack: FragileStack, record_property: Callable[[str, object], None]
) -> Iterator[Scene]:
    """Functions and clients of one test; what it came to is printed at the end, in one line."""
    scene = Scene(fragile_stack, partial(record_property, _CAME_TO))
    yield scene
    scene.close()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what each disturbed run came to, wherever it ran."""
    reports = (
        report
        for outcome in ("passed", "failed")
        for report in terminalreporter.getreports(outcome)
        if report.when == "call"
    )
    lines = [
        f"{report.nodeid.rpartition('::')[2]}: {said}"
        for report in reports
        for name, said in report.user_properties
        if name == _CAME_TO
    ]
    if lines:
        terminalreporter.section("what it came to")
        terminalreporter.write("\n".join([*lines, ""]))
