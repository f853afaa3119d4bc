"""What a reader could not use, as a value: counted, shown, written to the quarantine, never raised."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """A piece of input that is no usable record.

    `position` says where, in words a person can follow (`record 17`, `line 3`, `byte 1048576`).
    `data` holds the piece itself, cut to the record size limit, where there is one to keep.
    """

    source: str
    position: str
    reason: str
    data: bytes | None = None


OnProblem = Callable[[Problem], None]
