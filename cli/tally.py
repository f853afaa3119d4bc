"""Counts verdicts while they pass by, for the reports that people read."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from ..matcher import Verdict
from .made_by import MadeBy

MAX_SILENCING = 1_000
MAX_CAVEATS = 100
MOST_NAMES = 8


@dataclass(frozen=True, slots=True)
class LogFacts:
    """What was read. `undecodable` counts pieces of input that are no usable record; `passed_over`
    are what is no API call, by name; `overlay` says which was in force, and nothing where none was. `shown` are the
    filters, by name, of the verdicts that are shown and counted; empty where all are."""

    sources: tuple[str, ...]
    records: int
    duplicates: int
    conflicting: int
    undecodable: int
    cascades: int
    overlay: str = ""
    passed_over: Mapping[str, int] = field(default_factory=dict)
    made_by: MadeBy = field(default_factory=MadeBy)
    shown: Mapping[str, object] = field(default_factory=dict)

    @property
    def passed_over_words(self) -> str:
        """What was passed over, in words; nothing where nothing was."""
        told = (
            f"{count:,} {name}{'s' * (count > 1)}"
            for name, count in sorted(self.passed_over.items())
        )
        return ", ".join(told)


def silenced_lines(verdict: Verdict) -> list[str]:
    """What an event silences, a line for each action: how many, and about what."""
    about: dict[str, list[str]] = {}
    for each in verdict.silences:
        names = ", ".join(
            ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
            for value in each.keys.values()
        )
        about.setdefault(each.action, []).append(names)
    lines = [
        f"{f'{len(names)} ' if len(names) > 1 else ''}{action}: "
        f"{'; '.join(list(dict.fromkeys(names))[:MOST_NAMES])}"
        for action, names in about.items()
    ]
    beyond = verdict.silenced - len(verdict.silences)
    return [*lines, f"and {beyond} more"] if beyond > 0 else lines


@dataclass(frozen=True, slots=True)
class Shape:
    """How much is shown: `limit` rows of each table, lines of any length (`wide`), the labelled effects one by one."""

    limit: int
    wide: bool = False
    labelled: bool = False


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
class Tally:
    """Counts of one run; pass the verdicts through `count`.

    `silencing` are the first verdicts on events that silence others, `caveats` why explained events are not silenced.
    """

    facts: LogFacts
    verdicts: Counter[str] = field(default_factory=Counter)
    actions: dict[str, ActionCount] = field(default_factory=dict)
    cascades: dict[str, CascadeCount] = field(default_factory=dict)
    silencing: list[Verdict] = field(default_factory=list)
    caveats: Counter[str] = field(default_factory=Counter)
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
        if verdict.silences and len(self.silencing) < MAX_SILENCING:
            self.silencing.append(verdict)
        if name != "effect" and name != "orphan":
            return
        for caveat in verdict.caveats:
            if caveat in self.caveats or len(self.caveats) < MAX_CAVEATS:
                self.caveats[caveat] += 1
        counted = self.actions.get(verdict.action)
        if counted is None:
            counted = self.actions[verdict.action] = ActionCount()
        counted.fires += 1
        if name == "orphan":
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
