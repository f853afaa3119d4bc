"""Origins and labelled effects, counted while they pass by: those that say the same are one row."""

from collections import Counter
from dataclasses import dataclass, field

from ..matcher import Verdict
from .stories import session_of

MOST_GROUPS = 10_000
MOST_NAMES = 8

_Place = tuple[str, ...]


@dataclass(slots=True)
class OriginGroup:
    """Origins of one action by one principal, and what they silence: of each action how many, and the first names."""

    first: Verdict
    count: int = 0
    silenced: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    names: dict[str, dict[str, None]] = field(default_factory=dict)

    def add(self, verdict: Verdict) -> None:
        """Another one."""
        self.count += 1
        self.silenced += verdict.silenced
        for each in verdict.silences:
            self.counts[each.action] += 1
            of_action = self.names.setdefault(each.action, {})
            for value in each.keys.values():
                name = ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
                if len(of_action) < MOST_NAMES:
                    of_action[name] = None

    @property
    def lines(self) -> list[str]:
        """What they silence, a line for each action."""
        told = [
            f"{f'{count} ' if count > 1 else ''}{action}: {'; '.join(self.names[action])}"
            for action, count in self.counts.items()
        ]
        beyond = self.silenced - self.counts.total()
        return [*told, f"and {beyond} more"] if beyond > 0 else told

    @property
    def rank(self) -> tuple[int, str, str]:
        """By which rows are ordered: those that silence most come first."""
        return (-self.silenced, self.first.event_time, self.first.event_id)


@dataclass(slots=True)
class LabelledGroup:
    """Explained events of one action, principal and cascade that are shown with a label."""

    first: Verdict
    count: int = 0

    @property
    def rank(self) -> tuple[str, str]:
        """By which rows are ordered: by time."""
        return (self.first.event_time, self.first.event_id)


@dataclass(slots=True)
class Explained:
    """Pass all verdicts through `add`. `beyond` counts the origins and labelled effects that found no room."""

    origins: dict[_Place, OriginGroup] = field(default_factory=dict)
    labelled: dict[_Place, LabelledGroup] = field(default_factory=dict)
    beyond: Counter[str] = field(default_factory=Counter)

    def add(self, verdict: Verdict) -> None:
        """Count a verdict."""
        if verdict.silences or verdict.verdict == "origin":
            place: _Place = (*session_of(verdict)[:3], verdict.action)
            group = self.origins.get(place)
            if group is None:
                if len(self.origins) >= MOST_GROUPS:
                    self.beyond["origins"] += 1
                    return
                group = self.origins[place] = OriginGroup(verdict)
            group.add(verdict)
        if verdict.verdict == "effect" and verdict.policy != "suppress":
            place = (*session_of(verdict)[:3], verdict.action, verdict.cascade or "")
            of_label = self.labelled.get(place)
            if of_label is None:
                if len(self.labelled) >= MOST_GROUPS:
                    self.beyond["labelled"] += 1
                    return
                of_label = self.labelled[place] = LabelledGroup(verdict)
            of_label.count += 1
