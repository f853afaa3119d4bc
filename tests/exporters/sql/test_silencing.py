"""What SQL silences is what the engine would: one case a rule of docs/semantics.md, Silencing, in DuckDB."""

from collections.abc import Iterator
from typing import Any

import pytest

from cloudcascade.catalog.models import Cascade
from cloudcascade.exporters.lower import lower
from cloudcascade.tests.support.cascades import Document, cascade
from cloudcascade.tests.support.cloudtrail import ALICE, Event, call, classify
from cloudcascade.tests.support.query_oracle import candidates
from cloudcascade.tests.support.sql_engines import DuckDBEngine, needs

USER = "requestParameters.userName"
BOB = {"userName": "bob"}
ORIGIN: Document = {"action": "iam:DeleteUser", "keys": {"user": USER}}
EFFECT: Document = {
    "action": "iam:DeleteAccessKey",
    "keys": {"user": USER},
    "join": ["user"],
    "within": {"before": "60m", "after": "2m"},
}
RECREATED: Document = {
    "action": "iam:CreateUser",
    "keys": {"user": USER},
    "join": ["user"],
    "within": {"after": "60m"},
    "where": {"requestParameters.path": {"exists": True}},
}
AGAIN: Document = {**ORIGIN, "join": ["user"], "between": True}
LOUD: Document = {**EFFECT, "policy": "annotate"}
FAR = (call("sts:GetCallerIdentity", "first", -9_000), call("sts:GetCallerIdentity", "last", 9_000))
BY_CONSOLE: Event = {
    **ALICE,
    "sessionContext": {"attributes": {"creationDate": "2024-05-14T08:00:00Z"}},
}


def plain(spoilers: tuple[Document, ...] = (), **effect: Any) -> Cascade:
    return cascade(origin=ORIGIN, effects=[{**EFFECT, **effect}], spoilers=spoilers)


def made(
    name: str, seconds: int, action: str = "iam:DeleteAccessKey", by: Event = ALICE, **changed: Any
) -> Event:
    return call(action, name, seconds, changed.pop("asked", BOB), by=by, **changed)


def gone(seconds: int = 60, **changed: Any) -> Event:
    return made("gone", seconds, "iam:DeleteUser", **changed)


def spoiling(seconds: int = 120, **changed: Any) -> Event:
    asked = changed.pop("asked", {"userName": "bob", "path": "/x/"})
    return made("new", seconds, "iam:CreateUser", asked=asked, **changed)


VOIDED = plain((RECREATED,))
GROUP: Document = {"action": "iam:DeleteGroup", "keys": {"user": USER}}
STRICT = cascade(cascade_id="aws.test.strict", origin=GROUP, effects=[LOUD])

