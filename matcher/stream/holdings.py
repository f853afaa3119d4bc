"""All that a stream keeps of its events: in memory, or where memory has no room for it."""

from collections.abc import Mapping
from pathlib import Path

from ..event import Event
from ..plan.nodes import ActionPlan, Plan
from .codec import Codec
from .emitted import Emitted
from .horizon import Horizon
from .memory import EMITTED, FILED, ISSUED, KNOWN, SILENCED, WAITING, LargeEvents, Texts
from .sessions import CREDENTIALS_KEPT, Sessions
from .silences import Silences
from .spill import Spill
from .state import LiveState
from .timers import SLICE, Timers


class Holdings:
    """Where events are filed (`state`), what waits (`timers`), who was handed which key (`sessions`), what was said
    already (`emitted`), and which events were silenced (`silences`). `texts` makes equal texts one object.

    With `max_bytes` memory is kept to about that: what there is no room for goes to a temporary file in `folder`.
    `spilled` counts the events that it went there with. `revised`: see `LiveState`; `filed_early` are the ids of the
    events that were filed before they are taken up.
    """

    def __init__(
        self,
        plan: Plan,
        horizon: Horizon,
        lateness: int,
        *,
        revised: bool,
        max_bytes: int | None,
        folder: Path | None,
    ) -> None:
        self.spilled = 0
        self.state = LiveState(plan, horizon.keep, revised=revised)
        self.sessions = Sessions()
        self.timers = Timers(horizon, lateness)
        self.emitted = Emitted()
        self.texts = Texts()
        self.spill: Spill | None = None
        self.filed_early: set[str] = set()
        self._keep: Mapping[ActionPlan, int] = horizon.keep
        self._max_bytes = max_bytes
        self._folder = folder
        self._codec = Codec(plan, self.texts.intern)
        self.silences = Silences(plan, self._codec)
        self._large = LargeEvents()
        self._since_look = 0

    @property
    def on_disk(self) -> int:
        """How many events lie where memory has no room for them."""
        return self.spill.events if self.spill else 0

    @property
    def size(self) -> int:
        """How much is kept: places in which events are filed, events that wait, ids that copies are known by, and
        silences."""
        return len(self.state) + len(self.timers) + self.timers.ids + len(self.silences)

    @property
    def memory(self) -> int:
        """About how many bytes of memory it takes."""
        return (
            WAITING * self.timers.in_memory
            + FILED * len(self.state)
            + KNOWN * self.timers.ids
            + ISSUED * len(self.sessions)
            + EMITTED * len(self.emitted)
            + SILENCED * self.silences.weight
            + self._large.size
        )

    def file(self, event: Event) -> None:
        """File an event under what is known now of who made the call."""
        event.actor = self.sessions.actor(event.principal, event.access_key)
        self.state.add(event)

    def weigh(self, event: Event, expires: int) -> bool:
        """Take account of an event that is kept until then; whether it is time to look after memory."""
        self._since_look += self._large.add(event, expires)
        return self._since_look >= SLICE

    def forget(self, front: int) -> list[str]:
        """Forget what can change no verdict after an instant any more; the ids that copies are no longer known by."""
        self.state.forget(front, self.spill)
        over = self.timers.forget(front)
        self.sessions.forget(front)
        self._large.forget(front)
        if self.spill is not None:
            self.spill.forget(front, front - CREDENTIALS_KEPT)
        return over

    def look_after_memory(self, elsewhere: int) -> bool:
        """Move everything to the spill where memory is short, of which `elsewhere` so many bytes are taken; whether it
        was."""
        self._since_look = 0
        if self._max_bytes is None or self.memory + elsewhere <= self._max_bytes:
            return False
        if self.spill is None:
            self.spill = Spill(self._codec.encode, self._codec.decode, self._folder)
        filed = self.state.drain(self.spill)
        self.spilled += self.timers.in_memory
        self.timers.drain(self.spill, filed)
        self.emitted.drain(self.spill)
        self.sessions.drain(self.spill)
        self.silences.drain(self.spill)
        self.filed_early.clear()
        self._large.clear()
        self.texts.clear()
        return True
