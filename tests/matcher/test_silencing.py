"""When an explained event may be silenced: docs/semantics.md, Silencing."""

from typing import Any

import pytest

from cloudcascade.matcher import Verdict, compile_catalog
from cloudcascade.matcher.batch.engine import Engine
from cloudcascade.tests.oracle import oracle_verdicts
from cloudcascade.tests.support.cascades import cascade
from cloudcascade.tests.support.cloudtrail import (
    START,
    Event,
    assume_role,
    call,
    classify,
    record,
    session,
    user,
)

NAME = "requestParameters.bucketName"
BUCKET: dict[str, Any] = {"bucketName": "b"}
JOINED: dict[str, Any] = {
    "action": "s3:DeleteBucketPolicy",
    "keys": {"name": NAME},
    "join": ["name"],
    "within": {"before": "60s"},
}
ORIGIN: dict[str, Any] = {"action": "s3:DeleteBucket", "keys": {"name": NAME}}
RECREATED: dict[str, Any] = {
    "action": "s3:CreateBucket",
    "keys": {"name": NAME},
    "join": ["name"],
    "within": {"before": "30s", "after": "60s"},
    "reason": "bucket recreated",
}
PLAIN = cascade(origin=ORIGIN, effects=[JOINED])
SPOILED = cascade(origin=ORIGIN, effects=[JOINED], spoilers=[RECREATED])
ALICE = user("alice", access_key="AKIAALICE")


def effect(seconds: int = 0, **members: Any) -> Event:
    return call("s3:DeleteBucketPolicy", "effect", seconds, BUCKET, **{"by": ALICE, **members})


def origin(seconds: int = 9, **members: Any) -> Event:
    return call("s3:DeleteBucket", "origin", seconds, BUCKET, **{"by": ALICE, **members})


def other(name: str, seconds: int) -> Event:
    return call("s3:ListBuckets", name, seconds)


def signed_in(at: str, access_key: str) -> Event:
    """A session of the role, with the name that whoever assumed it chose."""
    made = session("admin", "chosen", access_key)
    made["sessionContext"]["attributes"] = {"creationDate": at}
    return made


MORNING = signed_in("2024-05-14T08:00:00Z", "ASIAMORNING")
MORNING_AGAIN = signed_in("2024-05-14T08:00:00Z", "ASIAREFRESHED")
EVENING = signed_in("2024-05-14T18:00:00Z", "ASIAEVENING")
KEYLESS = user("alice")

ADDRESS = "another address than that of what explains it"
CREDENTIALS = "other credentials than those of what explains it"

HANDS: dict[str, tuple[dict[str, Any], dict[str, Any], tuple[str, ...]]] = {
    "one key, one address": ({}, {}, ()),
    "another address": ({"sourceIPAddress": "198.51.100.9"}, {}, (ADDRESS,)),
    "no address": ({"sourceIPAddress": None}, {"sourceIPAddress": None}, (ADDRESS,)),
    "another key of the user": ({"by": user("alice", access_key="AKIAOTHER")}, {}, (CREDENTIALS,)),
    "no key at all": ({"by": KEYLESS}, {"by": KEYLESS}, (CREDENTIALS,)),
    "one sign-in, two keys": ({"by": MORNING}, {"by": MORNING_AGAIN}, ()),
    "two sign-ins under one name": ({"by": MORNING}, {"by": EVENING}, (CREDENTIALS,)),
    "both": ({"by": MORNING, "sourceIPAddress": "::1"}, {"by": EVENING}, (ADDRESS, CREDENTIALS)),
}


def said(verdict: Verdict) -> tuple[str | None, tuple[str, ...]]:
    assert verdict.verdict == "effect"
    return verdict.policy, verdict.caveats


@pytest.mark.parametrize("name", HANDS)
def test_the_hand_that_made_the_effect_must_have_made_the_origin(name: str) -> None:
    of_effect, of_origin, caveats = HANDS[name]
    events = [effect(**of_effect), origin(**of_origin)]
    wanted = ("annotate" if caveats else "suppress", caveats)
    assert said(classify([PLAIN], events)["effect"]) == wanted
    told = oracle_verdicts([PLAIN], events)["effect"]
    assert (told.policy, told.caveats) == wanted


def test_two_sessions_of_one_principal_are_two_hands() -> None:
    events = [
        assume_role("one", "ASIAMORNING", by=ALICE),
        assume_role("two", "ASIAEVENING", by=ALICE),
        effect(by=MORNING),
        origin(by=EVENING),
    ]
    assert said(classify([PLAIN], events)["effect"]) == ("annotate", (CREDENTIALS,))


def test_a_caller_whom_aws_attests_is_not_asked_for_its_hand() -> None:
    built = cascade(origin=ORIGIN, effects=[{**JOINED, "actor": "service:backup.amazonaws.com"}])
    invoked = {"type": "AWSService", "invokedBy": "backup.amazonaws.com"}
    events = [effect(by=invoked, sourceIPAddress="backup.amazonaws.com"), origin()]
    assert said(classify([built], events)["effect"]) == ("suppress", ())


