"""What a reader could not use, as a value: counted, shown, written to the quarantine, never raised."""

from collections.abc import Callable
from dataclasses import dataclass

from ..errors import CloudcascadeError


class EventsError(CloudcascadeError):
    """Input that cannot be opened at all: a missing file, a glob without a match."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A piece of input that is no usable record.

    `position` says where, in words a person can follow (`record 17`, `line 3`, `byte 1048576`).
    `data` holds the piece itself, cut to the record size limit, where there is one to keep. `ignored`
    tells what is no API call by its nature, such as a digest file, from what is broken; `reason` is then its name, and
    `count` how many there are. With `note` nothing is wrong with the
    piece: it is something to know of the whole source, and is told once.
    """

    source: str
    position: str
    reason: str
    data: bytes | None = None
    ignored: bool = False
    count: int = 1
    note: bool = False


OnProblem = Callable[[Problem], None]
