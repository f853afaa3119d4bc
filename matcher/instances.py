"""Says which instances explain an event: for a finished log and for a stream alike.

The events are whoever holds them's business (`Partners`); what an instance is, is decided here alone.
docs/semantics.md is the definition.
"""

from collections.abc import Iterable
from typing import Protocol

import msgspec

from .event import Event
from .joins import edge_holds, fits, spoils
from .plan.nodes import CascadePlan, NodePlan, SpoilerPlan

Path = tuple[Event, ...]

# How many instances are followed from one event, nearest first. `also` lists fewer; the bound keeps a
# flood of events with equal keys from costing the square of its size.
MAX_INSTANCES = 64


class Found(msgspec.Struct, frozen=True, gc=False, eq=False):
    """One explanation: the node that the event fits, and the events from it to the root."""

    node: NodePlan
    path: Path

    @property
    def root(self) -> Event:
        """The event that names the instance."""
        return self.path[-1]


class Partners(Protocol):
    """The events that may stand at the other end of an edge, nearest first, then by event id.

    More may be offered than fit; none that fits may be missing.
    """

    def parents(self, node: NodePlan, event: Event) -> Iterable[Event]:
        """Events that fit the parent of `node`, within its window around `event`."""
        ...

    def spoilers(self, spoiler: SpoilerPlan, root: Event) -> Iterable[Event]:
        """Events that fit `spoiler`, within its window around `root`."""
        ...

    def members(self, member: NodePlan, root: Event) -> Iterable[Event]:
        """Events that fit `member`, which an ensemble requires, within its window around `root`."""
        ...


class Instances:
    """The instances among the events of `partners`."""

    def __init__(self, partners: Partners) -> None:
        self._partners = partners

    def found(self, event: Event) -> list[Found]:
        """Every explanation of the event, at most one for each node and instance."""
        found = []
        for node in self.nodes(event):
            if not fits(node, event):
                continue
            if node.parent is None:
                if self.begins(node.cascade, event):
                    found.append(Found(node, (event,)))
                continue
            paths = self.paths(node, event)
            if len(paths) == 1:
                found.append(Found(node, paths[0]))
            elif paths:
                first: dict[str, Path] = {}
                for path in paths:
                    first.setdefault(path[-1].id, path)
                found += [Found(node, path) for path in first.values()]
        return found

    def nodes(self, event: Event) -> Iterable[NodePlan]:
        """The nodes at which the event may be explained."""
        return event.action.effects

    def paths(self, node: NodePlan, event: Event) -> list[Path]:
        """The ways from an event that fits `node` to roots that begin an instance.

        Unless an action repeats on the way there is one to each root, the best one.
        """
        parent = node.parent
        assert parent is not None
        cascade = node.cascade
        paths: list[Path] = []
        if parent.parent is None:
            for root in self._partners.parents(node, event):
                if edge_holds(node, event, root) and self.begins(cascade, root):
                    paths.append((event, root))
                    if len(paths) >= MAX_INSTANCES:
                        break
            return paths
        roots: set[str] = set()
        for step in self._partners.parents(node, event):
            if not edge_holds(node, event, step):
                continue
            for path in self.paths(parent, step):
                name = path[-1].id
                if name in roots and not cascade.repeats:
                    continue
                # An event that was on disk is equal to itself by its id only.
                if cascade.repeats and any(each.id == event.id for each in path):
                    continue
                roots.add(name)
                paths.append((event, *path))
            if len(roots) >= MAX_INSTANCES:
                break
        return paths

    def begins(self, cascade: CascadePlan, root: Event) -> bool:
        """Whether an event that fits the root begins an instance."""
        return self.voided(cascade, root) is None and self.lacking(cascade, root) is None

    def voided(self, cascade: CascadePlan, root: Event) -> str | None:
        """Why an event that fits the root begins no instance, by the first spoiler that joins it."""
        for spoiler in cascade.spoilers:
            for suspect in self._partners.spoilers(spoiler, root):
                if spoils(spoiler, suspect, root):
                    return spoiler.reason
        return None

    def lacking(self, cascade: CascadePlan, root: Event) -> str | None:
        """The first required member of an ensemble of which no event fits beside `root`."""
        for member in cascade.required:
            others = self._partners.members(member, root)
            if not any(edge_holds(member, other, root) for other in others):
                return member.name
        return None
