"""Classifies the events of a finished log. docs/semantics.md is the definition of every verdict."""

from collections.abc import Iterable, Iterator

from ..events import OnProblem, Problem, Record
from . import telling
from .callers import Caller, caller_of
from .credentials import ISSUING, STS, Credentials
from .edges import meets
from .explain import Found, Instances
from .held import Held, hold
from .near_misses import NearMisses
from .plan import ActionPlan, Plan
from .verdict import Verdict


class Engine:
    """Feed it the records of a log in any order, then ask once for the verdicts.

    It keeps what the plan asks of events that some cascade mentions, and who was handed which
    temporary credentials; of all others only a count. `records` counts all that was fed, `duplicates`
    events of an id that was there already, `conflicting` those of them that said something else.

    With `keep_all` every event is kept and gets a verdict, `unlisted` where the catalogue says nothing
    of its action; memory then grows with the log.
    """

    def __init__(
        self, plan: Plan, on_problem: OnProblem | None = None, *, keep_all: bool = False
    ) -> None:
        self.plan = plan
        self.keep_all = keep_all
        self.records = 0
        self.duplicates = 0
        self.conflicting = 0
        self.undated = 0
        self._on_problem = on_problem
        nothing: dict[str, ActionPlan] = {}
        self._wanted = {**dict.fromkeys(ISSUING, nothing), **plan.by_name}
        self._held: dict[str, Held] = {}
        self._credentials = Credentials()
        self._texts: dict[str, str] = {}
        self._unlisted: dict[tuple[str, str], ActionPlan] = {}

    def feed(self, records: Iterable[Record]) -> None:
        """Take in records. One whose eventTime cannot be read goes to `on_problem` and is left out."""
        wanted = self._wanted
        keep_all = self.keep_all
        count = 0
        for record in records:
            count += 1
            name = record.eventName
            sources = wanted.get(name)
            if sources is None and not keep_all:
                continue
            caller = caller_of(record.userIdentity)
            action = sources.get(record.eventSource) if sources else None
            if action is not None:
                self._hold(record, action, caller)
            elif keep_all:
                self._hold(record, self._unlisted_action(record), caller)
            if name in ISSUING and record.eventSource == STS:
                self._credentials.note(record, self._intern, caller)
        self.records += count

    def _hold(self, record: Record, action: ActionPlan, caller: Caller) -> None:
        try:
            event = hold(record, action, self._intern, caller)
        except ValueError as error:
            self.undated += 1
            if self._on_problem is not None:
                self._on_problem(Problem(record.eventID or "?", "eventTime", str(error)))
            return
        known = self._held.setdefault(event.id, event)
        if known is event:
            return
        self.duplicates += 1
        if known.content() != event.content():
            self.conflicting += 1
            if event.content() < known.content():
                self._held[event.id] = event

    def _unlisted_action(self, record: Record) -> ActionPlan:
        wanted = (record.eventSource, record.eventName)
        if wanted not in self._unlisted:
            service = record.eventSource.removesuffix(".amazonaws.com")
            self._unlisted[wanted] = ActionPlan(f"{service}:{record.eventName}")
        return self._unlisted[wanted]

    def _intern(self, text: str | None) -> str | None:
        return None if text is None else self._texts.setdefault(text, text)

    def verdicts(self) -> Iterator[Verdict]:
        """One verdict for every event that is some cascade's origin or effect, by time, then event id."""
        for event in self._held.values():
            event.actor = self._credentials.actor(event.principal, event.access_key)
        ordered = sorted(self._held.values(), key=lambda each: (each.time, each.id))
        events: dict[ActionPlan, list[Held]] = {}
        for event in ordered:
            events.setdefault(event.action, []).append(event)
        instances = {cascade: Instances(cascade, events) for cascade in self.plan.cascades}
        found: dict[str, list[Found]] = {}
        for each in instances.values():
            for event, explanation in each.found():
                found.setdefault(event.id, []).append(explanation)
        near = NearMisses(events, instances)
        for event in ordered:
            if not event.action.listed:
                if self.keep_all:
                    yield telling.told(self.plan, event, "unlisted")
            elif event.id in found:
                yield telling.effect(self.plan, event, found[event.id])
            elif begun := [node for node in event.action.origins if meets(node, event)]:
                yield telling.origin(self.plan, event, begun)
            elif event.action.orphans:
                yield telling.orphan(self.plan, event, near.of(event))
            elif self.keep_all:
                yield telling.told(self.plan, event, "unlisted")
