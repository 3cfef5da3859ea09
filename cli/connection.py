"""Where the servers are and who we are there: `<home>/connection.json`, or address and token."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cli.outcome import CommandError, Exit

FILE_NAME = "connection.json"


@dataclass(frozen=True, kw_only=True, slots=True)
class Connection:
    """One client's way to the API."""

    api_url: str
    client: str
    token: str = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """What was said about where to go, on the command line or in the environment."""

    home: Path
    api_url: str | None = None
    token: str | None = field(default=None, repr=False)

    def address(self) -> str:
        """Return where the API is.

        Raises:
            CommandError: No server is known.
        """
        return self.api_url or str(self._file()["api_url"])

    def connection(self, client: str | None) -> Connection:
        """Return the way to `client`, or to the only one that is known.

        Raises:
            CommandError: No server is known, or it is not clear which client is meant.
        """
        if self.token:
            return self._by_token(self.token, client)
        known = self.connections()
        if client is not None:
            if client not in known:
                raise _unknown(client, known)
            return known[client]
        if len(known) != 1:
            raise CommandError(Exit.WRONG_USE, "cli_which_client", {"clients": sorted(known)})
        return next(iter(known.values()))

    def connections(self) -> Mapping[str, Connection]:
        """Return the ways to all clients that are known, by id.

        Raises:
            CommandError: No server is known.
        """
        if self.token:
            only = self._by_token(self.token, None)
            return {only.client: only}
        content = self._file()
        return {
            client: Connection(
                api_url=self.api_url or content["api_url"], client=client, token=keys["token"]
            )
            for client, keys in content.get("clients", {}).items()
        }

    def _by_token(self, token: str, client: str | None) -> Connection:
        mark, _, rest = token.partition("_")
        named, _, secret = rest.partition("_")
        if mark != "dc" or not secret:
            raise CommandError(Exit.WRONG_USE, "cli_token_shape", {})
        return Connection(api_url=self.address(), client=client or named, token=token)

    def _file(self) -> dict[str, Any]:
        path = self.home / FILE_NAME
        try:
            content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise CommandError(Exit.UNREACHABLE, "cli_no_server", {"file": path}) from error
        except ValueError as error:
            params = {"file": path, "reason": str(error)}
            raise CommandError(Exit.FAILED, "file_damaged", params) from error
        return content


def _unknown(client: str, known: Mapping[str, Connection]) -> CommandError:
    params = {"client": client, "clients": sorted(known)}
    return CommandError(Exit.NOT_FOUND, "cli_unknown_client", params)
