"""A prefix of S3 gives each object once, in order of delivery, whatever AWS does meanwhile."""

import gzip
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cloudcascade.events import Limits
from cloudcascade.streams import SourceError
from cloudcascade.streams.sources.s3 import S3Prefix
from cloudcascade.tests.support.aws import Answer, Aws, error, in_front_of
from cloudcascade.tests.support.sources import (
    GROUP,
    HandClock,
    Told,
    drained,
    ids,
    key,
    lines,
    log,
)

OTHER = GROUP.replace("eu-west-1", "us-east-1")


class Bucket:
    """A bucket, and a source that reads it; `restart` makes another one from the position of the first."""

    def __init__(self, aws: Aws, s3: Any, prefix: str = "", **options: object) -> None:
        self.aws, self.s3, self.name = aws, s3, aws.name
        self.options = aws.options(**options)
        self.prefix = prefix
        self.hand = HandClock()
        self.told = Told()
        self._source: S3Prefix | None = None

    @property
    def source(self) -> S3Prefix:
        if self._source is None:
            name = f"s3://{self.name}/{self.prefix}"
            self._source = S3Prefix(name, self.told.append, self.options, clock=self.hand.clock)
        return self._source

    def put(self, name: str, data: bytes, *, days_ago: float = 0) -> None:
        self.s3.put_object(Bucket=self.name, Key=name, Body=data)
        if days_ago:
            from moto.s3.models import s3_backends

            stored = s3_backends["123456789012"]["aws"].buckets[self.name].keys[name]
            stored.last_modified = datetime.now(UTC).replace(tzinfo=None) - timedelta(days_ago)

    def read(self, seconds: float = 130) -> list[str]:
        return drained(self.source, quiet=8, wait=seconds / 8)

    def restart(self) -> None:
        position = self.source.position()
        self.close()
        self.source.resume(position)

    def close(self) -> None:
        if self._source is not None:
            self._source.close()
            self._source = None


