"""Of an event whose verdict waits for long it is said early that it waits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudcascade.catalog.models import Cascade
from cloudcascade.matcher import LiveEngine, LiveVerdict, compile_catalog
from cloudcascade.tests.support.cascades import DELETE_USER
from cloudcascade.tests.support.cloudtrail import Event, record
from cloudcascade.tests.support.deliveries import (
    LATENESS,
    batch,
    credentials_first,
    deliveries,
    plain,
)
from cloudcascade.tests.support.offboarding import deactivate, delete_user
from cloudcascade.tests.support.profile import tried
from cloudcascade.tests.support.random_cascades import catalogues
from cloudcascade.tests.support.random_logs import logs

MINUTE, HOUR = 60, 3_600


def live(tell_pending: int | None = HOUR) -> LiveEngine:
    return LiveEngine(
        compile_catalog([DELETE_USER]), lateness=5 * MINUTE, tell_pending=tell_pending
    )


def told(engine: LiveEngine, *events: Event) -> list[tuple[str, str]]:
    engine.feed(map(record, events))
    return [(each.verdict.event_id, each.verdict.verdict) for each in engine.advance()]


def test_what_waits_for_long_is_told_of_when_everything_before_it_has_arrived() -> None:
    engine = live()
    assert told(engine, deactivate("mfa", 0)) == []
    assert told(engine, delete_user("on", 5 * MINUTE, "eve")) == []
    assert told(engine, delete_user("further", 5 * MINUTE + 1, "eve")) == [("mfa", "pending")]


def test_the_final_verdict_supersedes_it() -> None:
    engine = live()
    engine.feed(map(record, [deactivate("mfa", 0), delete_user("on", HOUR, "eve")]))
    (first,) = [each for each in engine.advance() if each.verdict.event_id == "mfa"]
    (last,) = [each for each in engine.close() if each.verdict.event_id == "mfa"]
    assert (first.verdict.verdict, first.final, first.supersedes) == ("pending", False, None)
    assert first.verdict.caveats == (
        "what its verdict rests on may come until 2024-05-14T11:00:00Z",
    )
    assert (last.verdict.verdict, last.final, last.supersedes) == ("orphan", True, first.id)


def test_an_origin_that_waits_for_stragglers_only_is_not_told_of() -> None:
    assert told(live(), delete_user("gone", 0), delete_user("on", HOUR, "eve")) == [
        ("gone", "origin")
    ]


def test_what_would_be_silenced_is_not_told_of() -> None:
    engine = live()
    events = [
        delete_user("first", -9 * HOUR, "eve"),
        delete_user("gone", 0),
        deactivate("mfa", 1),
        deactivate("other", 2, "carol"),
        delete_user("on", HOUR, "eve"),
    ]
    assert sorted(told(engine, *events)) == [
        ("first", "origin"),
        ("gone", "origin"),
        ("other", "pending"),
    ]
    last = {each.verdict.event_id: each.verdict.policy for each in engine.advance(2**40)}
    assert last["mfa"] == "suppress"


def test_what_is_judged_at_once_is_not_told_of_before() -> None:
    assert told(live(), deactivate("mfa", 0), delete_user("on", 3 * HOUR, "eve")) == [
        ("mfa", "orphan")
    ]


@pytest.mark.parametrize("tell_pending", [None, 3 * HOUR])
def test_no_more_than_was_asked_for_is_told_of(tell_pending: int | None) -> None:
    assert told(live(tell_pending), deactivate("mfa", 0), delete_user("on", HOUR, "eve")) == []


def test_an_engine_that_is_given_up_does_not_say_again_what_waits() -> None:
    engine = live()
    engine.feed(map(record, [deactivate("mfa", 0), delete_user("on", HOUR, "eve")]))
    early = [each.id for each in engine.advance()]
    assert [each.verdict.event_id for each in engine.abandon()] == ["on"]
    assert len(early) == 1


@given(st.data(), catalogues(), st.integers(0, 5), st.sampled_from([None, 0]))
@tried(60)
def test_each_event_is_told_of_at_most_once_and_the_verdicts_are_those_of_the_finished_log(
    data: st.DataObject, cascades: list[Cascade], tell_pending: int, max_bytes: int | None
) -> None:
    log = credentials_first(data.draw(logs(cascades).filter(bool)))
    engine = LiveEngine(
        compile_catalog(cascades),
        lateness=LATENESS,
        tell_pending=tell_pending,
        max_bytes=max_bytes,
    )
    said: list[LiveVerdict] = []
    for piece in data.draw(deliveries(log)):
        engine.feed(map(record, piece))
        said += engine.advance()
    said += engine.close()
    early = {each.verdict.event_id: each.id for each in said if not each.final}
    assert len(early) == sum(not each.final for each in said)
    last = {each.verdict.event_id: each for each in said if each.final}
    assert early.keys() <= last.keys()
    for id_, each in last.items():
        assert each.supersedes == early.get(id_)
    assert {
        id_: plain(each.verdict) for id_, each in last.items() if each.verdict.verdict != "unlisted"
    } == batch(cascades, log)
