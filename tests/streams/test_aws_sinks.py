"""Verdicts reach a queue, a topic and a bus, whole or visibly cut, and a fault says whether it passes."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, closing
from typing import Any

import pytest

from cloudcascade.streams import Message, Sink, SinkError
from cloudcascade.streams.ocsf import as_ocsf
from cloudcascade.streams.sinks import AwsOptions, SinkOptions, open_sink
from cloudcascade.streams.sinks.aws import MOST_BYTES
from cloudcascade.streams.sinks.sqs import SqsSink
from cloudcascade.tests.support.aws_server import (
    ACCOUNT,
    REGION,
    client,
    set_credentials,
    told_server,
)
from cloudcascade.tests.support.messages import line, message, messages


@pytest.fixture
def endpoint(moto_endpoint: str) -> str:
    return moto_endpoint


@pytest.fixture(autouse=True)
def _credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    set_credentials(monkeypatch)


@pytest.fixture
def sqs(endpoint: str) -> Iterator[Any]:
    with client("sqs", endpoint) as made:
        yield made


@pytest.fixture
def sns(endpoint: str) -> Iterator[Any]:
    with client("sns", endpoint) as made:
        yield made


def deliver(name: str, endpoint: str, sent: list[Message], **options: Any) -> None:
    aws = AwsOptions(region=REGION, endpoint_url=endpoint, timeout=5.0)
    with closing(open_sink(name, SinkOptions(aws=aws, **options))) as sink:
        sink.send(sent)


def received(sqs: Any, url: str) -> list[Any]:
    """All messages in the queue, with their attributes; they are taken out."""
    found = []
    while got := sqs.receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, AttributeNames=["All"], MessageAttributeNames=["All"]
    ).get("Messages"):
        found += got
        for each in got:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=each["ReceiptHandle"])
    return found


def bodies(sqs: Any, url: str) -> list[Any]:
    return [json.loads(each["Body"]) for each in received(sqs, url)]


class TestQueue:
    def test_each_message_is_one(self, sqs: Any, endpoint: str) -> None:
        url = sqs.create_queue(QueueName="plain")["QueueUrl"]
        deliver("sqs://plain", endpoint, messages(1, 23))
        assert sorted(each["id"] for each in bodies(sqs, url)) == sorted(
            f"v{number}" for number in range(1, 24)
        )

    def test_it_may_be_named_by_its_url(self, sqs: Any, endpoint: str) -> None:
        url = sqs.create_queue(QueueName="by-url")["QueueUrl"]
        deliver(f"sqs:{url}", endpoint, messages(1, 1))
        assert len(received(sqs, url)) == 1

    def test_a_fifo_queue_keeps_order_and_tells_repetitions(self, sqs: Any, endpoint: str) -> None:
        attributes = {"FifoQueue": "true"}
        url = sqs.create_queue(QueueName="ordered.fifo", Attributes=attributes)["QueueUrl"]
        deliver("sqs://ordered.fifo", endpoint, messages(1, 12))
        deliver("sqs://ordered.fifo", endpoint, messages(5, 14))
        got = received(sqs, url)
        assert [json.loads(each["Body"])["id"] for each in got] == [
            f"v{number}" for number in range(1, 15)
        ]
        assert {each["Attributes"]["MessageGroupId"] for each in got} == {"111111111111"}
        assert got[0]["Attributes"]["MessageDeduplicationId"] == "v1"

    def test_an_account_that_is_none_is_no_group(self, sqs: Any, endpoint: str) -> None:
        attributes = {"FifoQueue": "true"}
        url = sqs.create_queue(QueueName="hostile.fifo", Attributes=attributes)["QueueUrl"]
        sent = Message(1, "an id with spaces " * 20, line(account="no account\n" * 99))
        deliver("sqs://hostile.fifo", endpoint, [sent])
        (got,) = received(sqs, url)
        assert got["Attributes"]["MessageGroupId"] == "other"
        assert len(got["Attributes"]["MessageDeduplicationId"]) == 64

    def test_a_message_that_is_too_large_is_cut_and_says_so(self, sqs: Any, endpoint: str) -> None:
        url = sqs.create_queue(QueueName="large")["QueueUrl"]
        misses = [{"cascade": "c", "instance": "i", "reason": "x" * 1_000}] * 300
        deliver("sqs://large", endpoint, [message(1, near_misses=misses, path=["a", "b"])])
        (got,) = bodies(sqs, url)
        assert (got["truncated"], got["near_misses"], got["path"]) == (True, [], ["a", "b"])

    @pytest.mark.parametrize(
        "members", [{"actor_arn": "é" * MOST_BYTES}, {"techniques": ["T" * 99] * 9_999}]
    )
    def test_a_message_that_is_large_through_and_through_still_arrives(
        self, sqs: Any, endpoint: str, members: dict[str, Any]
    ) -> None:
        url = sqs.create_queue(QueueName="huge")["QueueUrl"]
        deliver("sqs://huge", endpoint, [message(1, **members)])
        (got,) = bodies(sqs, url)
        assert (got["truncated"], got["id"], got["verdict"]) == (True, "v1", "orphan")

    def test_characters_that_sqs_refuses_are_said_otherwise(self, sqs: Any, endpoint: str) -> None:
        url = sqs.create_queue(QueueName="odd")["QueueUrl"]
        odd = "a\uffff\ufffe\x00\x7f\U0010ffffb"
        deliver("sqs://odd", endpoint, [message(1, actor=odd)])
        (got,) = received(sqs, url)
        assert json.loads(got["Body"])["actor"] == odd
        assert not set("\uffff\ufffe\x00") & set(got["Body"])

    def test_a_message_may_be_a_finding(self, sqs: Any, endpoint: str) -> None:
        url = sqs.create_queue(QueueName="ocsf")["QueueUrl"]
        deliver("sqs://ocsf", endpoint, [message(1)], render=as_ocsf)
        assert bodies(sqs, url)[0]["class_uid"] == 2004

    def test_a_queue_that_is_not_there_is_lasting(self, endpoint: str) -> None:
        with pytest.raises(SinkError, match=r"sqs://missing: .*NonExistentQueue") as caught:
            deliver("sqs://missing", endpoint, messages(1, 1))
        assert caught.value.lasting


class TestTopic:
    @pytest.fixture
    def subscribed(self, sns: Any, sqs: Any) -> tuple[str, str]:
        """A topic's ARN, and the URL of a queue to which it sends what it gets as it is."""
        arn = sns.create_topic(Name="verdicts")["TopicArn"]
        url = sqs.create_queue(QueueName="subscriber")["QueueUrl"]
        sns.subscribe(
            TopicArn=arn,
            Protocol="sqs",
            Endpoint=f"arn:aws:sqs:{REGION}:{ACCOUNT}:subscriber",
            Attributes={"RawMessageDelivery": "true"},
        )
        return arn, url

    def test_each_message_is_one_with_attributes_to_filter_by(
        self, sqs: Any, endpoint: str, subscribed: tuple[str, str]
    ) -> None:
        arn, url = subscribed
        told = message(2, verdict="effect", cascade="aws.iam.delete-user", policy="suppress")
        deliver(f"sns:{arn}", endpoint, [message(1), told])
        got = {
            json.loads(each["Body"])["id"]: each["MessageAttributes"] for each in received(sqs, url)
        }
        assert {name: each["StringValue"] for name, each in got["v2"].items()} == {
            "verdict": "effect",
            "cascade": "aws.iam.delete-user",
            "policy": "suppress",
        }
        assert list(got["v1"]) == ["verdict"]

    def test_a_fifo_topic_keeps_order_and_tells_repetitions(
        self, sns: Any, sqs: Any, endpoint: str
    ) -> None:
        arn = sns.create_topic(Name="ordered.fifo", Attributes={"FifoTopic": "true"})["TopicArn"]
        attributes = {"FifoQueue": "true"}
        url = sqs.create_queue(QueueName="behind.fifo", Attributes=attributes)["QueueUrl"]
        sns.subscribe(
            TopicArn=arn,
            Protocol="sqs",
            Endpoint=f"arn:aws:sqs:{REGION}:{ACCOUNT}:behind.fifo",
            Attributes={"RawMessageDelivery": "true"},
        )
        deliver(f"sns:{arn}", endpoint, messages(1, 12))
        deliver(f"sns:{arn}", endpoint, messages(9, 14))
        assert [each["id"] for each in bodies(sqs, url)] == [f"v{n}" for n in range(1, 15)]

    def test_a_message_that_is_too_large_is_cut_and_says_so(
        self, sqs: Any, endpoint: str, subscribed: tuple[str, str]
    ) -> None:
        arn, url = subscribed
        deliver(f"sns:{arn}", endpoint, [message(1, path=["e"] * MOST_BYTES)])
        (got,) = bodies(sqs, url)
        assert (got["truncated"], got["path"]) == (True, [])

    def test_a_topic_that_is_not_there_is_lasting(self, endpoint: str) -> None:
        arn = f"arn:aws:sns:{REGION}:{ACCOUNT}:missing"
        with pytest.raises(SinkError, match="NotFound") as caught:
            deliver(f"sns:{arn}", endpoint, messages(1, 1))
        assert caught.value.lasting

    @pytest.mark.parametrize("name", ["verdicts", "arn:aws:sqs:us-east-1:1:q", "arn:aws:sns:r:1:"])
    def test_what_is_no_topic(self, name: str) -> None:
        with pytest.raises(SinkError, match="a topic is named by its ARN"):
            open_sink(f"sns:{name}", SinkOptions())


