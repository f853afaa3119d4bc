"""Sample events for an artefact: short CloudTrail logs, and what is to be said of each.

The whole cascade, which is silent, and twins of it that differ in one thing, which alert. What is expected is computed:
the reference matcher judges every log with the whole catalogue (docs/semantics.md). Of an artefact that loses something
the losses say where it alerts more, or less, than that.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from random import Random
from typing import Any

import msgspec

from ..catalog.models import Cascade
from ..events import decode_record
from ..matcher import Engine, Plan, Verdict, compile_catalog
from ..samples import (
    ACCOUNT,
    KINDS,
    PROFILES,
    REGION,
    Call,
    Ids,
    Sample,
    Scene,
    inapplicable,
    instance,
    record,
    twin,
)
from .query import Query

Json = dict[str, Any]

# More effects than these a sample of the whole cascade does not hold, so that it can be read.
MOST_EFFECTS = 8
_PROFILE = "cli"
_NOISE = Call("sts:GetCallerIdentity", read_only=True)


@dataclass(frozen=True, slots=True)
class SampleCase:
    """A short log, and what is expected of a query that judges it as a log that has ended.

    `alerts` are the eventIDs of the query's subjects that nothing explains: an alert each, or of a cascade that only
    labels no label. `explained` are those that are silent, or labelled. `what` says it in a sentence. The first and the
    last of `records` are no part of it: they show that the log reaches far enough for a spoiler to be ruled out.
    """

    name: str
    what: str
    records: tuple[Json, ...]
    alerts: tuple[str, ...]
    explained: tuple[str, ...]

    @property
    def positive(self) -> bool:
        """Whether there is something to alert on."""
        return bool(self.alerts)


@dataclass(frozen=True)
class Sampler:
    """Makes the cases of queries. `catalog` are all cascades that count.

    The same catalogue gives the same bytes on every machine: no service model is asked.
    """

    catalog: Sequence[Cascade]

    @cached_property
    def _plan(self) -> Plan:
        return compile_catalog(self.catalog)

    def cases(self, cascade: Cascade, query: Query) -> tuple[SampleCase, ...]:
        """The whole cascade, and a twin of each kind (`samples.KINDS`) that the document tells apart.

        `query` is what was made of `cascade`: the cases are about its subjects.
        """
        subjects = [node.name for node in query.subjects]
        effects = subjects[:MOST_EFFECTS]
        names = [*([cascade.root_node] if query.root_is_subject else []), *subjects]
        whole = instance(cascade, _PROFILE, effects=effects, models=None)
        judged = _Judged(query, cascade, frozenset(names), self._plan)
        return (judged.case("explained", "the whole cascade", whole), *judged.twins(whole))

    def records(self, cascade: Cascade, query: Query) -> dict[str, Json]:
        """A record for each subject of `query`, and for its root, by the node's name: all of one instance."""
        names = [node.name for node in query.subjects]
        whole = instance(cascade, _PROFILE, effects=names, models=None)
        return {event.node: event.record for event in whole.events}


@dataclass(frozen=True, slots=True)
class _Judged:
    query: Query
    cascade: Cascade
    names: Collection[str]
    plan: Plan

    def twins(self, whole: Sample) -> Iterator[SampleCase]:
        """Of each kind the twin of the first subject that is then left unexplained."""
        for kind, about in KINDS.items():
            for event in whole.events:
                if (
                    event.node not in self.names
                    or event.node == self._origin
                    or inapplicable(self.cascade, kind, event.node) is not None
                ):
                    continue
                changed = twin(whole, kind, event.node)
                what = f"{event.record['eventName']}: {about.what}"
                case = self.case(kind, what, changed)
                if changed.id_of(event.node) in case.alerts:
                    yield case
                    break

    @property
    def _origin(self) -> str | None:
        return None if self.cascade.origin is None else self.cascade.root_node

    def case(self, name: str, what: str, sample: Sample) -> SampleCase:
        """The sample in a log that reaches beyond all that could speak against it."""
        begins, ends = self._edges(sample)
        records = (begins, *sample.records, ends)
        engine = Engine(self.plan)
        engine.feed([decode_record(msgspec.json.encode(each)) for each in records])
        verdicts = {verdict.event_id: verdict for verdict in engine.verdicts()}
        subjects = [event.id for event in sample.events if event.node in self.names]
        explained = tuple(each for each in subjects if self._explains(verdicts.get(each)))
        alerts = tuple(each for each in subjects if each not in explained)
        return SampleCase(name, what, records, alerts, explained)

    def _explains(self, verdict: Verdict | None) -> bool:
        if verdict is None or verdict.verdict != "effect":
            return False
        if self.query.purpose == "alert":
            return verdict.policy == "suppress"
        return self.query.cascade in {verdict.cascade, *(each.cascade for each in verdict.also)}

    def _edges(self, sample: Sample) -> tuple[Json, Json]:
        """Somebody's call before, and one after, all that decides."""
        windows = [each.within for each in self.cascade.spoilers if each.within is not None]
        before = max((self.query.reach_before, *(each.before for each in windows)))
        after = max((self.query.reach_after, *(each.after for each in windows)))
        first = min(sample.start, sample.events[0].at) - before - 1
        last = max(sample.start, sample.events[-1].at) + after + 1
        ids = Ids(Random(f"{self.cascade.id} log"))  # noqa: S311 - no secrets
        caller = PROFILES[_PROFILE](Scene(ids, ACCOUNT, REGION, first, None))
        begins, ends = (
            record(ids, caller, _NOISE, at, region=REGION, account=ACCOUNT) for at in (first, last)
        )
        return begins, ends
