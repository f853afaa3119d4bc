"""Says which instances explain an event: for a finished log and for a stream alike.

The events are whoever holds them's business (`Partners`); what an instance is, is decided here alone.
docs/semantics.md is the definition.
"""

from collections.abc import Iterable, Iterator
from typing import Protocol

import msgspec

from .event import Event
from .joins import edge_holds, fits, spoils
from .plan.nodes import CascadePlan, NodePlan, SpoilerPlan

Path = tuple[Event, ...]

# How many instances are followed from one event, nearest first, at how many events it is looked for them, and how many
# are looked at that may void one. `also` lists fewer; the bounds keep a flood of events with equal keys from costing
# the square of its size.
MAX_INSTANCES = 64
MAX_CANDIDATES = 128
MAX_SUSPECTS = 128


class Found(msgspec.Struct, frozen=True, gc=False, eq=False):
    """One explanation: the node that the event fits, and the events from it to the root. `others` are further ways to
    that root, `beside` the events that fit each member that an ensemble requires beside it."""

    node: NodePlan
    path: Path
    others: tuple[Path, ...] = ()
    beside: tuple[tuple[Event, ...], ...] = ()

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

    def spoilers(
        self, spoiler: SpoilerPlan, root: Event, earliest: int, latest: int
    ) -> Iterable[Event]:
        """Events that fit `spoiler` and may concern `root`, between two instants."""
        ...

    def members(self, member: NodePlan, root: Event) -> Iterable[Event]:
        """Events that fit `member`, which an ensemble requires, within its window around `root`."""
        ...


def is_judgeable(cascade: CascadePlan, root: Event) -> bool:
    """Whether an event that fits the root says what spoilers join on. Nobody knows what voids one that does not."""
    return None not in [root.values[slot] for slot in cascade.judged_by] and not (
        cascade.judged_by_account and root.account is None
    )


