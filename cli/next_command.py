"""The command that says more of a verdict, with the log that it was found in."""

import shlex
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from ..matcher import Verdict

LONGEST = 400
"""Characters of the names of a log that are repeated; of a longer list `LOG...` stands for it."""


def with_next(verdicts: "Iterable[Verdict]", sources: Sequence[str]) -> "Iterator[Verdict]":
    """The verdicts, where the next question is why with the command that answers it: of what nothing explains, and of
    what is explained and yet not silenced."""
    log = shlex.join(sources)
    if len(log) > LONGEST or "-" in sources or not log.isprintable():
        log = "LOG..."
    for each in verdicts:
        if each.verdict == "orphan" or (each.verdict == "effect" and each.policy != "suppress"):
            yield msgspec.structs.replace(each, next=why(each.event_id, log))
        else:
            yield each


def why(event_id: str, log: str) -> str | None:
    """`cascade why` for an event; None where its id is nothing that one could type."""
    if not event_id.isprintable() or len(event_id) > LONGEST:
        return None
    dashes = "-- " if event_id.startswith("-") else ""
    return f"cascade why {dashes}{shlex.quote(event_id)} {log}"
