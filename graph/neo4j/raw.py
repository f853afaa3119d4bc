"""A query that somebody typed: read-only unless they say otherwise, and bounded in what it brings."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from ..errors import GraphError
from .connection import Connection
from .writing import Changes, changes_of

if TYPE_CHECKING:
    from neo4j import ManagedTransaction

Plain: TypeAlias = "str | int | float | bool | list[Plain] | dict[str, Plain] | None"

# What a plan of type `r` may still do: end somebody's transaction, or fetch an address from the server.
_NOT_READING = {
    "TerminateTransactions": "ends transactions",
    "LoadCSV": "makes the server fetch a file or an address",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """The first rows of a result. `more` says that the server had more than were asked for."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Plain, ...], ...]
    more: bool
    changes: Changes


def ask(
    connection: Connection,
    query: str,
    parameters: Mapping[str, Any],
    *,
    limit: int,
    write: bool = False,
) -> Answer:
    """Run a query for at most `limit` rows; the server computes no more of them than it must.

    Without `write` it is planned first, and refused when the server's plan is not one that reads; it then runs in a
    transaction which the server lets read only.

    Raises:
        StoreError: the server is of no use.
        GraphError: the query is not sound, or writes and may not.
    """
    if limit < 1:
        raise GraphError("limit is at least 1")

    def work(transaction: "ManagedTransaction") -> Answer:
        if not write:
            _require_reading(transaction, query, parameters)
        result = transaction.run(query, dict(parameters))
        columns = tuple(result.keys())
        records = result.fetch(limit)
        more = result.peek() is not None
        changes = changes_of(result.consume().counters)
        if changes and not write:
            raise _refusal("it would change the database")
        return Answer(
            columns=columns,
            rows=tuple(tuple(plain(value) for value in record.values()) for record in records),
            more=more,
            changes=changes,
        )

    return connection.write(work) if write else connection.read(work)


def _require_reading(
    transaction: "ManagedTransaction", query: str, parameters: Mapping[str, Any]
) -> None:
    planned = transaction.run(f"EXPLAIN {query}", dict(parameters)).consume()
    if planned.query_type != "r":
        raise _refusal("it would change the database")
    for operator in _operators(planned.plan or {}):
        if operator in _NOT_READING:
            raise _refusal(f"it {_NOT_READING[operator]}")


def _refusal(reason: str) -> GraphError:
    return GraphError(f"the query is not run: {reason}; --write lets it")


def _operators(plan: Mapping[str, Any]) -> Iterator[str]:
    """The names of all operators of a plan, such as `NodeIndexSeek`."""
    yield str(plan.get("operatorType", "")).partition("@")[0]
    for child in plan.get("children", ()):
        yield from _operators(child)


def plain(value: object) -> Plain:
    """A value of a result as JSON has it: nodes and relationships with their properties, times as ISO 8601."""
    from neo4j.graph import Node, Path, Relationship
    from neo4j.spatial import Point
    from neo4j.time import Duration

    match value:
        case Duration():  # a tuple, as a point is
            return value.iso_format()
        case Point():
            return str(value)
        case None | bool() | int() | float() | str():
            return value
        case Node():
            return {"labels": [*sorted(value.labels)], "properties": plain(dict(value))}
        case Relationship():
            return {"type": value.type, "properties": plain(dict(value))}
        case Path():
            steps: list[object] = [value.nodes[0]]
            for relationship, node in zip(value.relationships, value.nodes[1:], strict=True):
                steps += [relationship, node]
            return [plain(step) for step in steps]
        case dict():
            return {str(name): plain(each) for name, each in value.items()}
        case list() | tuple():
            return [plain(each) for each in value]
        case bytes() | bytearray():
            return value.hex()
    spelled = getattr(value, "iso_format", None)
    return str(spelled() if callable(spelled) else value)
