"""A stream gets the verdicts of the finished log, whatever the order, the copies and the pieces it comes in."""

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from gzip import decompress
from json import loads
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudcascade.catalog import load_catalog
from cloudcascade.catalog.models import Cascade
from cloudcascade.events import Problem
from cloudcascade.matcher import (
    Issued,
    LiveEngine,
    LiveVerdict,
    Mark,
    Said,
    Taken,
    Verdict,
    compile_catalog,
)
from cloudcascade.matcher.actors.credentials import ISSUING
from cloudcascade.matcher.stream.sessions import CREDENTIALS_KEPT
from cloudcascade.tests.support.cascades import DELETE_USER
from cloudcascade.tests.support.cloudtrail import (
    Event,
    assume_role,
    call,
    classify,
    moment,
    record,
    session,
    user,
)
from cloudcascade.tests.support.deliveries import (
    LATENESS,
    batch,
    credentials_first,
    deliveries,
    plain,
)
from cloudcascade.tests.support.iam_user_scenarios import SCENARIOS
from cloudcascade.tests.support.offboarding import (
    Scenario,
    create_user,
    deactivate,
    delete_user,
)
from cloudcascade.tests.support.profile import tried
from cloudcascade.tests.support.random_cascades import catalogues
from cloudcascade.tests.support.random_logs import logs

MINUTE = 60


def stream(
    cascades: Sequence[Cascade],
    pieces: Iterable[Iterable[Event]],
    lateness: int = LATENESS,
    *,
    most: int = 10_000,
    max_bytes: int | None = None,
    provisional: bool = False,
) -> dict[str, Verdict]:
    """The last verdicts of a stream that is asked for them after every piece, as `Heard` holds them to the rules."""
    engine = LiveEngine(
        compile_catalog(cascades), lateness=lateness, max_bytes=max_bytes, provisional=provisional
    )
    heard = Heard()
    for piece in pieces:
        engine.feed(map(record, piece))
        heard.all_of(lambda: engine.advance(most=most), engine)
    heard.all_of(lambda: engine.close(most), engine)
    assert engine.late == 0
    assert engine.pending == 0
    return heard.final


class Heard:
    """What was said of each event: nothing is late or follows the last word, and each names what it replaces."""

    def __init__(self) -> None:
        self.last: dict[str, LiveVerdict] = {}
        self.ids: set[str] = set()

    def all_of(self, ask: Callable[[], list[LiveVerdict]], engine: LiveEngine) -> None:
        self.take(ask())
        while engine.due:
            self.take(ask())

    def take(self, verdicts: Iterable[LiveVerdict]) -> None:
        for each in verdicts:
            before = self.last.get(each.verdict.event_id)
            assert not each.late
            assert each.supersedes == (before.id if before else None)
            assert before is None or not before.final
            assert before is None or each.final or plain(before.verdict) != plain(each.verdict)
            assert each.id not in self.ids
            self.ids.add(each.id)
            self.last[each.verdict.event_id] = each

    @property
    def final(self) -> dict[str, Verdict]:
        return {
            id_: plain(each.verdict)
            for id_, each in self.last.items()
            if each.final and each.verdict.verdict != "unlisted"
        }

    @property
    def so_far(self) -> dict[str, Verdict]:
        return {
            id_: plain(each.verdict)
            for id_, each in self.last.items()
            if each.verdict.verdict != "unlisted"
        }


def explanations(verdicts: dict[str, Verdict]) -> dict[str, Verdict]:
    """What is said of events, but for what may be done with them."""
    return {
        id_: msgspec.structs.replace(each, policy=None, caveats=())
        for id_, each in verdicts.items()
    }


@given(st.data(), catalogues())
@tried(150)
def test_a_stream_gets_the_verdicts_of_the_finished_log(
    data: st.DataObject, cascades: list[Cascade]
) -> None:
    log = credentials_first(data.draw(logs(cascades).filter(bool)))
    assert stream(cascades, data.draw(deliveries(log))) == batch(cascades, log)


@given(st.data(), catalogues(), st.sampled_from([0, 2_000, 6_000]), st.integers(1, 4))
@tried(100)
def test_what_memory_has_no_room_for_gets_the_same_verdicts(
    data: st.DataObject, cascades: list[Cascade], max_bytes: int, most: int
) -> None:
    log = credentials_first(data.draw(logs(cascades).filter(bool)))
    told = stream(cascades, data.draw(deliveries(log)), max_bytes=max_bytes, most=most)
    assert told == batch(cascades, log)


