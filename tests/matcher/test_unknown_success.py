"""What rests on a call of which it is not known whether it succeeded is explained, and not silenced."""

from collections.abc import Sequence

import msgspec
import pytest

from cloudcascade.catalog.models import Cascade
from cloudcascade.events import Projection
from cloudcascade.matcher import Engine, LiveEngine, Verdict, compile_catalog
from cloudcascade.tests.support.cascades import DELETE_USER, cascade
from cloudcascade.tests.support.cloudtrail import Event, call, record


def projected(event: Event) -> Projection:
    return Projection(**msgspec.structs.asdict(record(event)))


def without_errors(
    events: Sequence[Event], unsure: str | None, cascades: Sequence[Cascade]
) -> list[dict[str, Verdict]]:
    """The verdicts of a log and of a stream, which are the same; of one event it is not known whether it succeeded."""
    records = [projected(each) if each["eventID"] == unsure else record(each) for each in events]
    plan = compile_catalog(cascades)
    engine = Engine(plan)
    engine.feed(records)
    live = LiveEngine(plan)
    live.feed(records)
    return [
        {each.event_id: each for each in engine.verdicts()},
        {each.verdict.event_id: each.verdict for each in live.close()},
    ]


USER = {"user": "requestParameters.userName"}
BESIDE = {"keys": USER, "join": ["user"], "within": {"before": "60s"}}
AROUND = [
    call("sts:GetCallerIdentity", "first", -99_999),
    call("sts:GetCallerIdentity", "z", 99_999),
]
TOGETHER = cascade(
    ensemble={"require": ["user", "key"]},
    effects=[
        {"action": "iam:DeleteUser", "name": "user", "keys": USER},
        {"action": "iam:DeleteAccessKey", "name": "key", **BESIDE},
        {"action": "iam:DeactivateMFADevice", "name": "mfa", **BESIDE},
    ],
)
GONE, KEY, MFA = (
    call("iam:DeleteUser", "gone", 60, {"userName": "bob"}),
    call("iam:DeleteAccessKey", "key", 55, {"userName": "bob"}),
    call("iam:DeactivateMFADevice", "mfa", 50, {"userName": "bob", "serialNumber": "bob"}),
)


@pytest.mark.parametrize("unsure", ["mfa", "gone"])
def test_nothing_is_silenced_that_rests_on_a_call_of_which_success_is_not_known(
    unsure: str,
) -> None:
    events = [AROUND[0], MFA, GONE, AROUND[1]]
    for sure in without_errors(events, None, [DELETE_USER]):
        assert sure["mfa"].policy == "suppress"
    for verdicts in without_errors(events, unsure, [DELETE_USER]):
        assert verdicts["mfa"].verdict == "effect"
        assert verdicts["mfa"].policy == "annotate"
        assert verdicts["mfa"].caveats == (f"whether {unsure} succeeded is not known",)


def test_a_member_that_an_ensemble_requires_has_to_be_known_to_have_succeeded() -> None:
    events = [AROUND[0], GONE, KEY, MFA, AROUND[1]]
    for sure in without_errors(events, None, [TOGETHER]):
        assert sure["mfa"].policy == "suppress"
    for verdicts in without_errors(events, "key", [TOGETHER]):
        assert verdicts["mfa"].policy == "annotate"
        assert verdicts["mfa"].caveats == ("whether key succeeded is not known",)


@pytest.mark.parametrize("first", [True, False])
def test_a_copy_that_tells_of_errors_counts(*, first: bool) -> None:
    engine = Engine(compile_catalog([DELETE_USER]))
    copies = [record(GONE), projected(GONE)]
    engine.feed([*map(record, AROUND), record(MFA), *(copies if first else reversed(copies))])
    verdicts = {each.event_id: each for each in engine.verdicts()}
    assert verdicts["mfa"].policy == "suppress"


def test_a_stream_knows_after_a_restart_of_what_success_is_not_known() -> None:
    plan = compile_catalog([DELETE_USER])
    engine = LiveEngine(plan, journal=True)
    engine.feed([record(AROUND[0]), record(MFA), projected(GONE), record(AROUND[1])])
    engine.advance()
    other = LiveEngine(plan)
    other.restore(engine.mark(), sorted(engine.changes().taken, key=lambda each: each.time))
    told = {each.verdict.event_id: each.verdict for each in other.close()}
    assert told["mfa"].caveats == ("whether gone succeeded is not known",)
