"""A queue of notifications: objects are read, and messages deleted when nothing of theirs can be lost any more."""

import gzip
from collections.abc import Callable, Iterator

import pytest

from cloudcascade.events import Limits
from cloudcascade.streams import SourceError
from cloudcascade.streams.sources.sqs import Queue
from cloudcascade.tests.support.aws import Answer, Aws, error, in_front_of
from cloudcascade.tests.support.notifications import (
    from_cloudtrail,
    from_eventbridge,
    from_s3,
    in_sns,
)
from cloudcascade.tests.support.sources import HandClock, Told, ids, lines, log


class Notified:
    """A bucket, a queue that tells of it, and a source that reads both."""

    def __init__(self, aws: Aws) -> None:
        self.aws = aws
        self.name = aws.name
        self.s3, self.sqs = aws.client("s3"), aws.client("sqs")
        self.s3.create_bucket(
            Bucket=self.name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
        )
        self.url = self.sqs.create_queue(QueueName=self.name)["QueueUrl"]
        self.hand = HandClock()
        self.told = Told()
        self.options = aws.options()
        self.typed = f"sqs://{self.name}"
        self._source: Queue | None = None

    @property
    def source(self) -> Queue:
        if self._source is None:
            self._source = Queue(self.typed, self.told.append, self.options, clock=self.hand.clock)
        return self._source

    def put(self, key: str, data: bytes) -> None:
        self.s3.put_object(Bucket=self.name, Key=key, Body=data)

    def send(self, body: str) -> None:
        self.sqs.send_message(QueueUrl=self.url, MessageBody=body)

    def deliver(self, key: str, data: bytes) -> None:
        self.put(key, data)
        self.send(from_s3(self.name, key))

    def read(self, polls: int = 12) -> list[str]:
        return [each for _ in range(polls) for each in ids(self.source.poll(0.5) or [])]

    def settle(self) -> None:
        assert self.source.position() == b""
        self.source.settle()

    def read_and_settle(self) -> None:
        self.read()
        self.settle()

    def left(self) -> tuple[int, int]:
        """How many messages are in the queue: visible, and held by a reader."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        got = self.sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=names)["Attributes"]
        return int(got[names[0]]), int(got[names[1]])

    def crash(self) -> None:
        """The process ends, and what it held becomes visible after a while."""
        if self._source is not None:
            self._source.close()
            self._source = None

    close = crash


@pytest.fixture
def queue(aws: Aws) -> Iterator[Notified]:
    found = Notified(aws)
    yield found
    found.close()


Form = Callable[[str, str], str]


@pytest.mark.parametrize(
    "form",
    [
        from_s3,
        from_cloudtrail,
        from_eventbridge,
        lambda bucket, key: in_sns(from_s3(bucket, key)),
        lambda bucket, key: in_sns(from_cloudtrail(bucket, key)),
    ],
    ids=["S3", "CloudTrail", "EventBridge", "S3 in SNS", "CloudTrail in SNS"],
)
def test_an_object_is_read_however_its_news_come(queue: Notified, form: Form) -> None:
    queue.put("logs/a b+%41.json.gz", log("a", "b"))
    queue.send(form(queue.name, "logs/a b+%41.json.gz"))
    assert queue.read() == ["a", "b"]
    assert queue.told == []


def test_a_queue_is_known_by_name_by_url_and_by_arn(queue: Notified) -> None:
    arn = f"arn:aws:sqs:eu-west-1:123456789012:{queue.name}"
    for number, typed in enumerate((queue.typed, queue.url, arn)):
        queue.typed = typed
        queue.deliver("log.json.gz", log(f"{number}"))
        assert queue.read() == [f"{number}"]
        queue.settle()
        queue.close()


@pytest.mark.parametrize("typed", ["sqs://", "sqs://a/b", "https://example.com/", "arn:aws:sqs:::"])
def test_what_names_no_queue_is_refused(aws: Aws, typed: str) -> None:
    with pytest.raises(SourceError, match="names no queue"):
        Queue(typed, Told().append, aws.options())


# When a message is deleted.


def test_a_message_is_deleted_when_what_it_gave_is_stored(queue: Notified) -> None:
    queue.deliver("log.json.gz", log("a"))
    assert queue.read() == ["a"]
    assert queue.left() == (0, 1)
    queue.source.settle()  # without a position before it nothing is stored
    assert queue.left() == (0, 1)
    queue.settle()
    assert queue.left() == (0, 0)


def test_a_message_is_kept_until_its_last_object_was_given(queue: Notified) -> None:
    queue.put("a.json.gz", log("a"))
    queue.put("b.json.gz", log("b"))
    queue.send(from_s3(queue.name, "a.json.gz", "b.json.gz"))
    found: list[str] = []
    while "a" not in found:
        found += queue.read(1)
    queue.settle()
    assert queue.left() == (0, 1)
    assert found + queue.read() == ["a", "b"]
    queue.settle()
    assert queue.left() == (0, 0)


def test_an_object_in_portions_is_settled_behind_the_last(queue: Notified) -> None:
    queue.options = queue.aws.options(limits=Limits(whole_file_bytes=2_000))
    queue.deliver("log.json.gz", log(*(f"{number}" for number in range(2_500))))
    found: list[str] = []
    while len(found) < 2_500:
        found += queue.read(1)
        queue.settle()
        assert queue.left() == (0, 1)
    queue.read(2)
    queue.settle()
    assert queue.left() == (0, 0)


def test_what_was_not_settled_comes_again(queue: Notified) -> None:
    queue.deliver("log.json.gz", log("a"))
    assert queue.read() == ["a"]
    queue.source.position()
    queue.crash()
    assert queue.read() == ["a"]
    queue.settle()
    queue.crash()
    assert queue.read() == []


def test_many_messages_are_deleted(queue: Notified) -> None:
    for number in range(25):
        queue.deliver(f"{number}.ndjson", lines(f"{number}"))
    assert sorted(map(int, queue.read(80))) == list(range(25))
    queue.settle()
    assert queue.left() == (0, 0)


def test_an_object_that_is_named_twice_is_read_twice(queue: Notified) -> None:
    queue.deliver("log.json.gz", log("a"))
    queue.send(from_s3(queue.name, "log.json.gz"))
    assert queue.read() == ["a", "a"]


def test_a_message_that_comes_again_while_it_is_held_is_not_read_again(queue: Notified) -> None:
    queue.deliver("log.json.gz", log("a"))
    assert queue.read() == ["a"]
    visible_now(queue)
    assert queue.read() == []
    queue.settle()
    assert queue.left() == (0, 0)


def test_what_is_held_is_renewed(aws: Aws) -> None:
    queue = Notified(aws)
    renewed: list[bytes] = []

    def watch(method: str, path: str, body: bytes) -> Answer:
        if b"VisibilityTimeout" in body and b"Entries" in body:
            renewed.append(body)
        return None

    with in_front_of(aws.endpoint, watch) as endpoint:
        queue.options = aws.options(endpoint_url=endpoint)
        queue.deliver("log.json.gz", log("a"))
        assert queue.read() == ["a"]
        queue.hand.pass_by(100)
        queue.read(1)
        assert len(renewed) == 0
        queue.hand.pass_by(100)
        queue.read(2)
        assert len(renewed) == 1
        queue.close()


# Messages and objects that are not as they should be.


@pytest.mark.parametrize("body", ["garbage", "{}", from_cloudtrail("evil.example/", "a")])
def test_a_message_that_is_no_notification_is_told_and_deleted(queue: Notified, body: str) -> None:
    queue.send(body)
    queue.deliver("log.json.gz", log("a"))
    assert queue.read() == ["a"]
    assert [each.data for each in queue.told] == [body.encode()]
    assert queue.told[0].position.startswith("message ")
    queue.settle()
    assert queue.left() == (0, 0)


def test_a_test_event_is_deleted_in_silence(queue: Notified) -> None:
    queue.send('{"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "x"}')
    assert queue.read() == []
    queue.settle()
    assert (queue.left(), queue.told) == ((0, 0), [])


@pytest.mark.parametrize(
    ("bucket", "key", "reason"),
    [
        ("", "gone.json.gz", "cannot be read: NoSuchKey"),
        ("no-such-bucket", "log.json.gz", "cannot be read: NoSuchBucket"),
        ("", "broken.json.gz", "the gzip data ends early"),
    ],
)
def test_an_object_that_cannot_be_read_is_told_and_its_message_deleted(
    queue: Notified, bucket: str, key: str, reason: str
) -> None:
    queue.put("broken.json.gz", gzip.compress(b"{")[:-3])
    queue.send(from_s3(bucket or queue.name, key))
    assert queue.read() == []
    assert any(each.startswith(reason) for each in queue.told.reasons)
    assert queue.told[0].source == f"s3://{bucket or queue.name}/{key}"
    queue.settle()
    assert queue.left() == (0, 0)


def test_an_object_that_cannot_be_read_for_now_comes_again(aws: Aws) -> None:
    queue = Notified(aws)
    queue.deliver("log.json.gz", log("a"))
    broken = True

    def answer(method: str, path: str, body: bytes) -> Answer:
        if broken and path.endswith(".gz"):
            return 503, error("SlowDown")
        if b"VisibilityTimeout" in body and b"Entries" in body:
            delays.append(body)
        return None

    delays: list[bytes] = []
    with in_front_of(aws.endpoint, answer) as endpoint:
        queue.options = aws.options(endpoint_url=endpoint)
        assert queue.read() == []
        reason = (
            "cannot be read for now, its message comes again (received once): SlowDown: said so"
        )
        assert queue.told.reasons == [reason]
        assert b'"VisibilityTimeout": 30' in delays[0]
        queue.settle()
        assert queue.left() == (0, 1)
        broken = False
        queue.close()
    visible_now(queue)
    queue.options = aws.options()
    assert queue.read() == ["a"]
    queue.settle()
    assert queue.left() == (0, 0)
    queue.close()


def visible_now(queue: Notified) -> None:
    """As if the time had passed for which messages are not to be seen."""
    from moto.sqs.models import sqs_backends

    for each in sqs_backends["123456789012"]["eu-west-1"].queues[queue.name]._messages:
        each.change_visibility(0)


@pytest.mark.parametrize(
    ("action", "body", "words"),
    [
        ("ReceiveMessage", b'{"__type":"com.amazonaws.sqs#QueueDoesNotExist"}', "no such queue"),
        ("ReceiveMessage", b'{"__type":"AccessDeniedException"}', "sqs:ReceiveMessage"),
        ("GetQueueUrl", b'{"__type":"AccessDeniedException"}', "sqs:GetQueueUrl"),
        ("DeleteMessageBatch", b'{"__type":"AccessDeniedException"}', "sqs:DeleteMessage"),
    ],
)
def test_what_the_queue_refuses_ends_it(aws: Aws, action: str, body: bytes, words: str) -> None:
    queue = Notified(aws)
    queue.deliver("log.json.gz", log("a"))

    def answer(method: str, path: str, sent: bytes) -> Answer:
        told = {
            "ReceiveMessage": b"MaxNumberOfMessages",
            "GetQueueUrl": b"QueueName",
            "DeleteMessageBatch": b"Entries",
        }[action]
        return (400, body) if told in sent else None

    with in_front_of(aws.endpoint, answer) as endpoint:
        queue.options = aws.options(endpoint_url=endpoint)
        with pytest.raises(SourceError, match=words):
            queue.read_and_settle()
        queue.close()


def test_a_fault_that_passes_is_waited_for(aws: Aws) -> None:
    queue = Notified(aws)
    queue.deliver("log.json.gz", log("a"))
    answers: list[Answer] = [
        (500, b"{}"),
        (500, b"{}"),
        b"",
        b"",
        (400, b'{"__type":"ThrottlingException"}'),
    ]
    with in_front_of(aws.endpoint, lambda *_: answers.pop(0) if answers else None) as endpoint:
        queue.options = aws.options(endpoint_url=endpoint)
        assert queue.read(40) == ["a"]
        queue.close()


def test_what_could_not_be_deleted_is_deleted_the_next_time(aws: Aws) -> None:
    queue = Notified(aws)
    queue.deliver("log.json.gz", log("a"))
    unwell = (
        200,
        b'{"Successful": [], "Failed": [{"Id": "0", "SenderFault": false, "Code": "x"}]}',
    )
    answers: list[Answer] = [(500, b"{}"), (500, b"{}"), unwell]

    def answer(method: str, path: str, body: bytes) -> Answer:
        deletes = b"Entries" in body and b"VisibilityTimeout" not in body
        return answers.pop(0) if deletes and answers else None

    with in_front_of(aws.endpoint, answer) as endpoint:
        queue.options = aws.options(endpoint_url=endpoint)
        assert queue.read() == ["a"]
        for _ in range(2):
            queue.settle()
            assert queue.left() == (0, 1)
        queue.settle()
        assert queue.left() == (0, 0)
        queue.close()


def test_a_poll_takes_no_longer_than_it_may(queue: Notified) -> None:
    before = queue.hand.now
    assert queue.source.poll(0.4) == []
    assert queue.hand.now - before == pytest.approx(0.4)


def test_there_is_no_position_to_go_on_from(queue: Notified) -> None:
    queue.source.resume(b"")
    with pytest.raises(SourceError, match="none of a queue"):
        queue.source.resume(b"x")