@given(st.data(), catalogues(), st.sampled_from([None, 2_000]), st.integers(1, 4))
@tried(100)
def test_what_is_said_at_once_is_revised_until_it_is_what_the_finished_log_says(
    data: st.DataObject, cascades: list[Cascade], max_bytes: int | None, most: int
) -> None:
    log = credentials_first(data.draw(logs(cascades).filter(bool)))
    pieces = data.draw(deliveries(log))
    told = stream(cascades, pieces, max_bytes=max_bytes, most=most, provisional=True)
    assert told == batch(cascades, log)


@given(st.data(), catalogues())
@tried(100)
def test_what_is_said_at_once_is_what_a_log_says_that_ends_there(
    data: st.DataObject, cascades: list[Cascade]
) -> None:
    log = data.draw(logs(cascades).filter(bool))
    issuing = [event for event in credentials_first(log) if event["eventName"] in ISSUING]
    others = [event for event in log if event["eventName"] not in ISSUING]
    pieces = [issuing, *data.draw(deliveries(others))] if others else [issuing]
    engine = LiveEngine(compile_catalog(cascades), lateness=LATENESS, provisional=True)
    heard = Heard()
    seen: list[Event] = []
    for piece in pieces:
        engine.feed(map(record, piece))
        seen += piece
        heard.take(engine.advance())
        assert explanations(heard.so_far) == explanations(batch(cascades, seen))
        for each in heard.last.values():
            assert each.final or each.verdict.policy != "suppress"


@given(st.data(), catalogues(), st.booleans(), st.sampled_from([None, 2_000]))
@tried(100)
def test_an_engine_that_is_restored_goes_on_as_if_nothing_had_happened(
    data: st.DataObject, cascades: list[Cascade], provisional: bool, max_bytes: int | None
) -> None:
    log = credentials_first(data.draw(logs(cascades).filter(bool)))
    kept = Kept()
    heard = Heard()

    def begun() -> LiveEngine:
        engine = LiveEngine(
            compile_catalog(cascades),
            lateness=LATENESS,
            provisional=provisional,
            max_bytes=max_bytes,
            journal=True,
        )
        kept.restore(engine)
        return engine

    engine = begun()
    for piece in data.draw(deliveries(log)):
        engine.feed(map(record, piece))
        while True:
            told = engine.advance(most=2)
            if data.draw(st.booleans()):  # it dies before this was kept
                engine = begun()
                engine.feed(map(record, piece))
                continue
            kept.keep(engine)
            heard.take(told)
            if data.draw(st.booleans()):  # it dies after this was kept
                due, engine = engine.due, begun()
                if due:
                    continue
            if not engine.due:
                break
    heard.all_of(lambda: engine.close(2), engine)
    assert heard.final == batch(cascades, log)


class Kept:
    """What an engine has given to be kept, as a store would."""

    def __init__(self) -> None:
        self.mark = Mark()
        self.taken: list[Taken] = []
        self.issued: list[Issued] = []
        self.said: dict[str, Said] = {}

    def keep(self, engine: LiveEngine) -> None:
        changes = engine.changes()
        self.mark = engine.mark()
        self.taken += changes.taken
        self.issued += changes.issued
        for id_, said in changes.said.items():
            if said is None:
                self.said.pop(id_, None)
            else:
                self.said[id_] = said
        expired = self.mark.expired
        if expired is not None:
            self.taken = [each for each in self.taken if each.expires >= expired]

    def restore(self, engine: LiveEngine) -> None:
        taken = sorted(self.taken, key=lambda each: each.time)
        assert engine.restore(self.mark, taken, self.issued, self.said.items()) == 0


def test_a_restart_between_two_verdicts_that_are_due_loses_neither() -> None:
    events = [call("iam:DeleteAccessKey", f"key-{n}", 0, {"userName": f"u{n}"}) for n in range(4)]
    later = call("iam:DeleteAccessKey", "much-later", 30 * 86_400, {"userName": "eve"})
    kept = Kept()
    engine = LiveEngine(compile_catalog([DELETE_USER]), lateness=MINUTE, journal=True)
    engine.feed(map(record, [*events, later]))
    told = [each.verdict.event_id for each in engine.advance(most=2)]
    assert engine.due
    kept.keep(engine)
    other = LiveEngine(compile_catalog([DELETE_USER]), lateness=MINUTE, journal=True)
    kept.restore(other)
    told += [each.verdict.event_id for each in other.close()]
    assert sorted(told) == ["key-0", "key-1", "key-2", "key-3", "much-later"]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_every_scenario_event_by_event(scenario: Scenario) -> None:
    events = credentials_first(
        sorted(scenario.events, key=lambda event: (event["eventTime"], event["eventID"] or ""))
    )
    expected = batch([DELETE_USER], events)
    assert stream([DELETE_USER], [[event] for event in events]) == expected


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_near_misses_are_those_of_the_finished_log_as_far_as_they_were_known(
    scenario: Scenario,
) -> None:
    events = credentials_first(list(scenario.events))
    expected = classify([DELETE_USER], events)
    engine = LiveEngine(compile_catalog([DELETE_USER]), lateness=5 * MINUTE)
    engine.feed(map(record, events))
    for each in engine.close():
        # A stream does not know which actions never come, and says of every missing key that it is.
        told = {miss for miss in each.verdict.near_misses if not miss.reason.endswith("is missing")}
        known = {
            miss
            for miss in expected[each.verdict.event_id].near_misses
            if not miss.reason.endswith("is missing")
            and (not (found := OUTSIDE.search(miss.reason)) or int(found[1]) <= 60)
        }
        assert known <= told or each.verdict.verdict != "orphan"
        assert told <= set(expected[each.verdict.event_id].near_misses)


