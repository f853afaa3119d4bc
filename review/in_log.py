"""How often rules fire in a log, and how much of that the catalogue explains."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from ..events import Limits, OnProblem, OnProgress, Record, Source, members_of, read_batches
from ..matcher import Engine, Plan, content_id
from .errors import NotJudged
from .finding import Fired
from .judge import Records, verdicts
from .rule import Rule

AT_ONCE = 20_000
"""So many records are executed on together: what a field holds is worked out once for all rules."""

_decode = msgspec.json.Decoder(dict[str, Any]).decode


def fired_in(
    rules: Sequence[Rule],
    plan: Plan,
    sources: Sequence[Source],
    *,
    on_problem: OnProblem,
    limits: Limits | None = None,
    on_progress: OnProgress | None = None,
) -> list[Fired | None]:
    """Of each rule how often it fired in the log; None of one that cannot be executed.

    The log is read once. An event that is there twice counts once. Kept are the eventIDs on which some rule fires, and
    what the engine keeps of listed events; records are not.
    """
    log = _Log(rules)
    engine = Engine(plan, on_problem)
    for source in sources:
        batches = read_batches(
            (source,),
            limits=limits or Limits(),
            on_problem=on_problem,
            on_progress=on_progress,
            keep=log.keep,
        )
        for batch in batches:
            engine.feed(batch, source.name)
            batch.clear()
            log.judge_if_many()
    log.judge()
    return log.counted(engine)


class _Log:
    """The events on which rules fire: for each a bit of each rule."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = rules
        self._failed: set[int] = set()
        self._waiting: dict[str, dict[str, Any]] = {}
        self._fired: dict[str, int] = {}

    def keep(self, record: Record, data: bytes) -> None:
        try:
            made = _decode(data)
        except msgspec.DecodeError:
            made = _decode(members_of(record))  # it was mended by the reader
        self._waiting[record.eventID or content_id(record)] = made

    def judge_if_many(self) -> None:
        if len(self._waiting) >= AT_ONCE:
            self.judge()

    def judge(self) -> None:
        ids = list(self._waiting)
        records = Records(list(self._waiting.values()))
        for number, rule in enumerate(self._rules):
            if number in self._failed:
                continue
            try:
                told = verdicts(rule, records)
            except NotJudged:
                self._failed.add(number)
                continue
            for event_id, fires in zip(ids, told, strict=True):
                if fires:
                    self._fired[event_id] = self._fired.get(event_id, 0) | 1 << number
        self._waiting = {}

    def counted(self, engine: Engine) -> list[Fired | None]:
        events = self._counts(self._fired.values())
        explained = [0] * len(self._rules)
        silent = [0] * len(self._rules)
        for verdict in engine.verdicts():
            if verdict.verdict != "effect":
                continue
            for number in _bits(self._fired.get(verdict.event_id, 0)):
                explained[number] += 1
                silent[number] += verdict.policy == "suppress"
        return [
            None if number in self._failed else Fired(*counts)
            for number, counts in enumerate(zip(events, explained, silent, strict=True))
        ]

    def _counts(self, fired: Iterable[int]) -> list[int]:
        counts = [0] * len(self._rules)
        for mask in fired:
            for number in _bits(mask):
                counts[number] += 1
        return counts


def _bits(mask: int) -> list[int]:
    found = []
    while mask:
        low = mask & -mask
        found.append(low.bit_length() - 1)
        mask ^= low
    return found
