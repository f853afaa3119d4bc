"""What a stream knows of the events around those that it judges: since when it listens, and which are in doubt."""

from collections.abc import Callable, Iterable, Mapping

from ..batch.extent import Extent
from ..plan.nodes import ActionPlan, Plan
from ..silencing import Known
from .checkpoint import Mark

# More ids than these are not remembered as conflicting: nothing is silenced then.
MAX_CONFLICTING = 10_000

PROVISIONAL = "this verdict is provisional"
LATE = "the event came late"
_TOO_MANY = "too many copies differ"


class Coverage:
    """`clock` gives the seconds since the epoch. What lies more than `ahead` seconds behind it is not looked at."""

    def __init__(self, clock: Callable[[], float], ahead: int) -> None:
        self._clock = clock
        self._ahead = ahead
        self._extent = Extent()
        self._conflicting: set[str] = set()
        self._overflown = False
        self._doubtful: dict[ActionPlan, int] = {}
        self._closed = False

    def see(self, moment: str, front: int | None) -> None:
        """Take notice of an eventTime. One before `front` came late, and does not say that all after it is known."""
        if not self._extent.covers(moment):
            self._extent.see(moment, front, self._clock() + self._ahead)

    def doubt(self, action: ActionPlan) -> None:
        """An event of this action has no time that can be read, or says two things."""
        self._doubtful[action] = self._extent.until or 0

    def conflict(self, id_: str, actions: Iterable[ActionPlan]) -> None:
        """Two copies of an event differ; their `actions`."""
        for action in actions:
            self.doubt(action)
        if len(self._conflicting) < MAX_CONFLICTING:
            self._conflicting.add(id_)
        else:
            self._overflown = True

    def close(self) -> None:
        """Nothing more will come: the stream ends with the last event seen."""
        self._closed = True

    def forget(self, ids: Iterable[str], keep: Mapping[ActionPlan, int], before: int) -> None:
        """Forget events that can change nothing any more: these, and what lies more than `keep` seconds, by action,
        before an instant."""
        self._conflicting.difference_update(ids)
        over = [action for action, when in self._doubtful.items() if when + keep[action] < before]
        for action in over:
            del self._doubtful[action]

    def mark(self) -> tuple[int | None, int | None, tuple[str, ...], tuple[tuple[str, int], ...]]:
        """What a `Mark` keeps of it, in its order from `since` on."""
        doubtful = sorted((action.action, when) for action, when in self._doubtful.items())
        return (
            self._extent.since,
            self._extent.until,
            tuple(sorted(self._conflicting)),
            tuple(doubtful),
        )

    def restore(self, plan: Plan, mark: Mark) -> None:
        """Go on where another one was."""
        self._extent.widen(mark.front if mark.since is None else mark.since, mark.until)
        self._conflicting.update(mark.conflicting)
        for name, when in mark.doubtful:
            service, _, event_name = name.partition(":")
            action = plan.action(event_name, f"{service}.amazonaws.com")
            if action is not None:
                self._doubtful[action] = when

    def known(self, doubt: str | None) -> Known:
        """What is known now; `doubt` is a reason to silence nothing."""
        return Known(
            since=self._extent.since,
            until=self._extent.until if self._closed else None,
            conflicting=self._conflicting,
            doubtful=self._doubtful.keys(),
            doubt=_TOO_MANY if self._overflown else doubt,
        )
