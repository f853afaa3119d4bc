"""A Kinesis stream gives each record once, parents before children, from where a position says."""

from collections.abc import Iterator
from contextlib import suppress
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from moto.kinesis.models import kinesis_backends

from cloudcascade.streams import SourceError
from cloudcascade.streams.sources.kinesis import Stream
from cloudcascade.tests.support.aws import Answer, Aws, in_front_of
from cloudcascade.tests.support.resharding import close_shards_as_aws_does
from cloudcascade.tests.support.sources import HandClock, Told, drained, ids, lines


class Streaming:
    """A stream, and a source that reads it; `restart` makes another one from the position of the first."""

    def __init__(self, aws: Aws, *, shards: int = 1, **options: object) -> None:
        self.aws, self.name = aws, aws.name
        self.kinesis = aws.client("kinesis")
        with suppress(self.kinesis.exceptions.ResourceInUseException):
            self.kinesis.create_stream(StreamName=self.name, ShardCount=shards)
        self.typed = f"kinesis://{self.name}"
        self.options = aws.options(**options)
        self.hand = HandClock()
        self.told = Told()
        self._source: Stream | None = None

    @property
    def source(self) -> Stream:
        if self._source is None:
            self._source = Stream(self.typed, self.told.append, self.options, clock=self.hand.clock)
        return self._source

    def put(self, *names: str, data: bytes = b"") -> None:
        """A record for each id; its first letter says to which part of the keys it belongs."""
        for name in names:
            self.kinesis.put_record(
                StreamName=self.name,
                Data=data or lines(name),
                PartitionKey=name,
                ExplicitHashKey=str(2**127 if name[0] in "nopqrstuvwxyz" else 0),
            )

    def make_old(self) -> None:
        """What is in the stream came an hour ago."""
        for shard in (
            kinesis_backends["123456789012"]["eu-west-1"].streams[self.name].shards.values()
        ):
            for record in shard.records.values():
                record.created_at -= 3_600

    def shards(self) -> list[Any]:
        found: list[Any] = self.kinesis.list_shards(StreamName=self.name)["Shards"]
        return found

    def split(self) -> None:
        self.kinesis.split_shard(
            StreamName=self.name,
            ShardToSplit=self.shards()[0]["ShardId"],
            NewStartingHashKey=str(2**127),
        )

    def merge(self) -> None:
        *_, one, other = (each["ShardId"] for each in self.shards())
        self.kinesis.merge_shards(
            StreamName=self.name, ShardToMerge=one, AdjacentShardToMerge=other
        )

    def read(self, polls: int = 6) -> list[str]:
        return drained(self.source, quiet=polls)

    def restart(self) -> None:
        position = self.source.position()
        self.close()
        self.source.resume(position)

    def close(self) -> None:
        if self._source is not None:
            self._source.close()
            self._source = None


@pytest.fixture(autouse=True)
def _shards_end(monkeypatch: pytest.MonkeyPatch) -> None:
    close_shards_as_aws_does(monkeypatch)


@pytest.fixture
def stream(aws: Aws) -> Iterator[Streaming]:
    found = Streaming(aws)
    yield found
    found.close()


def test_records_come_in_their_order(stream: Streaming) -> None:
    stream.put("a", "b", "c")
    assert stream.read() == ["a", "b", "c"]
    stream.put("d")
    assert stream.read() == ["d"]
    assert stream.told == []


def test_all_shards_are_read(aws: Aws) -> None:
    stream = Streaming(aws, shards=3)
    names = [letter + str(number) for letter in "anz" for number in range(3)]
    stream.put(*names)
    assert sorted(stream.read(12)) == sorted(names)
    stream.close()


def test_a_stream_is_known_by_name_and_by_arn(stream: Streaming) -> None:
    stream.put("a")
    stream.typed = f"arn:aws:kinesis:eu-west-1:123456789012:stream/{stream.name}"
    assert stream.read() == ["a"]


