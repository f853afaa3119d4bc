"""A connection to a Neo4j server: managed transactions, and errors that say what to do."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeAlias, TypeVar

from ..errors import GraphError, StoreError
from .address import PASSWORD, USERNAME, Credentials, StoreAddress

if TYPE_CHECKING:
    import neo4j
    from neo4j.exceptions import Neo4jError

ResultT = TypeVar("ResultT")
Row: TypeAlias = dict[str, Any]
OLDEST = 5
_UNUSABLE = "pip install 'cloudcascade[neo4j]'"


class Connection:
    """Sessions with one database of one server. It is a context manager, and opens nothing before it is used.

    `patience_s` is for how long a transaction is tried again, in seconds, when the server stays away or another
    transaction is in its way.
    """

    def __init__(
        self, address: StoreAddress, credentials: Credentials | None, *, patience_s: float = 15
    ) -> None:
        try:
            from neo4j import GraphDatabase
        except ImportError:
            raise StoreError(f"a store on Neo4j needs its driver: {_UNUSABLE}") from None
        self.address = address
        self._username = credentials.username if credentials else None
        self._driver = GraphDatabase.driver(
            address.uri,
            auth=(credentials.username, credentials.password) if credentials else None,
            user_agent="cloudcascade",
            connection_timeout=10,
            connection_acquisition_timeout=max(patience_s, 11),
            max_transaction_retry_time=patience_s,
            # Hints of the planner at whoever writes queries: they are no business of who runs ours.
            notifications_min_severity="OFF",
        )
        self._checked = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the sockets back."""
        self._driver.close()

    def rows(self, query: str, parameters: Mapping[str, Any]) -> list[Row]:
        """All rows of a query that reads."""
        return self.read(lambda transaction: transaction.run(query, dict(parameters)).data())

    def read(self, work: "Callable[[neo4j.ManagedTransaction], ResultT]") -> ResultT:
        """What `work` makes of a transaction that may read only. It may be called again.

        Raises:
            StoreError: the server cannot be reached, or is of no use.
            GraphError: it refuses the query.
        """
        with self._session("READ") as session:
            return session.execute_read(work)

    def write(self, work: "Callable[[neo4j.ManagedTransaction], ResultT]") -> ResultT:
        """What `work` makes of a transaction that may write: all of it counts, or nothing. May be called again.

        Raises:
            StoreError: the server cannot be reached or written to, or is of no use.
            GraphError: it refuses the query.
        """
        with self._session("WRITE") as session:
            return session.execute_write(work)

    @contextmanager
    def _session(self, mode: str) -> "Iterator[neo4j.Session]":
        with (
            self._told(),
            self._driver.session(
                database=self.address.database, default_access_mode=mode
            ) as session,
        ):
            if not self._checked:
                check_version(session.execute_read(_agent))
                self._checked = True
            yield session

    @contextmanager
    def _told(self) -> Iterator[None]:
        from neo4j.exceptions import DriverError, Neo4jError

        try:
            yield
        except Neo4jError as error:
            raise self._refusal(error) from error
        except (UnicodeEncodeError, OverflowError) as error:
            raise GraphError(f"a parameter cannot be sent to a server: {error}") from error
        except (DriverError, OSError, ValueError) as error:
            if isinstance(error, ValueError) and "Cannot resolve" not in str(error):
                raise
            raise StoreError(
                f"no Neo4j server answers at {self.address.uri}: {_first_line(str(error))}"
            ) from error

    def _refusal(self, error: "Neo4jError") -> GraphError:
        code = error.code or ""
        message = _first_line(error.message or "") or code
        uri = self.address.uri
        who = f"the user {self._username!r}" if self._username else "whoever gives no password"
        if code.startswith("Neo.ClientError.Security.") and "Forbidden" not in code:
            return StoreError(
                f"the server at {uri} refuses {who}: set {USERNAME} and {PASSWORD}, or give"
                f" --store-auth FILE ({message})"
            )
        if code == "Neo.ClientError.Database.DatabaseNotFound":
            return StoreError(f"the server at {uri} has no database {self.address.database!r}")
        if code in _READ_ONLY:
            return StoreError(
                f"the database {self.address.database or ''!r} at {uri} cannot be written to: it is read-only, or"
                f" this member of a cluster is; neo4j:// finds the member that writes ({message})"
            )
        if code.startswith(("Neo.TransientError.", "Neo.DatabaseError.")):
            return StoreError(f"the server at {uri} could not do it: {message} ({code})")
        return GraphError(f"the server at {uri} refuses the query: {message} ({code})")


_READ_ONLY = frozenset(
    {
        "Neo.ClientError.Cluster.NotALeader",
        "Neo.ClientError.General.ForbiddenOnReadOnlyDatabase",
        "Neo.ClientError.General.WriteOnReadOnlyAccessDatabase",
    }
)


def check_version(agent: str) -> None:
    """Hold what a server calls itself, such as `Neo4j/5.26.0`, to the oldest version that will do.

    Raises:
        StoreError: it is older. What does not call itself Neo4j has to show what it can.

    >>> check_version("Neo4j/2025.10.1")
    """
    found = re.match(r"Neo4j/v?(\d+)", agent)
    if found is not None and int(found[1]) < OLDEST:
        raise StoreError(f"the server is {agent}; cloudcascade needs Neo4j {OLDEST} or newer")


def _agent(transaction: "neo4j.ManagedTransaction") -> str:
    return transaction.run("RETURN 1").consume().server.agent


def _first_line(text: str) -> str:
    return text.strip().partition("\n")[0]
