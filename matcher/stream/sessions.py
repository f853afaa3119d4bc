"""Who asked for the credentials of a stream: known for as long as they may be used, then forgotten."""

from collections import deque
from collections.abc import Callable

import msgspec

from ...events import Record, event_time
from ..actors.credentials import Asker, Credentials
from .spill import Spill

# Credentials last for at most 36 hours, and each may have been asked for with others. Behind a longer chain the
# last known session is the actor, so that an effect is an orphan rather than explained.
# https://docs.aws.amazon.com/STS/latest/APIReference/API_GetFederationToken.html
CREDENTIALS_KEPT = 3 * 36 * 3_600

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[tuple[str | None, str | None]]).decode


class Issued(msgspec.Struct, frozen=True, gc=False):
    """Credentials that were handed out: when (seconds since the epoch, UTC), which, and to whom."""

    time: int
    access_key: str
    callers: tuple[Asker, ...]


class Sessions:
    """`Credentials` that forget, and of which a part may lie in a spill."""

    def __init__(self) -> None:
        self._credentials = Credentials()
        self._issued: deque[tuple[int, str]] = deque()
        self._spill: Spill | None = None

    def __len__(self) -> int:
        return len(self._credentials)

    def note(
        self, record: Record, until: float, intern: Callable[[str | None], str | None]
    ) -> Issued | None:
        """Remember what a record of one of the `ISSUING` calls says; what is new in it, if anything. One without a
        time, or from after `until` (seconds since the epoch), says nothing."""
        try:
            time = event_time(record.eventTime)
        except ValueError:
            return None  # told of where the event itself is taken in
        if time > until:
            return None
        access_key = self._credentials.note(record, intern)
        if access_key is None:
            return None
        self._recall(access_key, merge=True)
        self._issued.append((time, access_key))
        return Issued(time, access_key, tuple(self._credentials.callers(access_key)))

    def restore(self, issued: Issued) -> None:
        """Remember what `note` once returned."""
        for caller in issued.callers:
            self._credentials.add(issued.access_key, caller)
        self._issued.append((issued.time, issued.access_key))

    def actor(self, principal: str | None, access_key: str | None) -> str | None:
        """The initial principal behind a caller; None where it is unknown."""
        if self._spill is not None and access_key is not None:
            self._recall_chain(access_key)
        return self._credentials.actor(principal, access_key)

    def forget(self, now: int) -> None:
        """Drop what nobody can use any more."""
        expired = []
        while self._issued and self._issued[0][0] + CREDENTIALS_KEPT < now:
            expired.append(self._issued.popleft()[1])
        if expired:
            self._credentials.forget(expired)

    def drain(self, spill: Spill) -> None:
        """Move everything to `spill`, and look there from now on."""
        spill.put_issued(
            (access_key, time, _encode(self._credentials.callers(access_key)))
            for access_key, time in {key: time for time, key in self._issued}.items()
        )
        self._issued.clear()
        self._credentials = Credentials()
        self._spill = spill

    def _recall_chain(self, access_key: str) -> None:
        asked = {access_key}
        waiting = [access_key]
        while waiting:
            key = waiting.pop()
            self._recall(key)
            parents = {parent for _, parent in self._credentials.callers(key) if parent}
            waiting += parents - asked
            asked |= parents

    def _recall(self, access_key: str, *, merge: bool = False) -> None:
        if self._spill is None or (self._credentials.callers(access_key) and not merge):
            return
        found = self._spill.issued_to(access_key)
        if found is None:
            return
        time, callers = found
        for caller in _decode(callers):
            self._credentials.add(access_key, caller)
        self._issued.append((time, access_key))
