"""What a stream has said of the events that wait, so that the next verdict on one names the one before it."""

from ..verdict import Verdict
from .checkpoint import Changes
from .revision import LiveVerdict, Said, digest_of, live_verdict
from .spill import Spill

_NOTHING = Said("", b"")


class Emitted:
    """The last verdict on every event of which provisional ones are given. What changes is noted in `journal`."""

    def __init__(self) -> None:
        self.journal: Changes | None = None
        self._said: dict[str, Said] = {}
        self._spill: Spill | None = None

    def __len__(self) -> int:
        return len(self._said)

    def begin(self, id_: str) -> None:
        """From now on provisional verdicts are given on an event."""
        self._said.setdefault(id_, _NOTHING)

    def last(self, id_: str) -> Said | None:
        """What was said of an event, empty when nothing was yet; None where no provisional verdicts are given."""
        return self._said.get(id_)

    def take(self, id_: str) -> Said | None:
        """What was said of an event last, for the last time that it is asked for."""
        said = self._said.pop(id_, None)
        if said is None and self._spill is not None:
            found = self._spill.take_said(id_)
            said = Said(*found) if found else None
        if said is not None and self.journal is not None:
            self.journal.said[id_] = None
        return said

    def provisional(self, verdict: Verdict) -> LiveVerdict:
        """A verdict that may still be revised."""
        before = self._said.get(verdict.event_id)
        told = _told(verdict, before, late=False, final=False)
        said = self._said[verdict.event_id] = Said(told.id, digest_of(verdict))
        if self.journal is not None:
            self.journal.said[verdict.event_id] = said
        return told

    def final(self, verdict: Verdict, before: Said | None, *, late: bool = False) -> LiveVerdict:
        """The last verdict on an event, of which `before` was said."""
        return _told(verdict, before, late=late, final=True)

    def put_back(self, id_: str, said: Said, *, here: bool) -> None:
        """Remember what was said in an earlier run, in memory or where it has no room."""
        if here or self._spill is None:
            self._said[id_] = said
        else:
            self._spill.put_said([(id_, said.id, said.digest)])

    def drain(self, spill: Spill) -> None:
        """Move everything to `spill`, and look there from now on."""
        spill.put_said((id_, said.id, said.digest) for id_, said in self._said.items())
        self._said.clear()
        self._spill = spill


def _told(verdict: Verdict, before: Said | None, *, late: bool, final: bool) -> LiveVerdict:
    supersedes = (before.id or None) if before else None
    return live_verdict(verdict, digest_of(verdict), late=late, final=final, supersedes=supersedes)
