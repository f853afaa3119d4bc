"""Puts a sequence before the matcher: whether it succeeds, what stopped it, and the smallest that still succeeds."""

import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace

import msgspec

from ..catalog import Cascade, Effect
from ..catalog.chains import chain
from ..events import NoRecord, decode_record
from ..matcher import Engine, Plan, Verdict
from .attempt import Attempt, Step

# What a near miss or a caveat says, and the clause that it speaks of.
_CLAUSES = (
    (r"other account", "account: same"),
    (r"other Region", "region: same"),
    (r"(other|unknown) actor", "actor: same"),
    (r"other tool.*|unknown tool", "tool: same"),
    (r".* outside the window", "within"),
    (r"(?:\S+: )?key (\S+) (differs|is missing)", r"join: \1"),
    (r"key (\S+) is the same or missing", r"distinct: \1"),
    (r"(?:\S+: )?condition on (\S+) does not hold", r"where: \1"),
    (r"this call failed: .*", "outcome: success"),
    (r"origin failed: .*", "the origin must succeed"),
    (r"copies of \S+ differ", "silencing: copies differ"),
    (r"another address .*", "silencing: one hand (address)"),
    (r"other credentials .*", "silencing: one hand (credentials)"),
    (r"the log (begins too late|ends too soon) to rule out: (.*)", r"silencing: the log shows it"),
    (r"a (\S+) without a readable time", r"silencing: no \1 without a readable time"),
)


def judged(plan: Plan, attempt: Attempt, steps: Iterable[Step]) -> Verdict | None:
    """The matcher's verdict on the target. What is no record is left out, as it is of a log."""
    engine = Engine(plan, lambda _: None, since=attempt.since, until=attempt.until)
    for step in steps:
        with suppress(NoRecord):
            engine.feed([decode_record(msgspec.json.encode(step.record))])
    for verdict in engine.verdicts():
        if verdict.event_id == attempt.target:
            return verdict
    return None


def is_silenced(verdict: Verdict | None) -> bool:
    """Whether an export would silence the event."""
    return verdict is not None and verdict.verdict == "effect" and verdict.policy == "suppress"


def smallest(plan: Plan, attempt: Attempt) -> Attempt:
    """The sequence without the events that it does as well without."""
    steps: Sequence[Step] = attempt.steps
    dropped = True
    while dropped:
        dropped = False
        for step in steps:
            fewer = [each for each in steps if each is not step]
            if step.needed or step.id == attempt.target:
                continue
            if is_silenced(judged(plan, attempt, fewer)):
                steps, dropped = fewer, True
                break
    return replace(attempt, steps=tuple(steps))


def stopped_by(cascade: Cascade, effect: Effect, verdict: Verdict | None) -> tuple[str, ...]:
    """The clauses that stopped a sequence, in the matcher's words."""
    if verdict is None:
        return ("it gets no verdict",)
    if verdict.verdict == "effect":
        said = verdict.caveats or ("another effect of the document says " + str(verdict.policy),)
        return tuple(dict.fromkeys(_clause(cascade, each) for each in said))
    if verdict.near_misses:
        faults = [fault for miss in verdict.near_misses for fault in miss.reason.split("; ")]
        return tuple(dict.fromkeys(_clause(cascade, each) for each in faults))
    keys = dict.fromkeys(key for edge in chain(cascade, effect) for key in edge.join)
    return (f"join: {', '.join(keys)}",)


def _clause(cascade: Cascade, said: str) -> str:
    bare = re.sub(r"^\S+:\S+: ", "", said)
    for spoiler in cascade.spoilers:
        if bare == spoiler.reason:
            return f"spoiler {spoiler.action} ({spoiler.reason})"
    for pattern, clause in _CLAUSES:
        matched = re.fullmatch(pattern, bare)
        if matched:
            return matched.expand(clause)
    return bare