def test_an_orphan_says_which_key_it_lacks() -> None:
    engine = live()
    engine.feed([record({**deactivate("mfa", 0), "requestParameters": None})])
    (told,) = engine.close()
    assert [miss.reason for miss in told.verdict.near_misses] == ["key user is missing"]


OUTSIDE = re.compile(r"(\d+)m outside")


def sample_day() -> list[Event]:
    folder = Path(__file__).parents[2] / "docs" / "sample" / "AWSLogs"
    return [
        event
        for file in sorted(folder.rglob("*.json.gz"))
        for event in loads(decompress(file.read_bytes()))["Records"]
    ]


def due(engine: LiveEngine, *events: Event) -> list[tuple[str, str, bool]]:
    engine.feed(map(record, events))
    return [(each.verdict.event_id, each.verdict.verdict, each.late) for each in engine.advance()]


def live(lateness: int = 5 * MINUTE) -> LiveEngine:
    return LiveEngine(compile_catalog([DELETE_USER]), lateness=lateness)


def test_a_verdict_is_given_when_nothing_can_change_it_any_more() -> None:
    engine = live()
    # Up to an hour for the deletion, as long again for a spoiler of it, and five minutes for stragglers.
    wait = 2 * 60 * MINUTE + 5 * MINUTE
    assert due(engine, deactivate("mfa", 0), delete_user("gone", MINUTE)) == []
    assert due(engine, delete_user("later", wait, "eve")) == [("gone", "origin", False)]
    assert due(engine, delete_user("last", wait + 1, "mallory")) == [("mfa", "effect", False)]
    assert engine.pending == 2


def test_an_origin_waits_for_stragglers_only() -> None:
    engine = live()
    assert due(engine, delete_user("gone", 0)) == []
    assert due(engine, delete_user("next", 5 * MINUTE, "eve")) == []
    assert due(engine, delete_user("last", 5 * MINUTE + 1, "eve")) == [("gone", "origin", False)]


def test_an_event_that_comes_too_late_is_judged_at_once_and_says_so() -> None:
    engine = live()
    due(engine, delete_user("gone", 60 * MINUTE), delete_user("on", 3 * 60 * MINUTE, "eve"))
    assert due(engine, deactivate("mfa", 59 * MINUTE)) == [("mfa", "effect", True)]
    assert due(engine, deactivate("other", 0, "carol")) == [("other", "orphan", True)]
    assert engine.late == 2


def test_an_event_from_the_future_does_not_make_all_others_late() -> None:
    problems: list[Problem] = []
    now = datetime.fromisoformat(moment(0)).timestamp()
    engine = LiveEngine(compile_catalog([DELETE_USER]), problems.append, clock=lambda: now)
    engine.feed(map(record, [delete_user("future", 2 * 86_400), delete_user("gone", 60)]))
    assert [(each.source, each.position) for each in problems] == [("future", "eventTime")]
    assert [each.verdict.event_id for each in engine.close()] == ["gone"]


def test_what_is_idle_can_be_told_the_time() -> None:
    engine = live()
    assert due(engine, deactivate("mfa", 0)) == []
    assert engine.watermark is not None
    told = list(engine.advance(engine.watermark + 24 * 60 * MINUTE))
    assert [(each.verdict.event_id, each.verdict.verdict) for each in told] == [("mfa", "orphan")]
    assert list(engine.advance(0)) == []


