"""`cascade watch` from end to end, against a simulator of AWS over HTTP."""

import gzip
import json
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from cloudcascade.tests.support.aws_server import REGION, client, moto_server, set_credentials
from cloudcascade.tests.support.cloudtrail import Event
from cloudcascade.tests.support.offboarding import deactivate, delete_user

COMMAND = [sys.executable, "-c", "from cloudcascade.cli.main import main; main()", "watch"]
KEY = "AWSLogs/111111111111/CloudTrail/us-east-1/2024/05/14/{}_CloudTrail_us-east-1_20240514T0905Z_x.json.gz"
DAY = 24 * 3_600


@pytest.fixture(scope="module")
def aws() -> Iterator[str]:
    patch = pytest.MonkeyPatch()
    set_credentials(patch)
    with moto_server() as endpoint:
        yield endpoint
    patch.undo()


def run(aws: str, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, "--endpoint-url", aws, "--region", REGION, *options],
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )


@contextmanager
def running(aws: str, *options: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [*COMMAND, "--endpoint-url", aws, "--region", REGION, *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def until(true: Callable[[], Any], seconds: float = 60.0) -> Any:
    end = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.1)
    return found


def put(aws: str, bucket: str, name: str, events: Sequence[Event]) -> str:
    key = KEY.format(name)
    with client("s3", aws) as s3:
        if bucket not in {each["Name"] for each in s3.list_buckets()["Buckets"]}:
            s3.create_bucket(Bucket=bucket)
        content = gzip.compress(json.dumps({"Records": list(events)}).encode())
        s3.put_object(Bucket=bucket, Key=key, Body=content)
    return key


def verdicts(text: str) -> dict[str, str]:
    return {
        line["event_id"]: line["verdict"]
        for line in map(json.loads, text.splitlines())
        if line["final"]
    }


OFFBOARDING = [deactivate("mfa", 0), delete_user("gone", 60)]
NEXT_DAY = [delete_user("next", DAY, "eve")]


def test_from_a_queue_over_a_kill_to_a_file(aws: str, tmp_path: Path) -> None:
    with client("sqs", aws) as sqs:
        queue = sqs.create_queue(QueueName="notified")["QueueUrl"]
        out = tmp_path / "verdicts.ndjson"
        options = ("sqs://notified", "--state", str(tmp_path / "state"), "--sink", str(out))

        def notify(name: str, events: Sequence[Event]) -> None:
            key = put(aws, "trail", name, events)
            record = {
                "eventName": "ObjectCreated:Put",
                "eventSource": "aws:s3",
                "s3": {"bucket": {"name": "trail"}, "object": {"key": key, "size": 1}},
            }
            sqs.send_message(QueueUrl=queue, MessageBody=json.dumps({"Records": [record]}))

        def left() -> int:
            names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
            found = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=names)["Attributes"]
            return sum(map(int, found.values()))

        notify("first", OFFBOARDING)
        with running(aws, *options) as first:
            until(lambda: not left())
            first.send_signal(signal.SIGKILL)
        assert out.read_text() == ""
        notify("second", NEXT_DAY)
        with running(aws, *options) as second:
            until(lambda: len(out.read_text().splitlines()) == 2)
            second.send_signal(signal.SIGTERM)
            assert second.wait(timeout=60) == 0
        assert verdicts(out.read_text()) == {"mfa": "effect", "gone": "origin"}
        assert not left()


def test_a_queue_wants_a_state(aws: str) -> None:
    with client("sqs", aws) as sqs:
        sqs.create_queue(QueueName="stateless")
    done = run(aws, "sqs://stateless", "--once")
    assert done.returncode == 2
    assert "name a --state FILE" in done.stderr


def test_from_a_bucket_in_several_runs_to_a_queue(aws: str, tmp_path: Path) -> None:
    with client("sqs", aws) as sqs:
        queue = sqs.create_queue(QueueName="told")["QueueUrl"]
        options = ("s3://bucket/AWSLogs/", "--once", "--state", str(tmp_path / "state"))
        put(aws, "bucket", "first", OFFBOARDING)
        assert run(aws, *options, "--sink", "sqs://told").returncode == 0
        put(aws, "bucket", "second", NEXT_DAY)
        assert run(aws, *options, "--sink", "sqs://told", "--finish").returncode == 0
        bodies = []
        while found := sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages"):
            bodies += [each["Body"] for each in found]
    assert verdicts("\n".join(bodies)) == {"mfa": "effect", "gone": "origin", "next": "origin"}


def test_from_a_stream_to_standard_output_as_ocsf(aws: str) -> None:
    with client("kinesis", aws) as kinesis:
        kinesis.create_stream(StreamName="events", ShardCount=2)
        for event in OFFBOARDING:
            kinesis.put_record(
                StreamName="events", PartitionKey=event["eventID"], Data=json.dumps(event).encode()
            )
    done = run(aws, "kinesis://events", "--once", "--format", "ocsf")
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert {(each["class_uid"], each["finding_info"]["uid"]) for each in found} == {
        (2004, "mfa"),
        (2004, "gone"),
    }


def test_metrics_and_health_tell_of_a_run(tmp_path: Path) -> None:
    log = tmp_path / "trail.ndjson"
    log.write_text("".join(json.dumps(event) + "\n" for event in OFFBOARDING) + "{broken\n")
    command = [*COMMAND, str(log), "--metrics", "127.0.0.1:0", "--log-format", "json"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
        assert process.stderr is not None
        line = json.loads(process.stderr.readline())
        assert line["event"] == "serving metrics"
        page_at = line["fields"]["at"]

        def told() -> str:
            with urllib.request.urlopen(page_at, timeout=5) as answer:
                return str(answer.read().decode())

        page = until(lambda: page if "cascade_events_total 2.0" in (page := told()) else None)
        assert "cascade_listed_total 2.0" in page
        assert "cascade_undecodable_total 1.0" in page
        assert "cascade_pending 2.0" in page
        with urllib.request.urlopen(page_at.replace("/metrics", "/readyz"), timeout=5) as answer:
            assert answer.status == 200
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)


def test_no_bucket_ends_the_run_with_the_reason(aws: str) -> None:
    done = run(aws, "s3://no-such-bucket-here/", "--once")
    assert done.returncode == 2
    assert "no-such-bucket-here" in done.stderr
    assert "Traceback" not in done.stderr
