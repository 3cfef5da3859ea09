"""The examples of docs/uploading.md, as a person would copy them.

An example is the block below a line that begins with the tool's name. Of its lines those that end
in `# send`, `# list` and so on are steps; the others come before each of them.
"""

import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.black_box import PROJECT

GUIDE = PROJECT / "docs/uploading.md"
_BLOCK = re.compile(
    r"^(?P<tool>[\w-]+(?:, (?:PUT|POST))?)\b[^\n]*\n\n```(?P<kind>sh|python)\n(?P<code>.*?)^```",
    re.MULTILINE | re.DOTALL,
)
_STEP = re.compile(r" +# (send|list|get|delete|ask)$")


@dataclass(frozen=True, kw_only=True)
class Example:
    kind: str  # sh | python
    before: tuple[str, ...]
    steps: Mapping[str, str]

    def run(
        self, step: str, *, folder: Path, settings: Mapping[str, str], at: str = "acme/centro"
    ) -> subprocess.CompletedProcess[str]:
        """Do one step in `folder`; somewhere else than in the guide, if so told."""
        code = "\n".join([*self.before, self.steps[step]]).replace("acme/centro", at)
        words = [sys.executable, "-c"] if self.kind == "python" else ["sh", "-euc"]
        return subprocess.run(
            [*words, code],
            cwd=folder,
            env={**settings, "HOME": str(folder)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )


def examples() -> dict[str, Example]:
    """Return the guide's examples by tool."""
    found = {
        block["tool"]: _example(block["kind"], block["code"])
        for block in _BLOCK.finditer(GUIDE.read_text())
    }
    return {tool: example for tool, example in found.items() if example.steps}


def _example(kind: str, code: str) -> Example:
    commands = list(_commands(code))
    steps = {m[1]: command for command in commands if (m := _STEP.search(command))}
    before = tuple(command for command in commands if command not in steps.values())
    return Example(kind=kind, before=before, steps=steps)


def _commands(code: str) -> Iterator[str]:
    """Yield whole commands: a line that ends in a backslash or a pipe goes on."""
    command = ""
    for line in code.splitlines():
        command += line
        if line.endswith(("\\", "|")):
            command += "\n"
        else:
            yield command
            command = ""
