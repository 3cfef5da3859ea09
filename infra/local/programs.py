"""Where wheels and Debian packages have put the servers' programs."""

import sysconfig
from importlib.util import find_spec
from pathlib import Path

from infra.local.failures import LocalError


def program_in_package(package: str, *parts: str) -> str:
    """Return the path of a program inside a package, without importing the package.

    An import would make folders, register clean-ups or look for running servers.

    Raises:
        LocalError: The package is not installed.
    """
    spec = find_spec(package)
    for folder in (spec and spec.submodule_search_locations) or ():
        program = Path(folder, *parts)
        if program.exists():
            return str(program)
    raise LocalError("server_missing", {"program": parts[-1]})


def program_in_scripts(name: str) -> str:
    """Return the path of a program beside the running interpreter's scripts.

    Raises:
        LocalError: Its package is not installed.
    """
    program = Path(sysconfig.get_path("scripts"), name)
    if not program.exists():
        raise LocalError("server_missing", {"program": name})
    return str(program)


def program_of_debian(pattern: str) -> str:
    """Return the path that `pattern` matches, of several the last: the newest version.

    Raises:
        LocalError: The package is not installed.
    """
    found = sorted(Path("/").glob(pattern.removeprefix("/")))
    if not found:
        raise LocalError("package_missing", {"program": Path(pattern).name})
    return str(found[-1])