@pytest.mark.parametrize(
    "typed",
    ["kinesis://", "kinesis://a/b", "arn:aws:kinesis:eu-west-1:1:stream/a/consumer/b:1"],
)
def test_what_names_no_stream_is_refused(aws: Aws, typed: str) -> None:
    with pytest.raises(SourceError, match="names no stream"):
        Stream(typed, Told().append, aws.options())


def test_what_is_no_record_is_told_with_its_place(stream: Streaming) -> None:
    stream.put("x", data=b"\xf3\x89\x9a\xc2aggregated")
    stream.put("a")
    assert stream.read() == ["a"]
    assert len(stream.told) == 1
    assert "Kinesis Producer Library" in stream.told[0].reason
    assert stream.told[0].position.startswith("shard shardId-000000000000, sequence number ")


# Beginning and going on.


def test_reading_goes_on_behind_the_last_record(stream: Streaming) -> None:
    stream.put("a", "b")
    assert stream.read() == ["a", "b"]
    stream.restart()
    stream.put("c")
    assert stream.read() == ["c"]


def test_latest_begins_with_what_comes_from_now_on(aws: Aws) -> None:
    stream = Streaming(aws, start="latest")
    stream.put("old")
    stream.make_old()
    stream.restart()  # before the first record: what comes meanwhile is not left out
    stream.put("new")
    assert stream.read() == ["new"]
    stream.restart()
    assert stream.read() == []
    stream.close()


@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.integers(0, 8), max_size=6))
def test_wherever_it_is_cut_the_rest_follows(
    aws: Aws, monkeypatch: pytest.MonkeyPatch, cuts: list[int]
) -> None:
    monkeypatch.setattr("cloudcascade.streams.sources.kinesis._PAGE", 3)
    monkeypatch.setattr("cloudcascade.streams.sources.kinesis._PORTION_RECORDS", 2)
    stream = Streaming(aws)
    names = [letter + str(number) for letter in "an" for number in range(5)]
    if not aws.client("kinesis").list_tags_for_stream(StreamName=aws.name)["Tags"]:
        stream.put(*names)
        stream.split()
        stream.put(*(f"{name}-later" for name in names))
        stream.kinesis.add_tags_to_stream(StreamName=aws.name, Tags={"filled": "yes"})
    found: list[str] = []
    for cut in cuts:
        for _ in range(cut):
            found += ids(stream.source.poll(0.3) or [])
        stream.restart()
    found += stream.read(12)
    assert sorted(found) == sorted([*names, *(f"{name}-later" for name in names)])
    stream.close()


@pytest.mark.parametrize("restarted", [False, True], ids=["going on", "after restarts"])
def test_a_shard_that_is_split_comes_before_its_parts(stream: Streaming, restarted: bool) -> None:
    stream.put("a1", "z1")
    stream.split()
    stream.put("a2", "z2")
    found: list[str] = []
    for _ in range(30):
        found += ids(stream.source.poll(1) or [])
        if restarted:
            stream.restart()
    assert found[:2] == ["a1", "z1"]
    assert sorted(found[2:]) == ["a2", "z2"]


def test_shards_that_are_merged_come_before_the_new_one(aws: Aws) -> None:
    stream = Streaming(aws, shards=2)
    stream.put("a1", "z1")
    stream.merge()
    stream.put("a2", "z2")
    found = stream.read(12)
    assert (sorted(found[:2]), found[2:]) == (["a1", "z1"], ["a2", "z2"])
    stream.close()


def test_a_closed_shard_is_forgotten_when_it_is_drained(stream: Streaming) -> None:
    stream.put("a1")
    assert stream.read() == ["a1"]
    stream.split()
    stream.put("a2", "z2")
    assert sorted(stream.read(70)) == ["a2", "z2"]
    assert b"shardId-000000000000" not in stream.source.position()
    stream.restart()
    assert stream.read() == []