def make(aws: Aws, s3: Any, prefix: str = "", **options: object) -> Bucket:
    s3.create_bucket(Bucket=aws.name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    return Bucket(aws, s3, prefix, **options)


@pytest.fixture
def bucket(aws: Aws, s3: Any) -> Iterator[Bucket]:
    found = make(aws, s3)
    yield found
    found.close()


PREFIXES = pytest.mark.parametrize(
    ("prefix", "before"),
    [
        ("", ""),
        ("", "org/"),
        ("AWSLogs", ""),
        ("AWSLogs/111111111111/CloudTrail/", ""),
        (f"{GROUP}/", ""),
        (f"{GROUP}/2024", ""),
        ("trail", "trail/"),
        ("trail/AWSLogs/", "trail/"),
        ("plain", "plain/logs/"),
    ],
)


@PREFIXES
@pytest.mark.parametrize("restarted", [False, True], ids=["going on", "after a restart"])
def test_each_object_is_read_once(
    bucket: Bucket, prefix: str, before: str, restarted: bool
) -> None:
    bucket.prefix = prefix
    bucket.put(before + key("2024/05/14"), log("a", "b"))
    assert bucket.read() == ["a", "b"]
    if restarted:
        bucket.restart()
    bucket.put(before + key("2024/05/14", "0900"), log("out of order"))
    bucket.put(before + key("2024/05/13", "0910"), log("late"))
    assert sorted(bucket.read()) == ["late", "out of order"]
    assert bucket.told == []


def test_objects_of_several_folders_come_in_the_order_of_their_delivery(bucket: Bucket) -> None:
    organized = GROUP.replace("AWSLogs/", "AWSLogs/o-1234567890/")
    bucket.put(key("2024/05/13", "0900", group=OTHER), log("1"))
    bucket.put(key("2024/05/13", "0910"), log("2"))
    bucket.put(f"{organized}/2024/05/13/1_CloudTrail_x_20240513T0920Z_u.json.gz", log("3"))
    bucket.put(key("2024/05/14", "0800", group=OTHER), log("4"))
    bucket.put(key("2024/05/14", "0805"), log("5"))
    assert bucket.read() == ["1", "2", "3", "4", "5"]


def test_a_day_beyond_the_lookback_is_not_listed_again(bucket: Bucket) -> None:
    bucket.put(key("2024/05/14"), log("new"))
    assert bucket.read() == ["new"]
    bucket.put(key("2024/05/11"), log("late"))
    bucket.put(key("2024/05/10"), log("too late"))
    assert bucket.read() == ["late"]


def test_a_new_region_is_found(bucket: Bucket) -> None:
    bucket.put(key("2024/05/14"), log("a"))
    assert bucket.read() == ["a"]
    bucket.put(key("2024/05/14", group=OTHER), log("b"))
    assert bucket.read(700) == ["b"]


def test_an_empty_bucket_is_waited_for(bucket: Bucket) -> None:
    assert bucket.read() == []
    bucket.put(key("2024/05/14"), log("a"))
    assert bucket.read() == ["a"]
    assert bucket.read(700) == []


def test_a_name_from_the_future_hides_nothing(bucket: Bucket) -> None:
    bucket.put(key("2999/12/31"), log("future"))
    assert bucket.read() == ["future"]
    bucket.put(key("2024/05/14"), log("a"))
    assert bucket.read() == ["a"]


@pytest.mark.parametrize(
    "name",
    [
        "AWSLogs/111111111111/CloudTrail-Digest/eu-west-1/2024/05/14/digest.json.gz",
        "AWSLogs/111111111111/Config/eu-west-1/2024/05/14/config.json.gz",
    ],
)
def test_what_is_no_log_is_passed_over(bucket: Bucket, name: str) -> None:
    bucket.put(name, log("x"))
    bucket.put(key("2024/05/14"), log("a"))
    assert bucket.read() == ["a"]


def test_an_object_written_anew_is_read_again(bucket: Bucket) -> None:
    bucket.put("logs/a.ndjson", lines("a"))
    assert bucket.read() == ["a"]
    bucket.put("logs/a.ndjson", lines("a", "b"))
    assert bucket.read() == ["a", "b"]


def test_what_was_read_long_ago_is_forgotten(bucket: Bucket) -> None:
    for number in range(60):
        bucket.put(f"logs/{number:03}.ndjson", lines(f"{number}"), days_ago=3)
    assert len(bucket.read()) == 60
    assert len(bucket.source.position()) < 300
    bucket.restart()
    assert bucket.read() == []


def test_pages_are_read_one_after_the_other(bucket: Bucket, monkeypatch: Any) -> None:
    monkeypatch.setattr("cloudcascade.streams.sources.s3._PENDING", 10)
    names = [f"{number:03}" for number in range(25)]
    for name in names:
        bucket.put(f"logs/{name}.ndjson", lines(name))
    found = []
    for _ in range(30):
        found += ids(bucket.source.poll(1) or [])
        bucket.restart()
    assert found == names


def test_reading_goes_on_where_listing_takes_longer_than_the_interval(aws: Aws, s3: Any) -> None:
    bucket = make(aws, s3, poll_interval=5.0)
    for number in range(8):
        bucket.put(
            key("2024/05/14", group=f"AWSLogs/{number:012}/CloudTrail/eu-west-1"), log(f"{number}")
        )

    def slow(method: str, path: str, body: bytes) -> Answer:
        bucket.hand.pass_by(1)
        return None

    with in_front_of(aws.endpoint, slow) as endpoint:
        bucket.options = aws.options(endpoint_url=endpoint, poll_interval=5.0)
        found = [each for _ in range(120) for each in ids(bucket.source.poll(1) or [])]
        bucket.close()
    assert sorted(found) == [f"{number}" for number in range(8)]


def test_latest_begins_with_what_is_delivered_from_now_on(aws: Aws, s3: Any) -> None:
    bucket = make(aws, s3, start="latest")
    bucket.hand.now -= 60
    bucket.put(key("2024/05/14"), log("old"), days_ago=1)
    assert bucket.read() == []
    bucket.restart()
    bucket.put(key(f"{datetime.now(UTC):%Y/%m/%d}", group=OTHER), log("new"))
    assert bucket.read(700) == ["new"]
    bucket.close()


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.integers(0, 10), max_size=6))
def test_wherever_it_is_cut_the_rest_follows(aws: Aws, s3: Any, cuts: list[int]) -> None:
    if not any(each["Name"] == aws.name for each in s3.list_buckets()["Buckets"]):
        make(aws, s3)
    bucket = Bucket(aws, s3, limits=Limits(whole_file_bytes=2_000))
    expected = []
    for group in (GROUP, OTHER):
        for day in ("13", "14"):
            some = [f"{group[-9:]}-{day}-{number}" for number in range(1_020)]
            bucket.put(key(f"2024/05/{day}", group=group), log(*some))
            expected += some
    bucket.put(key("2024/05/14", "0100"), gzip.compress(lines("broken") + b"{broken"))
    found: list[str] = []
    for cut in cuts:
        for _ in range(cut):
            found += ids(bucket.source.poll(0.1) or [])
        bucket.restart()
    found += bucket.read()
    assert sorted(found) == sorted([*expected, "broken"])
    assert len(bucket.told) == 1
    bucket.close()


