"""A twin is its instance but for one thing."""

from typing import Any

import pytest

from cloudcascade.catalog import load_catalog
from cloudcascade.samples import Sample, UnknownSample, instance, twin

EFFECT, ROOT = "iam:DeleteAccessKey", "iam:DeleteUser"


@pytest.fixture(scope="module")
def whole() -> Sample:
    return instance(load_catalog().get("aws.iam.delete-user"), "cli")


def differences(sample: Sample, other: Sample) -> dict[str, set[str]]:
    """By node the members that differ."""
    found: dict[str, set[str]] = {}
    for event in other.events:
        mine: dict[str, Any] = sample.event(event.node).record
        for name in {*mine, *event.record}:
            if mine.get(name) != event.record.get(name):
                found.setdefault(event.node, set()).add(name)
    return found


@pytest.mark.parametrize(
    ("kind", "changed"),
    [
        ("origin-failed", {ROOT: {"errorCode", "errorMessage"}}),
        ("other-actor", {EFFECT: {"userIdentity"}}),
        ("other-account", {EFFECT: {"recipientAccountId"}}),
        ("outside-window", {EFFECT: {"eventTime"}}),
        ("other-tool", {EFFECT: {"userAgent"}}),
    ],
)
def test_one_thing_differs(kind: str, changed: dict[str, set[str]], whole: Sample) -> None:
    other = twin(whole, kind, EFFECT)
    assert {event.node for event in other.events} == {EFFECT, ROOT}
    assert differences(whole, other) == changed
    assert (other.twin, other.changed) == (kind, EFFECT)


def test_alone_is_the_effect_and_nothing_else(whole: Sample) -> None:
    other = twin(whole, "alone", EFFECT)
    assert other.records == [whole.event(EFFECT).record]


def test_the_instance_is_left_as_it_was(whole: Sample) -> None:
    before = [dict(record) for record in whole.records]
    twin(whole, "origin-failed", EFFECT)
    assert whole.records == before


def test_it_lies_one_second_outside_of_the_window() -> None:
    cascade = load_catalog().get("aws.iam.delete-user")
    late = twin(instance(cascade, start=1_000_000), "outside-window", EFFECT)
    assert late.event(EFFECT).at == 1_000_001 + cascade.effect(EFFECT).within.after


@pytest.mark.parametrize(
    ("kind", "node", "said"),
    [
        ("other-actr", EFFECT, "did you mean other-actor"),
        ("alone", "iam:DeleteAccesKey", "iam:DeleteAccessKey"),
        ("other-region", EFFECT, "no key or rule speaks of the Region"),
    ],
)
def test_what_there_is_not_is_refused_with_the_reason(
    kind: str, node: str, said: str, whole: Sample
) -> None:
    with pytest.raises(UnknownSample, match=said):
        twin(whole, kind, node)