def test_a_spoiler_voids_what_was_said_before() -> None:
    engine = LiveEngine(compile_catalog([DELETE_USER]), provisional=True)
    again = create_user("again", 10 * MINUTE)
    said: list[LiveVerdict] = []
    for event in (deactivate("mfa", 0), delete_user("gone", MINUTE), again):
        engine.feed([record(event)])
        said += engine.advance()
    said += engine.close()
    of_mfa = [each for each in said if each.verdict.event_id == "mfa"]
    assert [(each.verdict.verdict, each.final) for each in of_mfa] == [
        ("orphan", False),
        ("effect", False),
        ("orphan", False),
        ("orphan", True),
    ]
    assert [each.supersedes for each in of_mfa] == [None, *(each.id for each in of_mfa[:-1])]
    assert [miss.reason for miss in of_mfa[-1].verdict.near_misses] == ["user recreated"]


def test_copies_get_one_verdict() -> None:
    engine = live()
    engine.feed(map(record, [deactivate("mfa", 0)] * 3))
    assert [each.verdict.event_id for each in engine.close()] == ["mfa"]
    assert engine.duplicates == 2


def test_state_is_forgotten_when_it_can_change_nothing_any_more() -> None:
    engine = live()
    sizes = []
    for hour in range(48):
        events = [
            each
            for number in range(20)
            for each in (
                deactivate(f"mfa-{hour}-{number}", hour * 3_600 + number, f"user{number}"),
                delete_user(f"gone-{hour}-{number}", hour * 3_600 + 30 + number, f"user{number}"),
            )
        ]
        due(engine, *events)
        sizes.append(engine.size)
    assert max(sizes) == max(sizes[:8])
    engine.close()
    assert engine.pending == 0


def test_events_that_hold_much_are_weighed() -> None:
    engine = LiveEngine(compile_catalog([DELETE_USER]), max_bytes=4_000_000)
    engine.feed(record(deactivate(f"mfa-{n}", 0, "x" * 100_000 + str(n))) for n in range(200))
    assert engine.memory < 4_000_000
    assert engine.on_disk > 0
    assert len(engine.close()) == 200


def test_who_asked_for_credentials_is_known_for_as_long_as_they_last() -> None:
    engine = live()
    handed = assume_role("assumed", "ASIA", by=user("alice"), seconds=0)
    by_session = session("offboarding", "AROA", "ASIA")
    hours = 3_600
    told = due(
        engine,
        handed,
        deactivate("mfa", 10, by=by_session),
        delete_user("gone", 20, by=user("alice")),
        delete_user("on", 3 * hours, "eve"),
    )
    assert ("mfa", "effect", False) in told
    due(engine, delete_user("days later", CREDENTIALS_KEPT + hours, "eve"))
    engine.feed([record(delete_user("last", CREDENTIALS_KEPT + hours + 1, by=by_session))])
    actors = {each.verdict.event_id: each.verdict.actor for each in engine.close()}
    assert actors["last"] == by_session["principalId"]


@pytest.mark.parametrize("time", ["never", "9999-12-31T23:59:59Z"])
def test_credentials_that_could_never_be_forgotten_are_not_noted(time: str) -> None:
    engine = live()
    by_session = session("offboarding", "AROA", "ASIA")
    handed = assume_role("assumed", "ASIA", by=user("alice"), eventTime=time)
    engine.feed(map(record, [handed, delete_user("gone", 20, by=by_session)]))
    (told,) = engine.close()
    assert told.verdict.actor == by_session["principalId"]


def begun(kept: "Kept") -> LiveEngine:
    engine = LiveEngine(compile_catalog([DELETE_USER]), journal=True)
    kept.restore(engine)
    return engine


@pytest.mark.parametrize("empty", ["awsRegion", "recipientAccountId", "errorCode", "userAgent"])
def test_an_empty_member_is_told_alike_before_and_after_a_restart(empty: str) -> None:
    kept = Kept()
    engine = begun(kept)
    engine.feed([record(delete_user("gone", 0, **{empty: ""}))])
    assert engine.advance() == []
    kept.keep(engine)
    assert begun(kept).close() == engine.close()


def test_what_was_kept_before_anything_was_asked_for_is_judged_after_a_restart() -> None:
    kept = Kept()
    engine = begun(kept)
    engine.feed([record(delete_user("gone", 0))])
    kept.keep(engine)
    assert [each.verdict.event_id for each in begun(kept).close()] == ["gone"]


def test_the_whole_catalogue_tells_of_the_sample_day_what_it_tells_of_the_log() -> None:
    cascades = load_catalog().cascades
    events = sorted(credentials_first(sample_day()), key=lambda event: event["eventTime"])
    pieces = [events[at : at + 100] for at in range(0, len(events), 100)]
    assert stream(cascades, pieces, 20 * MINUTE) == batch(cascades, events)