# What may go wrong.


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (log("a")[:-9], "the gzip data ends early"),
        (b"no log", "no CloudTrail record in it"),
        (b"x" * 3_000_000, "is larger than 2,000,000 bytes and was not read"),
    ],
)
def test_an_object_that_is_no_log_is_told_once_with_its_name(
    aws: Aws, s3: Any, data: bytes, reason: str
) -> None:
    bucket = make(aws, s3, max_object_bytes=2_000_000)
    bucket.put("1 \x07+%41.json", data)
    bucket.put("2.ndjson", lines("b"))
    assert "b" in bucket.read()
    assert reason in bucket.told.reasons
    assert {each.source for each in bucket.told} == {f"s3://{aws.name}/1 \x07+%41.json"}
    bucket.close()


class Faults:
    """Answers each request whose path holds the word as the list says, and lets the rest pass."""

    def __init__(self, word: str, *answers: Answer) -> None:
        self.word, self.answers = word, list(answers)

    def __call__(self, method: str, path: str, body: bytes) -> Answer:
        return self.answers.pop(0) if self.word in path and self.answers else None


PASSING: dict[str, Answer] = {
    "throttled": (503, error("SlowDown")),
    "500": (500, error("InternalError")),
    "429": (429, error("Whatever")),
    "hung up": b"",
}


@pytest.mark.parametrize(
    ("word", "answer"),
    [
        *[pytest.param("list-type", each, id=f"listing-{name}") for name, each in PASSING.items()],
        *[pytest.param(".json.gz", each, id=f"reading-{name}") for name, each in PASSING.items()],
        pytest.param("list-type", (200, b"<html>a portal"), id="listing-no XML"),
    ],
)
def test_a_fault_that_passes_is_waited_for(aws: Aws, s3: Any, word: str, answer: Answer) -> None:
    bucket = make(aws, s3)
    bucket.put(key("2024/05/14"), log("a"))
    with in_front_of(aws.endpoint, Faults(word, *[answer] * 6)) as endpoint:
        bucket.options = aws.options(endpoint_url=endpoint)
        assert bucket.read() == ["a"]
        bucket.close()
    assert [each.reason for each in bucket.told if "tried again" not in each.reason] == []
    assert len(bucket.told) == 1


def cut_short(data: bytes) -> bytes:
    head = f"HTTP/1.1 200 OK\r\nETag: x\r\nContent-Length: {len(data)}\r\n\r\n".encode()
    return head + data[:-20]


def test_a_body_that_ends_early_is_read_again(aws: Aws, s3: Any) -> None:
    bucket = make(aws, s3)
    bucket.put(key("2024/05/14"), log("a"))
    faults = Faults(".json.gz", cut_short(log("a")), cut_short(log("a")))
    with in_front_of(aws.endpoint, faults) as endpoint:
        bucket.options = aws.options(endpoint_url=endpoint)
        assert bucket.read() == ["a"]
        bucket.close()
    assert bucket.told == []


