"""`cascade classify --store`: verdicts go to a Neo4j server while they pass by."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from .stores import connected

if TYPE_CHECKING:
    from ..graph.neo4j import Connection
    from ..graph.neo4j.sightings import Sighting
    from ..matcher import Verdict


@contextmanager
def recorded(
    store: str | None, auth: Path | None
) -> "Iterator[Callable[[Iterator[Verdict]], Iterator[Verdict]]]":
    """What verdicts are passed through, so that a store remembers them; without a store they merely pass.

    The catalogue must have been pushed. Events of which it says nothing are not written.

    Raises:
        StoreError: the server is of no use, or holds no catalogue.
    """
    if store is None:
        if auth is not None:
            raise typer.BadParameter("--store-auth is for a --store")
        yield lambda verdicts: verdicts
        return
    from ..graph.neo4j.sightings import require_catalogue

    with connected(store, auth) as connection:
        require_catalogue(connection)
        yield lambda verdicts: _writing(connection, verdicts)


def _writing(connection: "Connection", verdicts: "Iterator[Verdict]") -> "Iterator[Verdict]":
    from ..graph.neo4j.sightings import BATCH, write_sightings

    batch: list[Sighting] = []
    for verdict in verdicts:
        if verdict.verdict != "unlisted":
            batch.append(sighting_of(verdict))
        if len(batch) == BATCH:
            write_sightings(connection, batch)
            batch = []
        yield verdict
    if batch:
        write_sightings(connection, batch)


def sighting_of(verdict: "Verdict") -> "Sighting":
    """A verdict as the graph keeps it."""
    from ..graph.neo4j.sightings import Membership, Sighting
    from ..matcher import Explanation

    first = []
    if verdict.cascade is not None and verdict.instance is not None:
        first = [
            Explanation(
                cascade=verdict.cascade,
                instance=verdict.instance,
                relation=verdict.relation,
                policy=verdict.policy,
                path=verdict.path,
                techniques=verdict.techniques,
            )
        ]
    memberships: dict[str, Membership] = {}
    for each in chain(first, verdict.also):
        member = Membership(
            cascade=each.cascade,
            root=each.instance,
            relation=each.relation,
            policy=each.policy,
            parent=each.path[1] if len(each.path) > 1 else None,
            primary=not memberships,
        )
        memberships.setdefault(member.instance, member)
    return Sighting(
        id=verdict.event_id,
        time=verdict.event_time,
        action=verdict.action,
        verdict=verdict.verdict,
        failed=verdict.failed,
        account=verdict.account,
        region=verdict.region,
        actor=verdict.actor,
        actor_arn=verdict.actor_arn,
        controller=verdict.controller,
        techniques=verdict.techniques,
        memberships=tuple(memberships.values()),
    )
