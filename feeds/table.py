"""A platform's table of explained events, as the filling sees it, and how a target offers one."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from .client import Client
from .row import Row

Values = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Held:
    """A row that a table holds. `ref` is its name there.

    `values` are the columns that follow from an event, spelt as `Table.values` does, and None where the platform keeps
    nothing but the id. `ends` is the instant, in seconds since the epoch, from which on the row serves nothing; None
    where it does not say. A row is `theirs` where the platform's own searches write it beside ours: it goes when the
    event may not be silenced, and is their business otherwise.
    """

    ref: str
    event_id: str
    values: Values | None
    ends: float | None
    theirs: bool = False


class Table(Protocol):
    """One table. What `held` gives is read to its end before anything is changed."""

    most_put: int
    """How many rows one request takes."""
    most_removed: int
    replaces: bool
    """Whether putting a row takes the place of the one of its name; else that one is removed first."""

    def values(self, row: Row) -> Values:
        """The columns that follow from an event."""
        ...

    def held(self) -> Iterator[Held]:
        """All rows.

        Raises:
            FeedError: there is no such table, or it has other columns.
        """
        ...

    def remove(self, refs: Sequence[str]) -> None:
        """Take rows out. One that is not there any more is no fault."""
        ...

    def put(self, rows: Sequence[tuple[Row, str | None]]) -> None:
        """Put rows in, each in the place of the one of that name, if any."""
        ...

    def finish(self) -> None:
        """All that was asked for is done."""
        ...

    def close(self) -> None:
        """Let go of files."""
        ...


@dataclass(frozen=True, slots=True)
class Opening:
    """What a table is opened with: for how many seconds a row is kept, and what the time is."""

    client: Client
    keep: int
    now: float


@dataclass(frozen=True, slots=True)
class Feed:
    """A platform whose tables can be filled.

    `url` says what the address is, for a person; `default_url` is the one that counts without any. `headers` are those
    that carry credentials: name, how the value is made of the secret (`{}` stands for it), and the environment variable
    that holds it.
    """

    name: str
    title: str
    url: str
    headers: tuple[tuple[str, str, str], ...]
    open: Callable[[Opening], Table]
    default_url: str | None = None
    plain_headers: tuple[tuple[str, str], ...] = ()