class TestBus:
    def test_each_message_is_an_event(self, sqs: Any, endpoint: str) -> None:
        url = sqs.create_queue(QueueName="from-bus")["QueueUrl"]
        with client("events", endpoint) as events:
            events.create_event_bus(Name="verdicts")
            events.put_rule(
                Name="orphans",
                EventBusName="verdicts",
                EventPattern=json.dumps({"source": ["cloudcascade"], "detail-type": ["orphan"]}),
            )
            target = {"Id": "queue", "Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:from-bus"}
            events.put_targets(Rule="orphans", EventBusName="verdicts", Targets=[target])
        deliver("events://verdicts", endpoint, [*messages(1, 12), message(13, verdict="origin")])
        got = bodies(sqs, url)
        assert sorted(each["detail"]["id"] for each in got) == sorted(
            f"v{number}" for number in range(1, 13)
        )
        assert {each["time"] for each in got} == {"2024-05-14T09:00:00Z"}

    def test_a_message_that_is_too_large_is_cut_and_says_so(self) -> None:
        answer = json.dumps({"FailedEntryCount": 0, "Entries": [{"EventId": "e"}]}).encode()
        with told_server((200, answer)) as told:
            deliver("events://bus", told.endpoint, [message(1, path=["e"] * MOST_BYTES)])
        (entry,) = json.loads(told.bodies[0])["Entries"]
        assert json.loads(entry["Detail"])["truncated"] is True
        assert entry["DetailType"] == "orphan"

    def test_a_time_that_is_none_is_left_to_the_service(self) -> None:
        answer = json.dumps({"FailedEntryCount": 0, "Entries": [{"EventId": "e"}]}).encode()
        with told_server((200, answer)) as told:
            deliver("events://bus", told.endpoint, [message(1, event_time="never")])
        assert "Time" not in json.loads(told.bodies[0])["Entries"][0]


