"""What speaks against the effect lies before the log begins or after it ends."""

from collections.abc import Iterator
from dataclasses import replace

from .attempt import Attempt, Barred, Step, Tried
from .stage import Stage, attempt, base, perform

_NOISE = "sts:GetCallerIdentity"


def edge(stage: Stage) -> Iterator[Tried]:
    """The honest instance in a log that ends a second too soon, or begins a second too late, to show a spoiler."""
    found = False
    for spoiler in stage.cascade.spoilers:
        window = spoiler.within
        if window is None:
            continue
        found = True
        if window.after:
            last = _noise(stage, stage.root_at + window.after - 1)
            story = f"{spoiler.action} follows a second after the log's end"
            yield _cut(stage, story, [last], since=0, until=None)
            yield _cut(stage, f"{story}, at the root", [], since=0, until=None)
        if window.before:
            first = _noise(stage, stage.root_at - window.before + 1)
            story = f"{spoiler.action} lies a second before the log's beginning"
            yield _cut(stage, story, [first], since=None)
    if not found:
        yield Barred("no spoiler reaches beyond the effect and its origin")


def _cut(stage: Stage, story: str, noise: list[Step], **extent: int | None) -> Attempt:
    events = base(stage)
    return attempt(
        story,
        [*events.values(), *noise],
        events[stage.effect.node],
        "nothing but the time to wait",
        **extent,
    )


def _noise(stage: Stage, at: int) -> Step:
    return replace(perform(stage, _NOISE, at), by="others")
