"""Private temporary databases: gone with the process, and no file of anybody's."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from .errors import FeedError

_CACHE_KIB = 16 << 10


def private_database() -> sqlite3.Connection:
    """A database in memory as long as it is small, and in an unnamed temporary file beyond."""
    with storage():
        database = sqlite3.connect("", isolation_level=None)
        database.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        database.execute("PRAGMA journal_mode = OFF")
    return database


@contextmanager
def storage() -> Iterator[None]:
    """Say in words of ours that there is no room, or no folder for temporary files.

    Raises:
        FeedError: so it is.
    """
    try:
        yield
    except sqlite3.OperationalError as error:
        raise FeedError(f"the temporary database cannot be used: {error}") from error