@pytest.mark.parametrize(
    ("key", "caveats"), [("AKIAALICE", ()), ("AKIAOTHER", (CREDENTIALS,))], ids=["one", "two"]
)
def test_a_service_that_calls_for_somebody_has_an_address_of_its_own(
    key: str, caveats: tuple[str, ...]
) -> None:
    service = "cloudformation.amazonaws.com"
    built = cascade(
        origin=ORIGIN, effects=[{**JOINED, "where": {"userIdentity.invokedBy": service}}]
    )
    invoked = {**user("alice", access_key=key), "invokedBy": service}
    events = [effect(by=invoked, sourceIPAddress=service), origin()]
    wanted = ("annotate" if caveats else "suppress", caveats)
    assert said(classify([built], events)["effect"]) == wanted
    told = oracle_verdicts([built], events)["effect"]
    assert (told.policy, told.caveats) == wanted


EXTENTS: dict[str, tuple[list[Event], str | None]] = {
    "all of the window": ([other("first", -21), other("last", 69)], None),
    "it begins too late": (
        [other("last", 69)],
        "the log begins too late to rule out: bucket recreated",
    ),
    "it ends too soon": (
        [other("first", -21), other("last", 68)],
        "the log ends too soon to rule out: bucket recreated",
    ),
}


@pytest.mark.parametrize("name", EXTENTS)
def test_the_log_must_show_what_would_void_the_origin(name: str) -> None:
    around, caveat = EXTENTS[name]
    events = [effect(), origin(), *around]
    wanted = ("suppress", ()) if caveat is None else ("annotate", (caveat,))
    assert said(classify([SPOILED], events)["effect"]) == wanted


def silenced(cascades: list[Any], events: list[Event], **whole: int | None) -> bool:
    engine = Engine(compile_catalog(cascades), **whole)  # type: ignore[arg-type]
    engine.feed(map(record, events))
    found = {verdict.event_id: verdict for verdict in engine.verdicts()}
    return found["effect"].policy == "suppress"


@pytest.mark.parametrize(
    ("before", "after", "wanted"), [(21, 69, True), (20, 69, False), (21, 68, False)]
)
def test_whoever_says_that_the_log_is_whole_is_believed(
    before: int, after: int, wanted: bool
) -> None:
    start = int(START.timestamp())
    events = [effect(), origin()]
    assert silenced([SPOILED], events, since=start - before, until=start + after) is wanted


def test_a_spoiler_without_a_time_may_have_been_there() -> None:
    around = [other("first", -60), other("last", 90)]
    undated = {**call("s3:CreateBucket", "undated", 5, {"bucketName": "c"}), "eventTime": "noon"}
    assert silenced([SPOILED], [effect(), origin(), *around])
    assert not silenced([SPOILED], [effect(), origin(), *around, undated])


COPIES: dict[str, list[Event]] = {
    "of the effect": [effect(), effect(userAgent="x", sourceIPAddress="::1"), origin()],
    "of the origin": [effect(), origin(), origin(8)],
}


@pytest.mark.parametrize("name", COPIES)
def test_nothing_that_rests_on_copies_that_differ_is_silenced(name: str) -> None:
    policy, caveats = said(classify([PLAIN], COPIES[name])["effect"])
    assert policy == "annotate"
    assert any("differ" in caveat for caveat in caveats)


def test_copies_that_say_the_same_are_one_event() -> None:
    assert (
        said(classify([PLAIN], [effect(), effect(), origin(), origin()])["effect"])[0] == "suppress"
    )


STRICTER = cascade(
    cascade_id="aws.test.farther",
    origin={"action": "s3:CreateBucket", "keys": {"name": NAME}},
    effects=[{**JOINED, "policy": "annotate"}],
)


@pytest.mark.parametrize("seconds", [5, 20], ids=["nearer", "farther"])
def test_the_strictest_of_all_explanations_counts(seconds: int) -> None:
    events = [effect(), origin(), call("s3:CreateBucket", "other", seconds, BUCKET, by=ALICE)]
    verdict = classify([PLAIN, STRICTER], events)["effect"]
    assert verdict.policy == "annotate"
    nearer = verdict.cascade == "aws.test.farther"
    assert nearer == (seconds == 5)
    assert verdict.caveats == (() if nearer else ("aws.test.farther says annotate",))
    assert oracle_verdicts([PLAIN, STRICTER], events)["effect"].policy == "annotate"


def test_one_firm_explanation_is_enough() -> None:
    stranger = origin(3, sourceIPAddress="198.51.100.9")
    events = [effect(), {**stranger, "eventID": "nearer"}, origin()]
    verdict = classify([PLAIN], events)["effect"]
    assert (verdict.instance, verdict.policy) == ("nearer", "suppress")


@pytest.mark.parametrize("member", ["errorCode", "errorMessage"])
def test_a_call_failed_that_says_so_in_either_way(member: str) -> None:
    members: dict[str, Any] = {member: "AccessDenied"}
    events = [effect(), origin(**members)]
    found = classify([PLAIN], events)
    assert found["effect"].verdict == "orphan"
    assert (found["origin"].failed, found["origin"].error) == (True, "AccessDenied")


def test_of_what_would_void_it_no_two_copies_may_differ() -> None:
    around = [other("first", -60), other("last", 90)]
    elsewhere = call("s3:CreateBucket", "new", 20, {"bucketName": "c"})
    assert silenced([SPOILED], [effect(), origin(), elsewhere, *around])
    changed = {**elsewhere, "requestParameters": {"bucketName": "d"}}
    assert not silenced([SPOILED], [effect(), origin(), elsewhere, changed, *around])
