"""The failures that code here raises on purpose; anything else is a bug.

DataCoreError
├── PermanentError     bad input: recorded, told to the user, never retried
└── TransientError     a dependency or a race: the same work succeeds later
    └── LostClaimError another worker has taken this work over
"""

from collections.abc import Mapping


class DataCoreError(Exception):
    """Base of every failure that the runtime knows how to treat."""


class PermanentError(DataCoreError):
    """The input itself is wrong; trying again gives the same answer.

    `code` names the reason for machines, `params` fill its sentence. The sentences, in English and
    Spanish, are those of `common.texts`.
    """

    def __init__(self, code: str, params: Mapping[str, object] | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.params: dict[str, object] = dict(params or {})


class TransientError(DataCoreError):
    """The work could not be done now; it is tried again later."""


class LostClaimError(TransientError):
    """The claim's fencing number is no longer the newest: another worker has the work."""
