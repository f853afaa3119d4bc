"""One explained event, as a row of any table is made of it."""

from dataclasses import dataclass

import msgspec

from ..catalog.terms import Relation

LONGEST = 128
"""Characters that an id, a cascade or an action may have; CloudTrail's event ids have 36. It bounds a batch's bytes."""


class Row(msgspec.Struct, frozen=True, array_like=True):
    """An event that may be silenced. `event_time` is in seconds since the epoch."""

    event_id: str
    event_time: int
    action: str
    cascade: str
    relation: Relation
    origin_event_id: str


@dataclass(frozen=True, slots=True)
class Statement:
    """What one line says of an event: the row, or None where it may not be silenced.

    `id` is the verdict's own, of a stream, and `supersedes` that of the verdict whose place it takes. One that is not
    `final` may still be revised.
    """

    event_id: str
    row: Row | None
    final: bool = True
    id: str | None = None
    supersedes: str | None = None
