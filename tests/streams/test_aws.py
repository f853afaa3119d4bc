"""Faults of AWS that pass are waited for, longer each time, and told once; others end the run."""

import pytest

from cloudcascade.streams import SourceError
from cloudcascade.streams.sources.aws import Backoff, Refused
from cloudcascade.tests.support.sources import HandClock, Told

PASSING = Refused("SlowDown", "said so", passing=True)


def test_a_fault_is_waited_for_longer_each_time_and_never_too_long() -> None:
    hand, told = HandClock(), Told()
    backoff = Backoff("s3://bucket", told.append, hand.clock)
    waits = []
    for _ in range(3_000):
        backoff.failed("S3", PASSING)
        waits.append(round(backoff.left))
        hand.pass_by(backoff.left)
    assert waits[:8] == [1, 2, 4, 8, 16, 32, 60, 60]
    assert max(waits) == 60
    assert told.reasons == ["SlowDown: said so; it is tried again until it is there"]


def test_after_a_success_it_begins_anew() -> None:
    hand, told = HandClock(), Told()
    backoff = Backoff("s3://bucket", told.append, hand.clock)
    for _ in range(2):
        for _ in range(4):
            backoff.failed("S3", PASSING)
        backoff.succeeded()
        assert backoff.left == 0
    assert len(told) == 2


def test_a_fault_that_does_not_pass_ends_it() -> None:
    backoff = Backoff("s3://bucket", Told().append, HandClock().clock)
    refused = Refused("InvalidAccessKeyId", "no such key", passing=False)
    with pytest.raises(SourceError, match="s3://bucket: S3: InvalidAccessKeyId: no such key"):
        backoff.failed("S3", refused)


def test_what_aws_says_is_cut_to_a_size() -> None:
    assert len(str(Refused("Code", "x" * 100_000, passing=True))) == 400
