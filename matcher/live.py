"""Classifies a stream of events: the verdicts of `Engine`, each as soon as nothing can change it any more.

Time is that of the events. The watermark lies `lateness` behind the latest of them; what lies before it has
arrived. An event is taken up when the watermark has passed it, so that everything is seen in order of time, and
judged when the watermark has passed the last instant that its verdict rests on. What can change no
verdict any more is forgotten. docs/semantics.md is the definition of every verdict.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from heapq import heappop, heappush
from operator import attrgetter
from time import time

from ..events import OnProblem, Problem, Record, event_time
from . import telling
from .credentials import ISSUING, STS, Credentials
from .edges import meets
from .held import Held, hold
from .partners import Partners
from .plan import ActionPlan, Plan
from .spans import spans_of
from .verdict import Verdict

DEFAULT_LATENESS = 20 * 60
# Credentials last for at most 36 hours, and each may have been asked for with others. Behind a longer chain the
# last known session is the actor, so that an effect is an orphan rather than explained.
# https://docs.aws.amazon.com/STS/latest/APIReference/API_GetFederationToken.html
CREDENTIALS_KEPT = 3 * 36 * 3_600
# Equal texts are one object; it is no harm when they are two again.
MAX_TEXTS = 500_000
# One event from the future would make all others late.
MAX_AHEAD = 86_400

_in_time: Callable[[Held], tuple[int, str]] = attrgetter("time", "id")


@dataclass(frozen=True, slots=True)
class LiveVerdict:
    """A verdict; `late` where the event came after its time, and was judged by what was known then."""

    verdict: Verdict
    late: bool = False


class LiveEngine:
    """Feed it the records of a stream as they arrive, and ask again and again for the verdicts that are due.

    `lateness` is how long, in seconds, an event may take to arrive after later ones. One that takes longer is
    judged at once by what is known, and its verdict says so. One from more than a day ahead of `clock` (seconds
    since the epoch) goes to `on_problem`. `pending` counts the events that wait for their
    verdict, `records`, `duplicates` and `late` what came in.
    """

    def __init__(
        self,
        plan: Plan,
        on_problem: OnProblem | None = None,
        *,
        lateness: int = DEFAULT_LATENESS,
        clock: Callable[[], float] = time,
    ) -> None:
        self.plan = plan
        self.lateness = lateness
        self.records = 0
        self.duplicates = 0
        self.late = 0
        self.undated = 0
        self._on_problem = on_problem
        self._clock = clock
        nothing: dict[str, ActionPlan] = {}
        self._wanted = {**dict.fromkeys(ISSUING, nothing), **plan.by_name}
        self._spans = spans_of(plan)
        self._partners = Partners(plan)
        self._credentials = Credentials()
        self._texts: dict[str, str] = {}
        self._issued: deque[tuple[int, str]] = deque()
        self._latest: int | None = None
        self._front: int | None = None
        self._arrived: list[tuple[int, str, Held]] = []
        self._known: set[str] = set()
        self._told: deque[tuple[int, str]] = deque()
        self._open: dict[int, deque[Held]] = {}
        self._overdue: list[Held] = []

    @property
    def watermark(self) -> int | None:
        """The instant before which everything has arrived, in seconds since the epoch; None before the first event."""
        return None if self._latest is None else self._latest - self.lateness

    @property
    def pending(self) -> int:
        """How many events wait for their verdict."""
        return len(self._arrived) + len(self._overdue) + sum(map(len, self._open.values()))

    @property
    def size(self) -> int:
        """How much is kept: places in which events are filed, events that wait, and ids that copies are known by."""
        return len(self._partners) + self.pending + len(self._known)

    def feed(self, records: Iterable[Record]) -> None:
        """Take in records as they arrive. One whose eventTime cannot be read goes to `on_problem` and is left out."""
        for record in records:
            self.records += 1
            sources = self._wanted.get(record.eventName)
            if sources is None:
                continue
            if record.eventName in ISSUING and record.eventSource == STS:
                self._note(record)
            action = sources.get(record.eventSource)
            if action is not None:
                self._take(record, action)

    def _note(self, record: Record) -> None:
        try:
            when = event_time(record.eventTime)
        except ValueError:
            return  # told of where it is taken
        if when > self._clock() + MAX_AHEAD:
            return
        issued = self._credentials.note(record, self._intern)
        if issued is not None:
            self._issued.append((when, issued))

    def _take(self, record: Record, action: ActionPlan) -> None:
        try:
            event = hold(record, action, self._intern)
            if event.time > self._clock() + MAX_AHEAD:
                raise ValueError(f"{record.eventTime} lies more than a day in the future")
        except ValueError as error:
            self.undated += 1
            if self._on_problem is not None:
                self._on_problem(Problem(record.eventID or "?", "eventTime", str(error)))
            return
        if event.id in self._known:
            self.duplicates += 1
            return
        self._known.add(event.id)
        if self._latest is None or event.time > self._latest:
            self._latest = event.time
        if self._front is not None and event.time < self._front:
            self.late += 1
            self._overdue.append(event)
        else:
            heappush(self._arrived, (event.time, event.id, event))

    def _intern(self, text: str | None) -> str | None:
        if len(self._texts) > MAX_TEXTS:
            self._texts.clear()
        return None if text is None else self._texts.setdefault(text, text)

    def advance(self, watermark: int | None = None) -> list[LiveVerdict]:
        """The verdicts that are due: final, but for those of events that came too late.

        `watermark` says that everything before that instant has arrived, as when a source has been idle or
        has ended; by default it is what the events themselves say. It never goes back.
        """
        front = self.watermark if watermark is None else watermark
        if front is not None and (self._front is None or front > self._front):
            self._front = front
            self._release(front)
        told = list(self._judge_overdue())
        if self._front is not None:
            told += self._judge(self._front)
            self._forget(self._front)
        return told

    def close(self) -> list[LiveVerdict]:
        """The verdicts on all that is left: nothing more will come."""
        if self._latest is None:
            return []
        return self.advance(self._latest + 1 + max(self._spans.hold.values(), default=0))

    def _release(self, front: int) -> None:
        while self._arrived and self._arrived[0][0] < front:
            _, _, event = heappop(self._arrived)
            self._file(event)
            if event.action.listed:
                span = self._spans.hold[event.action]
                self._open.setdefault(span, deque()).append(event)
            else:
                self._told.append((front + self.lateness, event.id))

    def _file(self, event: Held) -> None:
        event.actor = self._credentials.actor(event.principal, event.access_key)
        self._partners.add(event)

    def _judge_overdue(self) -> Iterator[LiveVerdict]:
        overdue, self._overdue = self._overdue, []
        for event in overdue:
            self._file(event)
        for event in overdue:
            self._told.append((self._front or 0, event.id))
            yield from self._verdict(event, late=True)

    def _judge(self, front: int) -> Iterator[LiveVerdict]:
        due: list[Held] = []
        for span, waiting in self._open.items():
            while waiting and waiting[0].time + span < front:
                due.append(waiting.popleft())
        for event in sorted(due, key=_in_time):
            # A copy may still be on its way.
            self._told.append((front + self.lateness, event.id))
            yield from self._verdict(event)

    def _verdict(self, event: Held, *, late: bool = False) -> Iterator[LiveVerdict]:
        if found := self._partners.found(event):
            yield LiveVerdict(telling.effect(self.plan, event, found), late)
        elif begun := [node for node in event.action.origins if meets(node, event)]:
            yield LiveVerdict(telling.origin(self.plan, event, begun), late)
        elif event.action.orphans:
            yield LiveVerdict(telling.orphan(self.plan, event), late)

    def _forget(self, front: int) -> None:
        self._partners.forget(self._spans.keep, front)
        while self._told and self._told[0][0] < front:
            self._known.discard(self._told.popleft()[1])
        expired = []
        while self._issued and self._issued[0][0] + CREDENTIALS_KEPT < front:
            expired.append(self._issued.popleft()[1])
        if expired:
            self._credentials.forget(expired)
