"""Counts verdicts while they pass by, for the reports that people read."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from ..matcher import Verdict


@dataclass(frozen=True, slots=True)
class LogFacts:
    """What was read. `undecodable` counts pieces of input that are no usable record; `overlay` says which was in
    force, and nothing where none was."""

    sources: tuple[str, ...]
    records: int
    duplicates: int
    conflicting: int
    undecodable: int
    cascades: int
    overlay: str = ""


@dataclass(slots=True)
class ActionCount:
    """What became of the events of one action that may be a side effect."""

    fires: int = 0
    suppressed: int = 0
    annotated: int = 0

    @property
    def left(self) -> int:
        """The events that nothing explains."""
        return self.fires - self.suppressed - self.annotated


@dataclass(slots=True)
class CascadeCount:
    """What was found of one cascade."""

    instances: set[str] = field(default_factory=set)
    effects: int = 0
    suppressible: int = 0


@dataclass(slots=True)
class OrphanGroup:
    """Orphans that say the same: one action, actor, outcome and nearest miss."""

    first: Verdict
    count: int = 0
    last_time: str = ""


@dataclass(slots=True)
class Tally:
    """Counts of one run; pass the verdicts through `count`."""

    facts: LogFacts
    verdicts: Counter[str] = field(default_factory=Counter)
    actions: dict[str, ActionCount] = field(default_factory=dict)
    cascades: dict[str, CascadeCount] = field(default_factory=dict)
    orphans: dict[tuple[object, ...], OrphanGroup] = field(default_factory=dict)
    first_time: str = ""
    last_time: str = ""

    def count(self, verdicts: Iterable[Verdict]) -> Iterator[Verdict]:
        """Hand on each verdict after counting it."""
        for verdict in verdicts:
            self._add(verdict)
            yield verdict

    def _add(self, verdict: Verdict) -> None:
        name = verdict.verdict
        self.verdicts[name] += 1
        self.last_time = verdict.event_time
        self.first_time = self.first_time or self.last_time
        if name != "effect" and name != "orphan":
            return
        counted = self.actions.get(verdict.action)
        if counted is None:
            counted = self.actions[verdict.action] = ActionCount()
        counted.fires += 1
        if name == "orphan":
            self._add_orphan(verdict)
            return
        suppressed = verdict.policy == "suppress"
        if suppressed:
            counted.suppressed += 1
        else:
            counted.annotated += 1
        if verdict.cascade and verdict.instance:
            cascade = self.cascades.get(verdict.cascade)
            if cascade is None:
                cascade = self.cascades[verdict.cascade] = CascadeCount()
            cascade.instances.add(verdict.instance)
            cascade.effects += 1
            cascade.suppressible += suppressed

    def _add_orphan(self, verdict: Verdict) -> None:
        nearest = verdict.near_misses[0] if verdict.near_misses else None
        alike = (
            verdict.action,
            verdict.actor,
            verdict.actor_arn,
            verdict.error,
            (nearest.cascade, nearest.reason) if nearest else None,
        )
        group = self.orphans.get(alike)
        if group is None:
            group = self.orphans[alike] = OrphanGroup(verdict)
        group.count += 1
        group.last_time = verdict.event_time
