"""What a person types names a sink."""

import builtins
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cloudcascade.streams import SinkError
from cloudcascade.streams.sinks import AwsOptions, SinkOptions, open_sink
from cloudcascade.streams.sinks.rendering import line_id
from cloudcascade.streams.sinks.stdout import StdoutSink
from cloudcascade.tests.support.messages import message, messages

OPTIONS = SinkOptions(aws=AwsOptions(region="us-east-1"))


@pytest.mark.parametrize(
    ("typed", "kind", "name"),
    [
        ("-", "StdoutSink", "-"),
        ("verdicts.ndjson", "FileSink", "verdicts.ndjson"),
        ("./a:b", "FileSink", "a:b"),
        ("file:a:b", "FileSink", "a:b"),
        (
            "https://me:s3cret@siem.example/hook?k=s3cret",
            "WebhookSink",
            "https://siem.example/hook",
        ),
        ("sqs://queue", "SqsSink", "sqs://queue"),
        ("sqs:https://sqs.eu-west-1.amazonaws.com/1/q", "SqsSink", None),
        ("sns:arn:aws:sns:us-east-1:1:t", "SnsSink", None),
        ("events://default", "EventBridgeSink", "events://default"),
        ("events://arn:aws:events:eu-west-1:1:event-bus/b", "EventBridgeSink", None),
    ],
)
def test_what_names_which_sink(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, typed: str, kind: str, name: str | None
) -> None:
    monkeypatch.chdir(tmp_path)
    sink = open_sink(typed, OPTIONS)
    sink.close()
    assert (type(sink).__name__, sink.name) == (kind, name or typed)


@pytest.mark.parametrize(
    "typed", ["", "redis://cache", "s3:bucket", "sqs://", "sqs:queue", "events:bus", "events://"]
)
def test_what_names_none_tells_the_known_forms(typed: str) -> None:
    with pytest.raises(SinkError, match=r"names no sink; known are - \(standard output\)") as told:
        open_sink(typed, OPTIONS)
    assert told.value.lasting


def test_an_unknown_name_is_not_shown_whole() -> None:
    with pytest.raises(SinkError) as told:
        open_sink("redis://me:s3cret@cache", OPTIONS)
    assert "s3cret" not in str(told.value)


@pytest.mark.parametrize(
    ("package", "typed"),
    [("boto3", "sqs://q"), ("boto3", "events://b"), ("httpx", "https://siem.example/")],
)
def test_a_missing_package_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, package: str, typed: str
) -> None:
    real: Callable[..., Any] = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name.partition(".")[0] == package:
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(
        SinkError, match=rf"{package} is missing: pip install 'cloudcascade\[live\]'"
    ):
        open_sink(typed, OPTIONS)


def test_opening_a_file_imports_no_package_of_the_extra(tmp_path: Path) -> None:
    program = (
        "import sys\n"
        "from cloudcascade.streams.sinks import SinkOptions, open_sink\n"
        "open_sink(sys.argv[1], SinkOptions()).close()\n"
        "print([name for name in ('boto3', 'httpx', 'prometheus_client') if name in sys.modules])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "out")], capture_output=True, check=True
    )
    assert done.stdout == b"[]\n"


class TestStandardOutput:
    def test_a_message_is_a_line(self) -> None:
        read, write = os.pipe()
        StdoutSink(descriptor=write).send(messages(1, 2))
        os.close(write)
        with os.fdopen(read, "rb") as pipe:
            assert pipe.read() == message(1).line + b"\n" + message(2).line + b"\n"

    def test_a_reader_that_has_gone_is_lasting(self) -> None:
        read, write = os.pipe()
        os.close(read)
        with pytest.raises(SinkError, match="nobody reads it any more") as told:
            StdoutSink(descriptor=write).send(messages(1, 1))
        os.close(write)
        assert told.value.lasting


@pytest.mark.parametrize(
    "foreign", [b"", b"{", b"[1]", b'{"id": 5}', b"\xff\xfe", b'{"a": "\xff"}']
)
def test_a_line_that_is_none_of_ours_has_no_id(foreign: bytes) -> None:
    assert line_id(foreign) is None