class Instances:
    """The instances among the events of `partners`.

    `bounded`: whether the last event that was asked of had more candidates than are looked at, and so perhaps more
    explanations than were found.
    """

    def __init__(self, partners: Partners) -> None:
        self.bounded = False
        self._partners = partners
        self._left = MAX_CANDIDATES
        self._begins: dict[CascadePlan, dict[str, bool]] = {}
        self._lacking: dict[CascadePlan, dict[str, str | None]] = {}

    def found(self, event: Event) -> list[Found]:
        """Every explanation of the event, at most one for each node and instance."""
        found = []
        self.bounded = False
        self._forget()
        for node in self.nodes(event):
            if not fits(node, event):
                continue
            if node.parent is None:
                if self.begins(node.cascade, event) and self.cut(node.cascade, (event,)) is None:
                    found.append(Found(node, (event,), (), self.beside(node, event)))
                continue
            paths = [
                path for path in self.paths(node, event) if self.cut(node.cascade, path) is None
            ]
            if len(paths) == 1:
                found.append(Found(node, paths[0], (), self.beside(node, paths[0][-1])))
            elif paths:
                ways: dict[str, list[Path]] = {}
                for path in paths:
                    ways.setdefault(path[-1].id, []).append(path)
                found += [
                    Found(node, first, tuple(others), self.beside(node, first[-1]))
                    for first, *others in ways.values()
                ]
        return found

    def nodes(self, event: Event) -> Iterable[NodePlan]:
        """The nodes at which the event may be explained."""
        return event.action.effects

    def paths(self, node: NodePlan, event: Event) -> list[Path]:
        """The ways from an event that fits `node` to roots that begin an instance, cut or not."""
        self._left = MAX_CANDIDATES
        return self._ways(node, event)

    def _ways(self, node: NodePlan, event: Event) -> list[Path]:
        """See `paths`; no more candidates are looked at than are left.

        The best one to each root comes before the others.
        """
        parent = node.parent
        assert parent is not None
        cascade = node.cascade
        paths: list[Path] = []
        if parent.parent is None:
            for root in self._candidates(node, event):
                if edge_holds(node, event, root) and self.begins(cascade, root):
                    paths.append((event, root))
                    if len(paths) >= MAX_INSTANCES:
                        break
            return paths
        for step in self._candidates(node, event):
            if not edge_holds(node, event, step):
                continue
            for path in self._ways(parent, step):
                # An event that was on disk is equal to itself by its id only.
                if cascade.repeats and any(each.id == event.id for each in path):
                    continue
                paths.append((event, *path))
            if len(paths) >= MAX_INSTANCES:
                break
        return paths

    def _candidates(self, node: NodePlan, event: Event) -> Iterator[Event]:
        for candidate in self._partners.parents(node, event):
            if self._left <= 0:
                self.bounded = True
                return
            self._left -= 1
            yield candidate

    def begins(self, cascade: CascadePlan, root: Event) -> bool:
        """Whether an event that fits the root begins an instance."""
        if not (cascade.spoilers or cascade.required or cascade.judged_by):
            return True
        known = self._begins.get(cascade)
        if known is None:
            known = self._begins[cascade] = {}
        begins = known.get(root.id)
        if begins is None:
            left, self._left = self._left, MAX_SUSPECTS
            begins = known[root.id] = (
                is_judgeable(cascade, root)
                and self._void(cascade, root) is None
                and self._first_lacking(cascade, root) is None
            )
            self._left = self._left_after(left, MAX_SUSPECTS - self._left)
        return begins

    def _left_after(self, left: int, looked_at: int) -> int:
        """How many candidates are left when so many more were looked at to see what an event begins."""
        return left - looked_at

    def _forget(self) -> None:
        """Forget what may change before the next event is asked of."""
        self._begins.clear()
        self._lacking.clear()

    def voided(self, cascade: CascadePlan, root: Event) -> str | None:
        """Why an event that fits the root begins no instance, by the first spoiler that joins it."""
        void = self.void(cascade, root)
        return None if void is None else void[0]

    def void(self, cascade: CascadePlan, root: Event) -> tuple[str, Event | None] | None:
        """As `voided`, with the spoiler's event; without, where more are suspected than are looked at."""
        self._left = MAX_SUSPECTS
        return self._void(cascade, root)

    def _void(self, cascade: CascadePlan, root: Event) -> tuple[str, Event | None] | None:
        for spoiler in cascade.spoilers:
            earliest, latest = root.time - spoiler.before, root.time + spoiler.after
            for suspect in self._partners.spoilers(spoiler, root, earliest, latest):
                self._left -= 1
                if self._left < 0 or spoils(spoiler, suspect, root):
                    return spoiler.reason, suspect if self._left >= 0 else None
        return None

    def cut(self, cascade: CascadePlan, path: Path) -> str | None:
        """Why a path explains nothing although its root begins an instance: what lies between its events."""
        cut = self.cut_by(cascade, path)
        return None if cut is None else cut[0]

    def cut_by(self, cascade: CascadePlan, path: Path) -> tuple[str, Event | None] | None:
        """As `cut`, with the spoiler's event; without, where more are suspected than are looked at."""
        if not cascade.between:
            return None
        times = [event.time for event in path]
        earliest, latest = min(times), max(times)
        root = path[-1]
        on_path = {event.id for event in path}
        for spoiler in cascade.between:
            suspects = self._partners.spoilers(spoiler, root, earliest, latest)
            for number, suspect in enumerate(suspects):
                if number >= MAX_SUSPECTS:
                    return spoiler.reason, None
                if suspect.id not in on_path and spoils(spoiler, suspect, root):
                    return spoiler.reason, suspect
        return None

    def lacking(self, cascade: CascadePlan, root: Event) -> str | None:
        """The first required member of an ensemble of which no event fits beside `root`."""
        if not cascade.required:
            return None
        known = self._lacking.setdefault(cascade, {})
        if root.id not in known:
            self._left = MAX_SUSPECTS
            known[root.id] = self._first_lacking(cascade, root)
        return known[root.id]

    def beside(self, node: NodePlan, root: Event) -> tuple[tuple[Event, ...], ...]:
        """For each required member the events beside `root` without which one at `node` that may be silenced would not
        be explained."""
        required = node.cascade.required
        if not required or node.policy != "suppress":
            return ()
        self._left = MAX_SUSPECTS
        return tuple(
            tuple(other for other in self._members(each, root) if edge_holds(each, other, root))
            for each in required
        )

    def _first_lacking(self, cascade: CascadePlan, root: Event) -> str | None:
        for member in cascade.required:
            if not any(edge_holds(member, other, root) for other in self._members(member, root)):
                return member.name
        return None

    def _members(self, member: NodePlan, root: Event) -> Iterator[Event]:
        for other in self._partners.members(member, root):
            if self._left <= 0:
                return
            self._left -= 1
            yield other
