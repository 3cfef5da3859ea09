"""What became of each row: accepted, or set aside, and why."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from functions.ingest.reader.refusal import LEFT_OUT, Fault

Mask = NDArray[np.bool_]
WHOLE_ROW = -1
_FAULTS = tuple(Fault)
_IS_LEFT_OUT = np.array([fault in LEFT_OUT for fault in _FAULTS] + [False])  # the last is for none


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """What became of each row of a stretch."""

    blank: Mask
    repeated: Mask
    fault: NDArray[np.int8]  # index into `Fault`, -1 for none
    column: NDArray[np.int16]  # index of the column at fault, -1 for the whole row

    @property
    def set_aside(self) -> Mask:
        """Mark the rows of data that are not accepted: rejected ones, and those left out."""
        return self.fault >= 0

    @property
    def left_out(self) -> Mask:
        """Mark the rows that the export itself says are no purchases."""
        return np.take(_IS_LEFT_OUT, self.fault)

    @property
    def rejected(self) -> Mask:
        """Mark the rows that something is wrong with."""
        return self.set_aside & ~self.left_out

    @property
    def accepted(self) -> Mask:
        """Mark the accepted rows."""
        return ~(self.blank | self.repeated | self.set_aside)

    def reject(self, mask: Mask, fault: Fault, column: int) -> None:
        """Set the rows under `mask` aside, unless they are already or are no rows of data."""
        if not mask.any():
            return
        fresh = mask & self.accepted
        self.fault[fresh] = _FAULTS.index(fault)
        self.column[fresh] = column

    def reject_marked(self, marks: NDArray[np.uint8], faults: Sequence[Fault], column: int) -> None:
        """Set rows aside for `faults[i]` where `marks` is 1 + i."""
        if marks.any():
            for number, fault in enumerate(faults, start=1):
                self.reject(marks == number, fault, column)

    def reasons(self) -> dict[str, int]:
        """Count the rows that were set aside by why they were."""
        counts = np.bincount(self.fault[self.set_aside], minlength=len(_FAULTS))
        return {_FAULTS[i].value: int(counts[i]) for i in np.flatnonzero(counts)}

    def faults_of(self, rows: NDArray[np.int64]) -> list[Fault]:
        """Say why rows were set aside."""
        return [_FAULTS[fault] for fault in self.fault[rows].tolist()]
