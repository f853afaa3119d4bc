"""A loop on one entity costs work in step with its length: counted, not timed."""

from collections.abc import Iterable, Iterator
from math import log

import pytest

from cloudcascade.catalog import load_catalog
from cloudcascade.matcher import Verdict, compile_catalog
from cloudcascade.matcher.batch.instances import LogPartners
from cloudcascade.matcher.decision import TOO_MANY
from cloudcascade.matcher.event import Event as Read
from cloudcascade.matcher.event import read_event
from cloudcascade.matcher.instances import MAX_CANDIDATES, MAX_INSTANCES, Instances
from cloudcascade.matcher.plan.nodes import ActionPlan, NodePlan, Plan, SpoilerPlan
from cloudcascade.tests.support.cascades import cascade
from cloudcascade.tests.support.cloudtrail import MALLORY, call, classify, record
from cloudcascade.tests.support.loops import LOOPS

# Beyond the bounds, below which every pair of events is looked at.
FEW, MANY = 2_000, 6_000


@pytest.fixture(scope="module")
def plan() -> Plan:
    return compile_catalog(load_catalog().cascades)


class Counting:
    """Partners that count how many of them were looked at."""

    def __init__(self, partners: LogPartners) -> None:
        self.looked_at = 0
        self._partners = partners

    def _counted(self, partners: Iterable[Read]) -> Iterator[Read]:
        for partner in partners:
            self.looked_at += 1
            yield partner

    def parents(self, node: NodePlan, event: Read) -> Iterable[Read]:
        return self._counted(self._partners.parents(node, event))

    def spoilers(
        self, spoiler: SpoilerPlan, root: Read, earliest: int, latest: int
    ) -> Iterable[Read]:
        return self._counted(self._partners.spoilers(spoiler, root, earliest, latest))

    def members(self, member: NodePlan, root: Read) -> Iterable[Read]:
        return self._counted(self._partners.members(member, root))


def looked_at(plan: Plan, name: str, events: int) -> int:
    by_action: dict[ActionPlan, list[Read]] = {}
    for made in map(record, LOOPS[name](events)):
        action = plan.action(made.eventName, made.eventSource)
        assert action is not None
        read = read_event(made, action, lambda text: text)
        read.actor = read.principal
        by_action.setdefault(action, []).append(read)
    counting = Counting(LogPartners(by_action))
    instances = Instances(counting)
    for each in by_action.values():
        for event in each:
            instances.found(event)
    return counting.looked_at


@pytest.mark.parametrize("name", LOOPS)
def test_the_work_grows_with_the_length_of_a_loop_and_not_with_its_square(
    plan: Plan, name: str
) -> None:
    growth = looked_at(plan, name, MANY) / looked_at(plan, name, FEW)
    assert growth <= 1.15 * (MANY * log(MANY)) / (FEW * log(FEW))


BUCKET = cascade(
    origin={
        "action": "s3:DeleteBucket",
        "keys": {"name": "requestParameters.bucketName", "tag": "requestParameters.tag"},
    },
    effects=[
        {
            "action": "s3:PutBucketPolicy",
            "keys": {"name": "requestParameters.bucketName", "tag": "requestParameters.tag"},
            "join": ["name"],
            "distinct": ["tag"],
            "within": {"before": "1h"},
        }
    ],
)


def verdict_among(decoys: int, *, tag: str) -> Verdict:
    events = [call("s3:PutBucketPolicy", "effect", 0, {"bucketName": "b", "tag": "same"})]
    events += [
        call("s3:DeleteBucket", f"decoy-{number:04}", 1, {"bucketName": "b", "tag": tag})
        for number in range(decoys)
    ]
    events.append(call("s3:DeleteBucket", "origin", 2, {"bucketName": "b", "tag": "another"}))
    events.append(call("s3:ListBuckets", "end", 9, by=MALLORY))
    return classify([BUCKET], events)["effect"]


def test_what_lies_behind_too_many_candidates_explains_nothing() -> None:
    assert verdict_among(MAX_CANDIDATES - 1, tag="same").instance == "origin"
    assert verdict_among(MAX_CANDIDATES, tag="same").verdict == "orphan"


def test_of_many_instances_the_nearest_are_followed() -> None:
    verdict = verdict_among(MAX_INSTANCES + 100, tag="another")
    assert (verdict.verdict, verdict.instance) == ("effect", "decoy-0000")
    assert TOO_MANY not in verdict.caveats