def test_a_body_that_always_ends_early_is_given_up(aws: Aws, s3: Any) -> None:
    bucket = make(aws, s3)
    bucket.put(key("2024/05/13"), log("a"))
    bucket.put(key("2024/05/14"), log("b"))
    with in_front_of(aws.endpoint, Faults("2024/05/13", *[cut_short(log("a"))] * 50)) as endpoint:
        bucket.options = aws.options(endpoint_url=endpoint)
        assert bucket.read() == ["b"]
        bucket.close()
    assert any("came damaged 5 times" in each for each in bucket.told.reasons)


@pytest.mark.parametrize(
    ("status", "code"),
    [(403, "AccessDenied"), (404, "NoSuchKey"), (403, "InvalidObjectState")],
)
def test_an_object_that_is_not_ours_to_read_is_told(
    aws: Aws, s3: Any, status: int, code: str
) -> None:
    bucket = make(aws, s3)
    bucket.put(key("2024/05/13"), log("a"))
    bucket.put(key("2024/05/14"), log("b"))
    with in_front_of(aws.endpoint, Faults("2024/05/13", *[(status, error(code))] * 9)) as endpoint:
        bucket.options = aws.options(endpoint_url=endpoint)
        assert bucket.read() == ["b"]
        bucket.close()
    assert [(each.source, each.reason) for each in bucket.told] == [
        (f"s3://{aws.name}/{key('2024/05/13')}", f"cannot be read: {code}: said so")
    ]


def test_where_no_object_may_be_read_the_permission_is_named(aws: Aws, s3: Any) -> None:
    bucket = make(aws, s3)
    for number in range(20):
        bucket.put(f"{number}.ndjson", lines("a"))
    with in_front_of(
        aws.endpoint, Faults(".ndjson", *[(403, error("AccessDenied"))] * 50)
    ) as endpoint:
        bucket.options = aws.options(endpoint_url=endpoint)
        with pytest.raises(SourceError, match="s3:GetObject"):
            bucket.read()
        bucket.close()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((403, error("AccessDenied")), "s3:ListBucket"),
        ((404, error("NoSuchBucket")), "there is no such bucket"),
        ((403, error("InvalidAccessKeyId")), "InvalidAccessKeyId"),
    ],
)
def test_a_listing_that_is_refused_ends_it(aws: Aws, s3: Any, answer: Answer, words: str) -> None:
    bucket = make(aws, s3)
    with in_front_of(aws.endpoint, Faults("list-type", *[answer] * 9)) as endpoint:
        bucket.options = aws.options(endpoint_url=endpoint)
        with pytest.raises(SourceError, match=words):
            bucket.read()
        bucket.close()


def test_a_poll_takes_no_longer_than_it_may(bucket: Bucket) -> None:
    bucket.read()
    before = bucket.hand.now
    assert bucket.source.poll(0.4) == []
    assert bucket.hand.now - before == pytest.approx(0.4)


@pytest.mark.parametrize("garbage", [b"", b"x", b"\x80", b"\xc1", b"\x81\xa1\xff\x01", b"{}"])
def test_a_position_of_something_else_is_refused(bucket: Bucket, garbage: bytes) -> None:
    with pytest.raises(SourceError, match="none of this prefix"):
        bucket.source.resume(garbage)


def test_a_time_beyond_all_times_in_a_position_is_refused(bucket: Bucket) -> None:
    position = msgspec.msgpack.decode(bucket.source.position())
    with pytest.raises(SourceError, match="none of this prefix"):
        bucket.source.resume(msgspec.msgpack.encode({**position, "since": 2**63}))


def test_a_position_of_another_prefix_is_refused(bucket: Bucket) -> None:
    position = bucket.source.position()
    bucket.close()
    bucket.prefix = "other"
    with pytest.raises(SourceError, match="none of this prefix"):
        bucket.source.resume(position)


def test_a_bucket_must_be_named(aws: Aws) -> None:
    with pytest.raises(SourceError, match="no bucket is named"):
        S3Prefix("s3://", Told().append, aws.options())
