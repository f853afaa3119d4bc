"""Takes out of records what a plan asks for, and hands it on: what an engine keeps, or one process sends another."""

from collections.abc import Callable, Iterable

from ...events import Brief, OnProblem, Problem, event_time
from ..actors.callers import caller_of
from ..actors.credentials import ISSUING, STS, Asker, handed_out
from ..event import Event, read_event
from ..plan.nodes import ActionPlan, Plan
from .deferred import DeferredEvent, deferred_event
from .extent import Extent


class Texts(dict[str | None, str | None]):
    """Leads from each text to the first that was equal to it: `texts[text]` is one object for all of them."""

    def __missing__(self, text: str | None) -> str | None:
        self[text] = text
        return text


class Filter:
    """Feed it records. `keep` gets the events that some cascade mentions, and `defer` those of a
    `quiet` action, undecoded; `issue` who asked for which access key; `on_problem` the records without a time.

    With `keep_all` every event goes to `keep`. `intern` makes equal texts one object. `records` and
    `undated` count what was fed and what had no time, `undated_actions` are the actions of the latter. `extent`
    says from when until when all records lie.
    """

    def __init__(
        self,
        plan: Plan,
        keep: Callable[[Event], None],
        defer: Callable[[DeferredEvent], None],
        issue: Callable[[str, Asker], None],
        intern: Callable[[str | None], str | None],
        on_problem: OnProblem | None = None,
        *,
        keep_all: bool = False,
    ) -> None:
        self.records = 0
        self.undated = 0
        self.undated_actions: set[ActionPlan] = set()
        self.extent = Extent()
        self._keep = keep
        self._defer = defer
        self._issue = issue
        self._on_problem = on_problem
        self._keep_all = keep_all
        nothing: dict[str, ActionPlan] = {}
        self._wanted = {**dict.fromkeys(ISSUING, nothing), **plan.by_name}
        self._intern = intern
        self._unlisted: dict[str, ActionPlan] = {}
        self._file: str | None = None
        self._position = 0

    def feed(self, records: Iterable[Brief], file: str | None = None) -> None:
        """Take in records, of a file that is named: the next ones of it, if it is that of the last call."""
        if file != self._file:
            self._file, self._position = file, 0
        position = self._position
        wanted = self._wanted
        keep_all = self._keep_all
        extent = self.extent
        count = 0
        for record in records:
            count += 1
            if not extent.covers(record.eventTime):
                extent.see(record.eventTime)
            sources = wanted.get(record.eventName)
            if sources is None and not keep_all:
                continue
            source = record.eventSource
            caller = caller_of(record.userIdentity)
            if source == STS and record.eventName in ISSUING:
                handed = handed_out(record, caller)
                if handed is not None:
                    self._issue(*handed)
            action = sources.get(source) if sources else None
            if action is None:
                if not keep_all:
                    continue
                action = self.unlisted(_action_of(record))
            number = None if file is None else position + count
            try:
                if action.quiet and not keep_all:
                    event_time(record.eventTime)
                    self._defer(deferred_event(record, action, caller, self._intern, file, number))
                else:
                    event = read_event(record, action, self._intern, caller)
                    event.file, event.position = file, number
                    self._keep(event)
            except ValueError as error:
                self.undated += 1
                self.undated_actions.add(action)
                if self._on_problem is not None:
                    self._on_problem(Problem(record.eventID or "?", "eventTime", str(error)))
        self.records += count
        self._position += count

    def unlisted(self, action: str) -> ActionPlan:
        """The plan of an action of which the catalogue says nothing."""
        if action not in self._unlisted:
            self._unlisted[action] = ActionPlan(action)
        return self._unlisted[action]


def _action_of(record: Brief) -> str:
    return f"{record.eventSource.removesuffix('.amazonaws.com')}:{record.eventName}"
