"""What comes first: orphans as *stories*, one an actor and session, the most worth a look first, each with its reasons.

A story's orphans that say the same (action, outcome, nearest cascade) are one row with a count, and stories of the
same principal that differ in nothing but the session's name are one story: a load of 20,000 equal events is one row.
Memory is bounded: where there are too many kinds of orphan those least worth a look are only counted.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from ..matcher import Verdict
from .reasons import Rarity, Reason, reasons

MOST_KINDS = 10_000
MOST_PAIRS = 100_000

PairT = TypeVar("PairT", bound=tuple[str, ...])
_Session = tuple[str, str, str, str]
_Alike = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Kind:
    """Orphans of one story that say the same. `first` is the earliest, `also` says that their near misses differ."""

    first: Verdict
    count: int
    last_time: str
    reasons: tuple[Reason, ...]
    also: bool = False

    @property
    def score(self) -> int:
        """The sum of what the reasons weigh."""
        return sum(each.weight for each in self.reasons)


@dataclass(frozen=True, slots=True)
class Story:
    """What one actor did in one session, or in `sessions` alike ones. `kinds` are in the order of time."""

    kinds: tuple[Kind, ...]
    sessions: int
    reasons: tuple[Reason, ...]

    @property
    def first(self) -> Verdict:
        """The earliest event."""
        return self.kinds[0].first

    @property
    def last_time(self) -> str:
        """When the last event happened."""
        return max(each.last_time for each in self.kinds)

    @property
    def events(self) -> int:
        """How many events there are."""
        return sum(each.count for each in self.kinds)

    @property
    def score(self) -> int:
        """That of its weightiest row, and more where several techniques come together."""
        return max(each.score for each in self.kinds) + self._breadth

    @property
    def _breadth(self) -> int:
        return min(len(techniques_of(self.kinds)), 5) - 1 if techniques_of(self.kinds) else 0

    @property
    def rank(self) -> tuple[int, str, str]:
        """By which stories are ordered: nothing is left to chance."""
        return (-self.score, self.first.event_time, self.first.event_id)


def techniques_of(kinds: Iterable[Kind]) -> tuple[str, ...]:
    """The ids of all techniques, sorted."""
    return tuple(sorted({each for kind in kinds for each in kind.first.techniques}))


@dataclass(slots=True)
class _Counted:
    first: Verdict
    nearest: tuple[str, str] | None
    count: int = 0
    last_time: str = ""
    also: bool = False


@dataclass(slots=True)
class Rarities:
    """How often each action was seen. Pass all verdicts of a log through `counted`, also those that are not shown."""

    most_pairs: int = MOST_PAIRS
    _by_principal: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    _by_account: Counter[tuple[str, str]] = field(default_factory=Counter)

    def counted(self, verdicts: Iterable[Verdict]) -> Iterator[Verdict]:
        """Hand on each verdict after counting it."""
        for verdict in verdicts:
            self.see(verdict)
            yield verdict

    def see(self, verdict: Verdict) -> None:
        """Count a verdict."""
        if verdict.verdict == "unlisted":
            return  # no orphan is of its action
        account = verdict.account or ""
        self._see(self._by_principal, (account, principal_of(verdict), verdict.action))
        self._see(self._by_account, (account, verdict.action))

    def _see(self, counts: Counter[PairT], pair: PairT) -> None:
        if pair in counts or len(counts) < self.most_pairs:
            counts[pair] += 1

    def of(self, verdict: Verdict) -> Rarity:
        """How often the action of a verdict was seen."""
        account = verdict.account or ""
        return Rarity(
            self._by_principal[account, principal_of(verdict), verdict.action],
            self._by_account[account, verdict.action],
        )


@dataclass(slots=True)
class Stories:
    """Gathers orphans while they pass by; `told` are the stories.

    `beyond` counts by action the orphans that found no room.
    """

    rarities: Rarities = field(default_factory=Rarities)
    most_kinds: int = MOST_KINDS
    beyond: Counter[str] = field(default_factory=Counter)
    _kinds: dict[tuple[_Session, _Alike], _Counted] = field(default_factory=dict)

    def add(self, verdict: Verdict) -> None:
        """Keep an orphan, and nothing of other verdicts."""
        if verdict.verdict != "orphan":
            return
        nearest = verdict.near_misses[0] if verdict.near_misses else None
        alike = (verdict.action, verdict.error or "", nearest.cascade if nearest else "")
        place = (session_of(verdict), alike)
        reason = (nearest.cascade, nearest.reason) if nearest else None
        kind = self._kinds.get(place)
        if kind is None:
            if len(self._kinds) >= 2 * self.most_kinds:
                self._make_room()
            kind = self._kinds[place] = _Counted(verdict, reason)
        kind.count += 1
        kind.also |= kind.nearest != reason
        kind.last_time = max(kind.last_time, verdict.event_time)
        if (verdict.event_time, verdict.event_id) < (kind.first.event_time, kind.first.event_id):
            kind.first, kind.nearest = verdict, reason

    def _make_room(self) -> None:
        ranked = sorted(
            self._kinds.items(),
            key=lambda item: (
                -self._kind(item[1]).score, item[1].first.event_time, item[1].first.event_id
            ),
        )  # fmt: skip
        for place, kind in ranked[self.most_kinds :]:
            self.beyond[kind.first.action] += kind.count
            del self._kinds[place]

    def _kind(self, counted: _Counted) -> Kind:
        said = reasons(counted.first, self.rarities.of(counted.first))
        return Kind(counted.first, counted.count, counted.last_time, said, counted.also)

    def told(self) -> tuple[Story, ...]:
        """The stories, the most worth a look first."""
        sessions: dict[_Session, dict[_Alike, Kind]] = {}
        for (session, alike), counted in self._kinds.items():
            sessions.setdefault(session, {})[alike] = self._kind(counted)
        alike_sessions: dict[tuple[object, ...], list[dict[_Alike, Kind]]] = {}
        for (account, actor, principal, _), kinds in sessions.items():
            shape = (account, actor, principal, frozenset(kinds))
            alike_sessions.setdefault(shape, []).append(kinds)
        return tuple(sorted(map(_story, alike_sessions.values()), key=lambda each: each.rank))


def _story(sessions: list[dict[_Alike, Kind]]) -> Story:
    merged = [_merged([kinds[alike] for kinds in sessions]) for alike in sessions[0]]
    kinds = tuple(sorted(merged, key=lambda each: (each.first.event_time, each.first.event_id)))
    weightiest = max(kinds, key=lambda each: each.score)
    # What the others are worth a look for, too, and the rest of the weightiest.
    said = {
        reason.words: reason
        for kind in kinds
        for reason in kind.reasons
        if kind is weightiest or reason.tactic
    }
    return Story(kinds, len(sessions), tuple(sorted(said.values(), key=lambda each: -each.weight)))


def _merged(kinds: list[Kind]) -> Kind:
    kinds.sort(key=lambda each: (each.first.event_time, each.first.event_id))
    first = kinds[0]
    if len(kinds) == 1:
        return first
    reason = _nearest(first)
    return Kind(
        first.first,
        sum(each.count for each in kinds),
        max(each.last_time for each in kinds),
        first.reasons,
        any(each.also or _nearest(each) != reason for each in kinds),
    )


def _nearest(kind: Kind) -> str:
    misses = kind.first.near_misses
    return misses[0].reason if misses else ""


def principal_of(verdict: Verdict) -> str:
    """Who began it, whatever the session is called: a role's sessions are one principal."""
    return (verdict.actor or verdict.actor_arn or "").partition(":")[0]


def session_of(verdict: Verdict) -> _Session:
    """What tells a story from another: account, initial principal, the principal without its session, the session."""
    arn = verdict.actor_arn or ""
    principal, session = (
        arn.rpartition("/")[::2] if ":assumed-role/" in arn else (arn, verdict.session or "")
    )
    return (verdict.account or "", principal_of(verdict), principal, session)