SQS_PARTIAL = {
    "Successful": [{"Id": "0", "MessageId": "m", "MD5OfMessageBody": ""}],
    "Failed": [{"Id": "1", "Code": "InternalError", "Message": "busy", "SenderFault": False}],
}
SNS_PARTIAL = b"""<PublishBatchResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/">
<PublishBatchResult><Successful><member><Id>0</Id><MessageId>m</MessageId></member></Successful>
<Failed><member><Id>1</Id><Code>InternalError</Code><Message>busy</Message><SenderFault>false</SenderFault></member>
</Failed></PublishBatchResult></PublishBatchResponse>"""
BUS_PARTIAL = {
    "FailedEntryCount": 1,
    "Entries": [{"EventId": "e"}, {"ErrorCode": "ThrottlingException", "ErrorMessage": "busy"}],
}


def opened(name: str, endpoint: str) -> Sink:
    aws = AwsOptions(region=REGION, endpoint_url=endpoint, timeout=2.0)
    return open_sink(name, SinkOptions(aws=aws))


def refused(name: str, status: int, answer: bytes) -> SinkError:
    with ExitStack() as stack:
        told = stack.enter_context(told_server((status, answer)))
        sink = stack.enter_context(closing(opened(name, told.endpoint)))
        with pytest.raises(SinkError) as caught:
            sink.send(messages(1, 2))
    return caught.value


