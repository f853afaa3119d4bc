"""What was silenced is taken back when something comes late that the finished log would weigh against it."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudcascade.catalog.models import Cascade
from cloudcascade.matcher import (
    Issued,
    LiveEngine,
    LiveVerdict,
    Mark,
    Said,
    Silenced,
    Taken,
    compile_catalog,
)
from cloudcascade.tests.support.cascades import cascade
from cloudcascade.tests.support.cloudtrail import Event, call, record
from cloudcascade.tests.support.late_arrivals import (
    HOUR,
    amid,
    disordered,
    silenced_in_the_log,
    silencing,
)
from cloudcascade.tests.support.profile import tried
from cloudcascade.tests.support.random_cascades import seldom
from cloudcascade.tests.support.random_logs import logs

MINUTE = 60
FOR_EVER = 10**9


USER = {"user": "requestParameters.userName"}
WINDOW = {"before": "10s", "after": "10s"}
EDGE = {"keys": USER, "join": ["user"], "within": WINDOW}
# What may be silenced, voided and cut; a stricter way of two steps, and one that asks for another member.
RICH = [
    cascade(
        cascade_id="aws.test.silences",
        origin={"action": "iam:DeleteUser", "keys": USER},
        effects=[
            {"action": "iam:DeleteAccessKey", "name": "key", **EDGE},
            {"action": "iam:DeactivateMFADevice", "name": "mfa", "parent": "key", **EDGE},
        ],
        spoilers=[
            {
                "action": "iam:CreateUser",
                **EDGE,
                "within": {"before": "3s", "after": "3s"},
                "reason": "user recreated",
            },
            {
                "action": "iam:CreateAccessKey",
                "keys": USER,
                "join": ["user"],
                "between": True,
                "reason": "key made again",
            },
        ],
    ),
    cascade(
        cascade_id="aws.test.warns",
        origin={"action": "iam:DeleteGroup", "keys": USER},
        effects=[
            {"action": "iam:RemoveUserFromGroup", "name": "step", **EDGE},
            {"action": "iam:DeleteAccessKey", "name": "leaf", "parent": "step", **EDGE},
        ],
        policy="annotate",
    ),
    cascade(
        cascade_id="aws.test.together",
        ensemble={"require": ["root", "other"]},
        effects=[
            {"action": "iam:UpdateUser", "name": "root", "keys": USER},
            {
                "action": "iam:UntagUser",
                "name": "other",
                **EDGE,
                "within": {"before": "2s", "after": "2s"},
            },
            {"action": "iam:DeactivateMFADevice", "name": "far", **EDGE},
        ],
        policy="never",
    ),
]
ACTIONS = (
    "iam:DeleteUser",
    "iam:DeleteUser",
    *["iam:DeleteAccessKey", "iam:DeactivateMFADevice"] * 2,
    "iam:CreateUser",
    "iam:CreateAccessKey",
    "iam:DeleteGroup",
    "iam:RemoveUserFromGroup",
    "iam:UpdateUser",
    "iam:UntagUser",
)


class Heard:
    """The last verdict on each event. One that was final is superseded only where it silenced, and then once."""

    def __init__(self) -> None:
        self.last: dict[str, LiveVerdict] = {}
        self.retracted: list[LiveVerdict] = []

    def take(self, verdicts: Iterable[LiveVerdict]) -> None:
        for each in verdicts:
            before = self.last.get(each.verdict.event_id)
            if before is not None and before.final and each.supersedes is not None:
                assert each.supersedes == before.id
                assert each.final
                assert before.verdict.policy == "suppress"
                assert each.verdict.policy != "suppress"
                assert each.verdict.caveats
                assert all(why.startswith("retracted: ") for why in each.verdict.caveats)
                self.retracted.append(each)
            self.last[each.verdict.event_id] = each

    def all_of(self, ask: Callable[[], list[LiveVerdict]], engine: LiveEngine) -> None:
        self.take(ask())
        while engine.due:
            self.take(ask())

    @property
    def silenced(self) -> set[str]:
        return {id_ for id_, each in self.last.items() if each.verdict.policy == "suppress"}


class Kept:
    """What engines have given to be kept, as a store would."""

    def __init__(self) -> None:
        self.mark = Mark()
        self.taken: dict[str, Taken] = {}
        self.issued: list[Issued] = []
        self.said: dict[str, Said] = {}
        self.silenced: dict[str, Silenced] = {}

    def keep(self, engine: LiveEngine) -> None:
        changes = engine.changes()
        self.mark = engine.mark()
        self.taken.update((each.id, each) for each in changes.taken)
        self.issued += changes.issued
        for id_, said in changes.said.items():
            if said is None:
                self.said.pop(id_, None)
            else:
                self.said[id_] = said
        for id_, silenced in changes.silenced.items():
            if silenced is None:
                self.silenced.pop(id_, None)
            else:
                self.silenced[id_] = silenced
        needed = {id_ for each in self.silenced.values() for id_, _ in each.events}
        expired = self.mark.expired or 0
        self.taken = {
            id_: each
            for id_, each in self.taken.items()
            if each.expires >= expired or id_ in needed
        }

    def restore(self, engine: LiveEngine) -> LiveEngine:
        taken = sorted(self.taken.values(), key=lambda each: (each.time, each.id))
        engine.restore(self.mark, taken, self.issued, self.said.items(), self.silenced.values())
        return engine


@st.composite
def dense_logs(draw: st.DrawFn) -> list[Event]:
    """Calls of one hand about one user, so that most of them are in question."""
    return [
        call(
            draw(st.sampled_from(ACTIONS)),
            f"event-{number}",
            draw(st.integers(0, 12)),
            {
                "userName": "bob",
                "serialNumber": "bob",
                "flag": draw(st.sampled_from(["on", "off"])),
            },
            errorCode="AccessDenied" if draw(seldom) else None,
            sourceIPAddress="192.0.2.1",
        )
        for number in range(draw(st.integers(3, 9)))
    ]


def oddities(event: Event) -> st.SearchStrategy[Event]:
    """A call like this one whose time cannot be read; or a copy that says that it failed, of an event of a kind that
    may be silenced or silence."""
    undated = {**event, "eventID": "undated", "eventTime": "never"}
    failed = {**event, "errorCode": "AccessDenied"}
    known_for_long = event["eventName"] in ("DeleteUser", "DeleteAccessKey", "DeactivateMFADevice")
    return st.sampled_from([undated, failed] if known_for_long else [undated])


def final_words(
    cascades: Sequence[Cascade],
    pieces: Iterable[Iterable[Event]],
    *,
    lateness: int = 0,
    provisional: bool = False,
    max_bytes: int | None = None,
    restarts: bool = False,
) -> Heard:
    kept = Kept()

    def begun() -> LiveEngine:
        engine = LiveEngine(
            compile_catalog(cascades),
            lambda _: None,
            lateness=lateness,
            retract_within=FOR_EVER,
            provisional=provisional,
            max_bytes=max_bytes,
            journal=True,
        )
        return kept.restore(engine)

    engine = begun()
    heard = Heard()
    for piece in pieces:
        if restarts:
            kept.keep(engine)
            engine = begun()
        engine.feed(map(record, piece))
        heard.all_of(engine.advance, engine)
        heard.take(engine.advance((engine.watermark or 0) + 2 * MINUTE))
    heard.all_of(engine.close, engine)
    return heard


@given(
    st.data(), silencing(), st.sampled_from([0, 2, 5]), st.booleans(), st.sampled_from([None, 0])
)
@tried(150)
def test_what_a_stream_silences_in_the_end_the_finished_log_silences_too(
    data: st.DataObject,
    cascades: list[Cascade],
    lateness: int,
    provisional: bool,
    max_bytes: int | None,
) -> None:
    log = amid(data.draw(logs(cascades).filter(bool)))
    heard = final_words(
        cascades,
        data.draw(disordered(cascades, log)),
        lateness=lateness,
        provisional=provisional,
        max_bytes=max_bytes,
    )
    assert heard.silenced <= silenced_in_the_log(cascades, log)


@given(st.data(), dense_logs(), st.booleans(), st.sampled_from([None, 0]), st.booleans())
@tried(150)
def test_however_it_is_that_a_late_event_takes_the_silence_away(
    data: st.DataObject,
    events: list[Event],
    provisional: bool,
    max_bytes: int | None,
    restarts: bool,
) -> None:
    log = amid(events)
    *pieces, last = data.draw(disordered(RICH, log))
    odd = data.draw(st.lists(st.sampled_from(events).flatmap(oddities), max_size=1))
    heard = final_words(
        RICH,
        [*pieces, [*odd, *last]],
        provisional=provisional,
        max_bytes=max_bytes,
        restarts=restarts,
    )
    assert heard.silenced <= silenced_in_the_log(RICH, [*log, *odd])


def about(action: str, event_id: str, seconds: int, name: str = "bob", **members: Any) -> Event:
    return call(f"iam:{action}", event_id, seconds, {"userName": name}, **members)


GONE = about("DeleteUser", "gone", 60)
KEY = about("DeleteAccessKey", "key", 55)
MFA = about("DeactivateMFADevice", "mfa", 52)
REMOVED = about("RemoveUserFromGroup", "removed", 56)
GROUP = about("DeleteGroup", "group", 58)
UPDATED = about("UpdateUser", "updated", 50)
OTHER = about("UntagUser", "other", 51)
UNREADABLE = {**about("CreateUser", "when", 0, "eve"), "eventTime": "never"}

AGAINST = {
    "a spoiler of its root": (
        [GONE, KEY],
        [about("CreateUser", "again", 62)],
        {"key": ("orphan", "user recreated came late")},
    ),
    "a spoiler of the root of its whole path": (
        [GONE, KEY, MFA],
        [about("CreateUser", "again", 58)],
        {
            "key": ("orphan", "user recreated came late"),
            "mfa": ("orphan", "user recreated came late"),
        },
    ),
    "a spoiler between it and its root": (
        [GONE, KEY, MFA],
        [about("CreateAccessKey", "anew", 54)],
        {"mfa": ("orphan", "key made again came late")},
    ),
    "an origin under a stricter policy, behind a step that was known": (
        [GONE, KEY, REMOVED],
        [GROUP],
        {"key": ("effect", "group came late, by which aws.test.warns may explain it")},
    ),
    "the step to an origin under a stricter policy": (
        [GONE, KEY, GROUP],
        [REMOVED],
        {"key": ("effect", "removed came late, by which aws.test.warns may explain it")},
    ),
    "the member that an ensemble under a stricter policy lacked": (
        [GONE, KEY, MFA, UPDATED],
        [OTHER],
        {"mfa": ("effect", "other came late, by which aws.test.together may explain it")},
    ),
    "a copy of it that differs": (
        [GONE, KEY],
        [{**KEY, "errorCode": "AccessDenied"}],
        {"key": ("effect", "copies of key differ")},
    ),
    "a copy of its origin that differs": (
        [GONE, KEY, MFA],
        [about("DeleteUser", "gone", 60, "eve")],
        {"key": ("effect", "copies of gone differ"), "mfa": ("effect", "copies of gone differ")},
    ),
    "a spoiler whose time cannot be read": (
        [GONE, KEY],
        [UNREADABLE],
        {"key": ("effect", "what a iam:CreateUser says, or when it was, is in doubt")},
    ),
}
FOR_NOTHING = {
    "a spoiler of another root": about("CreateUser", "again", 62, "eve"),
    "a spoiler outside of its window": about("CreateUser", "again", 64),
    "a spoiler that failed": about("CreateUser", "again", 62, error="EntityAlreadyExists"),
    "a spoiler that would have to lie between, and does not": about("CreateAccessKey", "anew", 61),
    "an origin under a stricter policy of another user": about(
        "RemoveUserFromGroup", "x", 56, "eve"
    ),
    "another origin that silences": about("DeleteUser", "twice", 61),
    "a copy that says the same": KEY,
    "a copy of its origin that says the same": GONE,
}


def begun(retract_within: int = FOR_EVER, max_bytes: int | None = None) -> LiveEngine:
    return LiveEngine(
        compile_catalog(RICH),
        lateness=10,
        retract_within=retract_within,
        max_bytes=max_bytes,
        journal=True,
    )


def judged(engine: LiveEngine, *events: Event) -> dict[str, LiveVerdict]:
    """What is told when these have come, and long after."""
    engine.feed(map(record, events))
    told = engine.advance((engine.watermark or 0) + 10 * MINUTE)
    return {each.verdict.event_id: each for each in told}


def told_late(
    in_time: Sequence[Event], late: Sequence[Event], how: str
) -> tuple[dict[str, LiveVerdict], dict[str, LiveVerdict]]:
    """The verdicts on what came in time, and those that were told when the rest came."""
    engine = begun(max_bytes=0 if how == "on disk" else None)
    first = judged(engine, call("sts:GetCallerIdentity", "first", -HOUR), *in_time)
    if how == "after a restart":
        kept = Kept()
        kept.keep(engine)
        engine = kept.restore(begun())
    return first, judged(engine, *late)


@pytest.mark.parametrize("how", ["in memory", "on disk", "after a restart"])
@pytest.mark.parametrize("name", AGAINST)
def test_a_verdict_that_silenced_is_taken_back_for(name: str, how: str) -> None:
    in_time, late, expected = AGAINST[name]
    first, then = told_late(in_time, late, how)
    retracted = {id_: each for id_, each in then.items() if each.supersedes is not None}
    assert {
        id_: (each.verdict.verdict, each.verdict.caveats) for id_, each in retracted.items()
    } == {id_: (verdict, (f"retracted: {why}",)) for id_, (verdict, why) in expected.items()}
    for id_, each in retracted.items():
        assert first[id_].verdict.policy == "suppress"
        assert each.supersedes == first[id_].id
        assert each.verdict.policy in ("annotate", None)
        assert each.final


@pytest.mark.parametrize("how", ["in memory", "on disk", "after a restart"])
@pytest.mark.parametrize("name", FOR_NOTHING)
def test_a_verdict_that_silenced_stands_for_all_of(name: str, how: str) -> None:
    first, then = told_late([GONE, KEY, MFA], [FOR_NOTHING[name]], how)
    assert {id_ for id_, each in first.items() if each.verdict.policy == "suppress"} == {
        "key",
        "mfa",
    }
    assert not {"key", "mfa"} & then.keys()


def test_a_copy_of_a_spoiler_that_differs_puts_all_in_doubt_that_it_might_void() -> None:
    engine = begun()
    elsewhere = about("CreateUser", "elsewhere", 200, "eve")
    first = call("sts:GetCallerIdentity", "first", -HOUR)
    engine.feed(map(record, [first, GONE, KEY, elsewhere]))
    assert [each.verdict.policy for each in engine.advance()] == [None, "suppress"]
    engine.feed([record({**elsewhere, "requestParameters": {"userName": "bob"}})])
    (taken_back,) = engine.advance()
    assert taken_back.verdict.event_id == "key"
    assert taken_back.verdict.caveats == (
        "retracted: what a iam:CreateUser says, or when it was, is in doubt",
    )


def test_a_verdict_is_taken_back_once() -> None:
    engine = begun()
    judged(engine, call("sts:GetCallerIdentity", "first", -HOUR), GONE, KEY)
    assert "key" in judged(engine, about("CreateUser", "again", 62))
    assert "key" not in judged(engine, about("CreateUser", "and again", 61))
    assert engine.retracted == 1


def test_what_is_retracted_has_the_same_id_in_every_run() -> None:
    in_time, late, _ = AGAINST["a spoiler of its root"]
    runs = [told_late(in_time, late, how)[1] for how in ("in memory", "on disk", "after a restart")]
    assert len({run["key"].id for run in runs}) == 1


@pytest.mark.parametrize(("span", "taken_back"), [(0, False), (9 * MINUTE, False), (HOUR, True)])
def test_a_verdict_can_be_taken_back_for_a_while(span: int, *, taken_back: bool) -> None:
    engine = begun(retract_within=span)
    assert "key" in judged(engine, call("sts:GetCallerIdentity", "first", -HOUR), GONE, KEY)
    assert ("key" in judged(engine, about("CreateUser", "again", 62))) is taken_back


@pytest.mark.parametrize("max_bytes", [None, 0])
def test_what_was_silenced_is_forgotten_in_the_end(max_bytes: int | None) -> None:
    engine = begun(retract_within=HOUR, max_bytes=max_bytes)
    kept = Kept()
    for hour in range(5):
        at = hour * HOUR
        judged(
            engine,
            call("sts:GetCallerIdentity", f"first-{hour}", at - HOUR),
            about("DeleteUser", f"gone-{hour}", at + 60),
            about("DeleteAccessKey", f"key-{hour}", at + 55),
        )
        kept.keep(engine)
        assert len(kept.silenced) <= 2
        assert engine.on_disk <= 10
    judged(engine, call("iam:DeleteUser", "much later", 10 * HOUR, {"userName": "eve"}))
    kept.keep(engine)
    assert not kept.silenced


def test_another_catalogue_takes_back_what_it_still_explains() -> None:
    kept = Kept()
    engine = begun()
    judged(engine, call("sts:GetCallerIdentity", "first", -HOUR), GONE, KEY)
    kept.keep(engine)
    for cascades, taken_back in ((RICH[:1], True), (RICH[1:], False)):
        other = LiveEngine(compile_catalog(cascades), lateness=10, retract_within=FOR_EVER)
        taken = sorted(kept.taken.values(), key=lambda each: (each.time, each.id))
        other.restore(kept.mark, taken, silenced=kept.silenced.values(), anew=True)
        assert ("key" in judged(other, about("CreateUser", "again", 62))) is taken_back
