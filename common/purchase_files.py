"""Which objects are files of purchases, by their names."""

PURCHASE_ENDINGS = (".csv", ".csv.gz", ".zip")
_PARTIAL_NAMES = (".part", ".tmp", ".crdownload", ".filepart")


def purchase_ending(name: str) -> str | None:
    """Return which of the endings a name has that we read; None: it has none of them.

    They are compared without case: tills write `.CSV` as often as `.csv`.
    """
    return next((end for end in PURCHASE_ENDINGS if name.lower().endswith(end)), None)


def is_purchase_file(key: str) -> bool:
    """Say whether `key` names a file that is ours to read: no folder, no half-written file."""
    name = key.rsplit("/", 1)[-1]
    return (
        purchase_ending(name) is not None
        and not name.startswith("~$")
        and not name.lower().endswith(_PARTIAL_NAMES)
    )