def test_a_position_of_a_stream_that_was_made_anew_is_told(stream: Streaming) -> None:
    stream.put("a")
    assert stream.read() == ["a"]

    def answer(method: str, path: str, body: bytes) -> Answer:
        if b"AFTER_SEQUENCE_NUMBER" in body:
            return 400, b'{"__type":"InvalidArgumentException","message":"not of this stream"}'
        return None

    with in_front_of(stream.aws.endpoint, answer) as endpoint:
        stream.options = stream.aws.options(endpoint_url=endpoint)
        stream.restart()
        assert stream.read() == ["a"]
        stream.close()
    assert "is read from its beginning" in stream.told.reasons[0]


@pytest.mark.parametrize("garbage", [b"", b"x", b"\x80", b"\xc1", b"\x81\xa1\xff\x01", b"{}"])
def test_a_position_of_something_else_is_refused(stream: Streaming, garbage: bytes) -> None:
    with pytest.raises(SourceError, match="none of this stream"):
        stream.source.resume(garbage)


def test_a_position_of_another_stream_is_refused(stream: Streaming) -> None:
    position = stream.source.position()
    stream.close()
    stream.typed = "kinesis://other"
    with pytest.raises(SourceError, match="none of this stream"):
        stream.source.resume(position)


# What may go wrong.


@pytest.mark.parametrize(
    ("answer", "times"),
    [
        ((400, b'{"__type":"ExpiredIteratorException"}'), 1),
        ((400, b'{"__type":"ProvisionedThroughputExceededException"}'), 3),
        ((500, b"{}"), 5),
        (b"", 3),
    ],
    ids=["expired iterator", "too much", "500", "hung up"],
)
def test_a_fault_that_passes_is_waited_for(stream: Streaming, answer: Answer, times: int) -> None:
    stream.put("a")
    answers = [answer] * times

    def fail(method: str, path: str, body: bytes) -> Answer:
        return answers.pop() if answers and b'"ShardIterator"' in body else None

    with in_front_of(stream.aws.endpoint, fail) as endpoint:
        stream.options = stream.aws.options(endpoint_url=endpoint)
        assert stream.read(20) == ["a"]
        stream.close()
    assert answers == []


@pytest.mark.parametrize(
    ("word", "code", "words"),
    [
        (b"StreamName", "ResourceNotFoundException", "no such stream"),
        (b"StreamName", "AccessDeniedException", "kinesis:ListShards"),
        (b"ShardIteratorType", "AccessDeniedException", "kinesis:GetShardIterator"),
        (b'"ShardIterator"', "AccessDeniedException", "kinesis:GetRecords"),
        (b'"ShardIterator"', "KMSAccessDeniedException", "KMSAccessDenied"),
    ],
)
def test_what_the_stream_refuses_ends_it(
    stream: Streaming, word: bytes, code: str, words: str
) -> None:
    said = (400, f'{{"__type":"{code}"}}'.encode())
    with in_front_of(
        stream.aws.endpoint, lambda method, path, body: said if word in body else None
    ) as endpoint:
        stream.options = stream.aws.options(endpoint_url=endpoint)
        with pytest.raises(SourceError, match=words):
            stream.read()
        stream.close()


def test_a_shard_is_read_at_most_five_times_a_second(stream: Streaming) -> None:
    reads: list[float] = []

    def note(method: str, path: str, body: bytes) -> Answer:
        if b'"ShardIterator"' in body:
            reads.append(stream.hand.now)
        return None

    with in_front_of(stream.aws.endpoint, note) as endpoint:
        stream.options = stream.aws.options(endpoint_url=endpoint, poll_interval=0.01)
        stream.read(20)
        stream.close()
    assert all(later - earlier >= 0.2 for earlier, later in pairwise(reads))
    assert len(reads) > 5


def test_a_poll_takes_no_longer_than_it_may(stream: Streaming) -> None:
    stream.read()
    before = stream.hand.now
    assert stream.source.poll(0.4) == []
    assert stream.hand.now - before == pytest.approx(0.4)
