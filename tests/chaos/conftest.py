"""The servers of the chaos suite, started once, and a scene for each test."""

import sys
from collections.abc import Iterator

import pytest

from tests.chaos.scene import FragileStack, Scene
from tests.conftest import running_stack


@pytest.fixture(scope="session")
def fragile_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FragileStack]:
    """The local servers, to be killed one at a time; nobody else uses them."""
    stack = FragileStack(tmp_path_factory.mktemp("chaos"))
    with running_stack(stack):
        yield stack


@pytest.fixture
def scene(
    fragile_stack: FragileStack,
    request: pytest.FixtureRequest,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Scene]:
    """Functions and clients of one test; what it came to is printed in one line."""

    def say(what: str) -> None:
        with capsys.disabled():
            sys.stdout.write(f"\n  {request.node.name}: {what}\n")

    scene = Scene(fragile_stack, say)
    yield scene
    scene.close()
