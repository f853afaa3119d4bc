"""Every log that the catalogue itself gives rise to: instances, twins, and the sequences of `cascade prove`.

`tables` lays many of them into one table without their touching. What speaks of a whole log, such as where it ends, or
a time that cannot be read, stands apart.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cache

import msgspec

from cloudcascade.adversary import FAMILIES
from cloudcascade.adversary.attempt import FOREVER, Attempt
from cloudcascade.adversary.stage import set_stage
from cloudcascade.catalog.chains import silenced
from cloudcascade.events import NoRecord, decode_record
from cloudcascade.exporters.query import Query
from cloudcascade.matcher import Engine, Plan, Verdict, compile_catalog
from cloudcascade.samples import KINDS, PROFILES, installed_models, instance, twins

from .cloudtrail import Event
from .golden import CATALOG
from .sql_engines import moved_apart

_DAY = 86_400


@dataclass(frozen=True)
class Log:
    """A log: what it is, and its events. `plain`: an honest instance. `since` and `until` as of an `Attempt`."""

    story: str
    events: tuple[Event, ...]
    plain: bool = False
    since: int | None = 0
    until: int | None = FOREVER

    @property
    def whole(self) -> bool:
        """Whether nothing is said of where the log begins or ends."""
        return self.since == 0 and self.until == FOREVER


@dataclass(frozen=True)
class Table:
    """The events of some logs: `named` are the stories of these by the number that begins their events' ids, `plain`
    the ids of honest instances' events. `since` and `until` as of an `Attempt`.
    """

    events: tuple[Event, ...]
    plain: frozenset[str]
    named: Mapping[int, str]
    since: int | None = 0
    until: int | None = FOREVER

    def told(self, ids: Iterable[str]) -> list[str]:
        """The stories of the logs of these ids, with the ids."""
        return sorted(f"{self.named[int(each.partition(':')[0])]} ({each})" for each in ids)


@cache
def honest(cascade_id: str) -> tuple[Log, ...]:
    """Instances by every profile: with all effects, and with each of them alone."""
    cascade, found = CATALOG.get(cascade_id), []
    for profile in PROFILES:
        for effects in (None, *([effect.node] for effect in cascade.effects)):
            made = instance(cascade, profile, effects=effects, models=installed_models())
            story = f"{profile}: {', '.join(effects or ['all effects'])}"
            found.append(Log(story, tuple(made.records), plain=True))
    return tuple(found)


@cache
def unlike(cascade_id: str, profiles: Sequence[str] = ("console", "pipeline")) -> tuple[Log, ...]:
    """All twins of the whole instances of these profiles."""
    cascade, found = CATALOG.get(cascade_id), []
    for profile in profiles:
        sample = instance(cascade, profile, models=installed_models())
        for kind in KINDS:
            for twin in twins(sample, kind):
                story = f"{profile}: {kind} of {twin.changed}"
                found.append(Log(story, tuple(twin.records)))
    return tuple(found)


@cache
def attacks(cascade_id: str) -> tuple[Log, ...]:
    """All sequences that `cascade prove` tries on what the cascade silences."""
    cascade, found = CATALOG.get(cascade_id), []
    for effect in silenced(cascade):
        stage = set_stage(cascade, effect, installed_models())
        for family, tries in FAMILIES.items():
            for each in tries(stage):
                if isinstance(each, Attempt):
                    events = tuple(step.record for step in each.steps if _is_record(step.record))
                    story = f"{family} on {effect.node}: {each.story}"
                    found.append(Log(story, events, since=each.since, until=each.until))
    return tuple(found)


def _is_record(event: Event) -> bool:
    try:
        decode_record(msgspec.json.encode(event))
    except NoRecord:
        return False
    return True


def tables(logs: Sequence[Log], query: Query) -> Iterator[Table]:
    """The logs in as few tables as tell what each of them does: one for all that keep to themselves, one for each thing
    that voids wherever it lies, and one for each log of which is said where it begins or ends."""
    quiet = [log for log in logs if log.whole and not is_hazard(log)]
    if quiet:
        yield shared(quiet, query)
    hazards: dict[tuple[str, int], list[Log]] = {}
    seen: dict[str, int] = {}
    for log in logs:
        if not log.whole:
            yield alone(log)
        elif is_hazard(log):
            seen[log.story] = seen.get(log.story, -1) + 1
            key = (log.story.partition(": ")[2], seen[log.story])
            hazards.setdefault(key, []).append(log)
    for some in hazards.values():
        yield shared(some, query)


def is_hazard(log: Log) -> bool:
    """Whether something of the log may void in every other log, too: what has no time, or copies that differ."""
    by_id: dict[str, Event] = {}
    return any(
        readable_time(event) is None or by_id.setdefault(event["eventID"], event) != event
        for event in log.events
    )


def shared(logs: Sequence[Log], query: Query) -> Table:
    """The logs in one table, with records before and behind them that show it to be whole."""
    days = 1 + (_longest(logs) + _reach(query)) // _DAY
    events: list[Event] = []
    plain: set[str] = set()
    bounds = _margin(logs[0].events)
    for number, log in enumerate([bounds, *logs, bounds]):
        moved = [moved_apart(event, number, days) for event in log.events]
        events += moved
        if log.plain:
            plain |= {event["eventID"] for event in moved}
    named = {number: log.story for number, log in enumerate(logs, 1)}
    return Table(tuple(events), frozenset(plain), named)


def alone(log: Log) -> Table:
    """The log in a table of its own, with a record far before or behind it on the sides on which it is whole."""
    sides = (-1,) * (log.since == 0) + (1,) * (log.until == FOREVER)
    (bounds,) = _margin(log.events).events
    events = [moved_apart(bounds, side, 1_000) for side in sides]
    events += [moved_apart(event, 0) for event in log.events]
    plain = {f"0:{event['eventID']}" for event in log.events if log.plain}
    return Table(tuple(events), frozenset(plain), {0: log.story}, log.since, log.until)


def _margin(events: Sequence[Event]) -> Log:
    """A record that no cascade mentions, when the first event that has a time happens."""
    like = next(event for event in events if readable_time(event) is not None)
    event = {**like, "eventID": "bounds", "eventSource": "sts.amazonaws.com"}
    event |= {"eventName": "GetCallerIdentity", "requestParameters": None, "responseElements": None}
    return Log("bounds", (event,))


def _longest(logs: Iterable[Log]) -> int:
    spans = []
    for log in logs:
        times = [time for event in log.events if (time := readable_time(event)) is not None]
        spans.append(max(times) - min(times))
    return max(spans, default=0)


def _reach(query: Query) -> int:
    """How far apart two events may lie of which one decides the other's verdict, in seconds; not less."""
    parts = (query, *query.rivals, *query.vetoes)
    around = [each.before + each.after for part in parts for each in part.spoilers]
    return 2 * (query.reach_before + query.reach_after) + max(around, default=0)


def readable_time(event: Event) -> int | None:
    """The event's time in seconds since 1970; None where it cannot be read."""
    with suppress(ValueError, TypeError):
        return int(datetime.fromisoformat(event["eventTime"]).timestamp())
    return None


@cache
def whole_plan() -> Plan:
    """The plan of the whole catalogue."""
    return compile_catalog(CATALOG.cascades)


def verdicts(table: Table) -> dict[str, Verdict]:
    """What the matcher says of the table, by the whole catalogue."""
    engine = Engine(whole_plan(), lambda _: None, since=table.since, until=table.until)
    engine.feed([decode_record(msgspec.json.encode(event)) for event in table.events])
    return {verdict.event_id: verdict for verdict in engine.verdicts()}


def may_be_silent(table: Table) -> frozenset[str]:
    """The ids of the events that the matcher lets an export silence."""
    return frozenset(
        id_
        for id_, verdict in verdicts(table).items()
        if verdict.verdict == "effect" and verdict.policy == "suppress"
    )
