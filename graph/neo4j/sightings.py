"""Events of a log and the instances of cascades found in them, beside the catalogue for an investigation.

    (:Event)-[:SEEN_IN {relation, policy, primary}]->(:Instance)-[:OF]->(:Cascade)
    (:Event)-[:CALLS]->(:Action)
    (:Event)-[:EXPLAINED_BY]->(:Event)

An event is known by its event id, an instance by its cascade and the id of its root event. Writing an event again
makes it what it is now: links that it no longer has are taken away.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import StoreError
from .connection import Connection, Row
from .writing import Changes, counted, ensure_schema

if TYPE_CHECKING:
    from neo4j import ManagedTransaction

BATCH = 1_000


@dataclass(frozen=True, slots=True)
class Membership:
    """An event's place in an instance. `root` is the event id of the instance's root, `parent` that of the event
    which explains this one, None of a root. An event may have several places; one is `primary`."""

    cascade: str
    root: str
    relation: str | None
    policy: str | None
    parent: str | None
    primary: bool

    @property
    def instance(self) -> str:
        """The instance's id in the store."""
        return f"{self.cascade} {self.root}"


@dataclass(frozen=True, slots=True)
class Sighting:
    """One event of a log, and what is made of it. `time` is ISO 8601 in UTC, so that text sorts as time."""

    id: str
    time: str
    action: str
    verdict: str
    failed: bool
    account: str | None
    region: str | None
    actor: str | None
    actor_arn: str | None
    controller: str | None
    techniques: tuple[str, ...]
    memberships: tuple[Membership, ...]


def require_catalogue(connection: Connection) -> None:
    """Make sure that there is something to link events to.

    Raises:
        StoreError: the store holds no cascade under this catalogue's name.
    """
    catalog = connection.address.catalog
    found = connection.rows(
        "MATCH (c:Cascade {catalog: $catalog}) RETURN c.id AS id LIMIT 1", {"catalog": catalog}
    )
    if not found:
        raise StoreError(
            f"the store holds no catalogue {catalog!r}; `cascade graph push --store {connection.address}` first"
        )
    ensure_schema(connection)


def write_sightings(connection: Connection, sightings: Iterable[Sighting]) -> Changes:
    """Write one batch of events in one transaction; a second time it changes nothing.

    Raises:
        StoreError: the server is of no use, or goes away. Nothing of the batch is written then.
    """
    several = list(sightings)
    catalog = connection.address.catalog

    def work(transaction: "ManagedTransaction") -> Changes:
        changes = Changes()
        for statement, rows in (
            (_EVENTS, [_event(each, catalog) for each in several]),
            (_CALLS, [{"id": each.id, "action": each.action} for each in several]),
            (_OUTDATED, [_links(each) for each in several]),
            (_INSTANCES, [row for each in several for row in _instances(each, catalog)]),
            (_PARENTS, [row for each in several for row in _parents(each)]),
        ):
            if rows:
                changes += counted(transaction, statement, rows=rows, catalog=catalog)
        return changes

    return connection.write(work)


_EVENTS = """
UNWIND $rows AS row
MERGE (e:Event {catalog: $catalog, id: row.id})
WITH e, row WHERE properties(e) <> row.properties
SET e = row.properties
"""
_CALLS = """
UNWIND $rows AS row
MATCH (e:Event {catalog: $catalog, id: row.id})
MATCH (a:Action {catalog: $catalog, id: row.action})
MERGE (e)-[:CALLS]->(a)
"""
_OUTDATED = """
UNWIND $rows AS row
MATCH (e:Event {catalog: $catalog, id: row.id})-[link:SEEN_IN|EXPLAINED_BY]->(other)
WHERE NOT other.id IN row.others
DELETE link
"""
_INSTANCES = """
UNWIND $rows AS row
MATCH (e:Event {catalog: $catalog, id: row.id})
MERGE (i:Instance {catalog: $catalog, id: row.instance.id})
MERGE (e)-[link:SEEN_IN]->(i)
FOREACH (_ IN CASE WHEN properties(i) <> row.instance THEN [1] ELSE [] END | SET i = row.instance)
FOREACH (_ IN CASE WHEN properties(link) <> row.link THEN [1] ELSE [] END | SET link = row.link)
WITH i, row
MATCH (c:Cascade {catalog: $catalog, id: row.instance.cascade})
MERGE (i)-[:OF]->(c)
"""
_PARENTS = """
UNWIND $rows AS row
MATCH (e:Event {catalog: $catalog, id: row.id})
MERGE (parent:Event {catalog: $catalog, id: row.parent})
MERGE (e)-[:EXPLAINED_BY]->(parent)
"""


def _event(sighting: Sighting, catalog: str) -> Row:
    properties = {
        "catalog": catalog,
        "id": sighting.id,
        "time": sighting.time,
        "action": sighting.action,
        "verdict": sighting.verdict,
        "failed": sighting.failed,
        "account": sighting.account,
        "region": sighting.region,
        "actor": sighting.actor,
        "actor_arn": sighting.actor_arn,
        "controller": sighting.controller,
        "techniques": list(sighting.techniques),
    }
    return {"id": sighting.id, "properties": _without_none(properties)}


def _links(sighting: Sighting) -> Row:
    parents = (each.parent for each in sighting.memberships if each.parent is not None)
    instances = (each.instance for each in sighting.memberships)
    return {"id": sighting.id, "others": [*parents, *instances]}


def _instances(sighting: Sighting, catalog: str) -> list[Row]:
    return [
        {
            "id": sighting.id,
            "instance": {
                "catalog": catalog,
                "id": each.instance,
                "cascade": each.cascade,
                "root": each.root,
            },
            "link": _without_none(
                {"relation": each.relation, "policy": each.policy, "primary": each.primary}
            ),
        }
        for each in sighting.memberships
    ]


def _parents(sighting: Sighting) -> list[Row]:
    parents = {each.parent for each in sighting.memberships if each.parent is not None}
    return [{"id": sighting.id, "parent": parent} for parent in sorted(parents)]


def _without_none(properties: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in properties.items() if value is not None}