# The cascade, others beside it, the log, and whether the event "key" is silenced.
CASES: dict[str, tuple[Cascade, list[Cascade], list[Event], bool]] = {
    "by one hand": (plain(), [], [made("key", 0), gone()], True),
    "from another address": (
        plain(), [], [made("key", 0, sourceIPAddress="198.51.100.7"), gone()], False),
    "from no address": (
        plain(), [], [made("key", 0, sourceIPAddress=None), gone(sourceIPAddress=None)], False),
    "with another key of the same user": (
        plain(), [], [made("key", 0, by={**ALICE, "accessKeyId": "AKIAOTHER"}), gone()], False),
    "in one sign-in, with two keys": (
        plain(), [],
        [made("key", 0, by={**BY_CONSOLE, "accessKeyId": "ASIA1"}), gone(by={**BY_CONSOLE, "accessKeyId": "ASIA2"})],
        True),
    "whoever may do it": (
        plain(actor="any"), [], [made("key", 0, sourceIPAddress="198.51.100.7"), gone()], True),
    "in one Region": (plain(region="same"), [], [made("key", 0), gone()], True),
    "in two Regions": (
        plain(region="same"), [], [made("key", 0, awsRegion="eu-west-1"), gone()], False),
    "in no Region": (
        plain(region="same"), [], [made("key", 0, awsRegion=None), gone(awsRegion=None)], False),
    "the call failed": (plain(), [], [made("key", 0, errorCode="AccessDenied"), gone()], False),
    "the call failed, says its message": (
        plain(), [], [made("key", 0, errorMessage="not allowed"), gone()], False),
    "the origin failed, says its message": (
        plain(), [], [made("key", 0), gone(errorMessage="not allowed")], False),
    "by an anonymous caller": (
        plain(), [],
        [made("key", 0, by={**ALICE, "principalId": "anonymous_x"}), gone(by={**ALICE, "principalId": "anonymous_x"})],
        False),
    "nothing voids it": (VOIDED, [], [made("key", 0), gone(), *FAR], True),
    "voided": (VOIDED, [], [made("key", 0), gone(), spoiling(), *FAR], False),
    "what would void it is of another user": (
        VOIDED, [], [made("key", 0), gone(), spoiling(asked={"userName": "eve", "path": "/"}), *FAR], True),
    "what would void it has another path": (
        VOIDED, [], [made("key", 0), gone(), spoiling(asked=BOB), *FAR], True),
    "what may void it has no parameters": (
        VOIDED, [], [made("key", 0), gone(), spoiling(asked=None), *FAR], False),
    "what may void it was too large": (
        VOIDED, [], [made("key", 0), gone(), spoiling(asked={"omitted": True}), *FAR], False),
    "what may void it has no account": (
        VOIDED, [],
        [made("key", 0), gone(), spoiling(account=None, by={**ALICE, "accountId": None}), *FAR], False),
    "what may void it has no time": (
        VOIDED, [],
        [made("key", 0), gone(), {**spoiling(asked={"userName": "eve"}), "eventTime": "soon"}, *FAR], False),
    "the log ends too soon": (VOIDED, [], [made("key", 0), gone(), FAR[0]], False),
    "the log reaches just far enough": (
        VOIDED, [], [made("key", 0), gone(), call("sts:GetCallerIdentity", "last", 3_660)], True),
    "the log ends a second too soon": (
        VOIDED, [], [made("key", 0), gone(), call("sts:GetCallerIdentity", "last", 3_659)], False),
    "copies of it say the same": (plain(), [], [made("key", 0), made("key", 0), gone()], True),
    "copies of it differ": (
        plain(), [], [made("key", 0), made("key", 0, errorCode="AccessDenied"), gone()], False),
    "copies of it differ in their time": (plain(), [], [made("key", 0), made("key", 1), gone()], False),
    "copies of its origin differ": (
        plain(), [], [made("key", 0), gone(), {**gone(), "errorCode": "AccessDenied"}], False),
    "copies of another event of its action differ": (
        plain(), [], [made("key", 0), gone(), made("far", 0), made("far", 1)], True),
    "copies of what may void it differ, and neither is of its user": (
        VOIDED, [],
        [made("key", 0), gone(), *(spoiling(asked={"userName": name}) for name in ("eve", "eva")), *FAR],
        False),
    "a stricter cascade explains one of two copies of what it hangs on": (
        plain(), [STRICT],
        [made("key", 0), gone(), made("group", 60, "iam:DeleteGroup"),
         made("group", 60, "iam:DeleteGroup", errorCode="AccessDenied")], False),
    "nothing lies between": (plain((AGAIN,)), [], [made("key", 0), gone()], True),
    "another removal lies between": (
        plain((AGAIN,)), [],
        [made("key", 0), made("before", 30, "iam:DeleteUser", by={**ALICE, "principalId": "AIDAEVE"}), gone()],
        False),
    "another removal lies behind it": (
        plain((AGAIN,)), [],
        [made("key", 0), gone(), made("again", 90, "iam:DeleteUser", by={**ALICE, "principalId": "AIDAEVE"})],
        True),
    "a stricter cascade explains it, too": (
        plain(), [STRICT], [made("key", 0), gone(), made("group", 60, "iam:DeleteGroup")], False),
    "a stricter cascade explains it for another hand": (
        plain(), [STRICT],
        [made("key", 0), gone(), made("group", 60, "iam:DeleteGroup", sourceIPAddress="198.51.100.7")], False),
    "a stricter cascade does not explain it": (
        plain(), [STRICT], [made("key", 0), gone(), made("group", 9_000, "iam:DeleteGroup")], True),
    "its own cascade has a stricter node": (
        cascade(origin=ORIGIN, effects=[EFFECT, {**LOUD, "name": "loud", "join": [], "outcome": "any",
                                                 "where": {"errorCode": "NoSuchEntity"}}]),
        [], [made("key", 0), gone()], True),
}  # fmt: skip


@pytest.fixture(scope="module")
def engine() -> Iterator[DuckDBEngine]:
    if reason := needs("duckdb")():
        pytest.skip(reason)
    engine = DuckDBEngine()
    yield engine
    engine.close()


@pytest.mark.parametrize("name", CASES)
def test_what_the_engine_may_silence_and_nothing_else(engine: DuckDBEngine, name: str) -> None:
    one, others, log, silenced = CASES[name]
    verdicts = classify([one, *others], log)
    policy = {each.event_id: each.policy for each in verdicts.values()}
    query = lower(one, [one, *others])
    engine.load(log)
    quiet = candidates(query, log) - engine.ids(query)
    assert quiet == {event for event in candidates(query, log) if policy.get(event) == "suppress"}
    assert ("key" in quiet) is silenced


def test_three_denied_attempts_alert_three_times(engine: DuckDBEngine) -> None:
    log = [made(f"try-{number}", number, errorCode="AccessDenied") for number in range(3)]
    engine.load(log)
    assert engine.ids(lower(plain())) == {"try-0", "try-1", "try-2"}


def test_what_says_nothing_of_its_key_concerns_everybody_in_sql(engine: DuckDBEngine) -> None:
    log = [made("key", 0), gone(), spoiling(asked={"path": "/"}), *FAR]
    assert classify([VOIDED], log)["key"].policy == "suppress"
    engine.load(log)
    assert "key" in engine.ids(lower(VOIDED))