QUEUE = f"sqs:https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/q"


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        (QUEUE, json.dumps(SQS_PARTIAL).encode()),
        (f"sns:arn:aws:sns:{REGION}:{ACCOUNT}:t", SNS_PARTIAL),
        ("events://bus", json.dumps(BUS_PARTIAL).encode()),
    ],
)
def test_a_batch_of_which_a_part_is_refused_says_how_many(name: str, answer: bytes) -> None:
    error = refused(name, 200, answer)
    assert "1 of 2 messages were not taken" in str(error)
    assert not error.lasting


def test_only_what_was_refused_is_sent_again() -> None:
    whole = {"Successful": [{"Id": "0", "MessageId": "m", "MD5OfMessageBody": ""}], "Failed": []}
    answers = [(200, json.dumps(each).encode()) for each in (SQS_PARTIAL, whole)]
    with told_server(*answers) as told, closing(opened(QUEUE, told.endpoint)) as sink:
        with pytest.raises(SinkError):
            sink.send(messages(1, 2))
        sink.send(messages(1, 2))
        again = json.loads(told.bodies[1])["Entries"]
    assert [json.loads(each["MessageBody"])["id"] for each in again] == ["v2"]


def test_an_entry_that_is_the_sender_s_fault_is_lasting() -> None:
    failed = [{"Id": "1", "Code": "InvalidMessageContents", "Message": "", "SenderFault": True}]
    answer = {"Successful": SQS_PARTIAL["Successful"], "Failed": failed}
    assert refused(QUEUE, 200, json.dumps(answer).encode()).lasting


@pytest.mark.parametrize(
    ("status", "code", "lasting"),
    [
        (400, "AccessDeniedException", True),
        (400, "ResourceNotFoundException", True),
        (403, "UnrecognizedClientException", True),
        (400, "ExpiredTokenException", True),
        (400, "ThrottlingException", False),
        (400, "RequestLimitExceeded", False),
        (500, "InternalException", False),
        (503, "ServiceUnavailable", False),
        (503, "", False),
    ],
)
def test_which_faults_last(status: int, code: str, lasting: bool) -> None:
    answer = json.dumps({"__type": code, "message": "no"}).encode()
    assert refused("events://bus", status, answer).lasting is lasting


def test_nobody_there_passes_by() -> None:
    with closing(opened(QUEUE, "http://127.0.0.1:1")) as sink, pytest.raises(SinkError) as caught:
        sink.send(messages(1, 1))
    assert not caught.value.lasting


def test_without_credentials_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    told = pytest.raises(SinkError, match="Unable to locate credentials")
    with closing(opened(QUEUE, "http://127.0.0.1:1")) as sink, told as caught:
        sink.send(messages(1, 1))
    assert caught.value.lasting


def test_without_a_region_it_says_so() -> None:
    with pytest.raises(SinkError, match="sqs://q: You must specify a region"):
        SqsSink("q")


def test_a_queue_s_url_says_its_region() -> None:
    SqsSink(QUEUE.removeprefix("sqs:")).close()
