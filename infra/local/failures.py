"""Why the embedded servers do not run, in words."""

from collections.abc import Mapping

from common.exceptions import DataCoreError
from common.texts import say


class LocalError(DataCoreError):
    """The embedded servers cannot be started or used; `code` and `params` name a sentence."""

    def __init__(self, code: str, params: Mapping[str, object]) -> None:
        super().__init__(code)
        self.code = code
        self.params = dict(params)

    def __str__(self) -> str:
        return say(self.code, self.params)
