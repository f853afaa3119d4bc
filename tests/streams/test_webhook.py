"""A webhook is delivered in batches, tells what went wrong, and shows no secret."""

import gzip
import json
import logging
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from cloudcascade.streams import SinkError
from cloudcascade.streams.sinks.webhook import WebhookOptions, WebhookSink
from cloudcascade.streams.sinks.webhook_headers import read_headers
from cloudcascade.tests.support.messages import message, messages

NOW = 1_715_688_000.0


@dataclass
class Answer:
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass
class Receiver:
    """A web server on this machine: what it got, and what it is to answer, the last answer again and again."""

    url: str = ""
    answers: list[Answer] = field(default_factory=lambda: [Answer()])
    bodies: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)

    def take(self) -> Answer:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    got = Receiver()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            got.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            got.headers.append(dict(self.headers))
            got.paths.append(self.path)
            answer = got.take()
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, *_: Any) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        got.url = f"http://127.0.0.1:{server.server_port}/hook"
        yield got
        server.shutdown()
        thread.join()


@pytest.fixture
def sink(receiver: Receiver) -> Iterator[WebhookSink]:
    made = WebhookSink(receiver.url, clock=lambda: NOW)
    yield made
    made.close()


def send(url: str, numbers: tuple[int, int] = (1, 3), **options: Any) -> None:
    made = WebhookSink(url, WebhookOptions(**options), clock=lambda: NOW)
    try:
        made.send(messages(*numbers))
    finally:
        made.close()


def refused(url: str, **options: Any) -> SinkError:
    with pytest.raises(SinkError) as caught:
        send(url, **options)
    return caught.value


def test_a_batch_is_lines_of_json(receiver: Receiver) -> None:
    send(receiver.url)
    assert receiver.bodies == [b"".join(each.line + b"\n" for each in messages(1, 3))]
    assert receiver.headers[0]["Content-Type"] == "application/x-ndjson"


def test_a_batch_may_be_an_array(receiver: Receiver) -> None:
    send(receiver.url, body="json")
    assert [each["id"] for each in json.loads(receiver.bodies[0])] == ["v1", "v2", "v3"]
    assert receiver.headers[0]["Content-Type"] == "application/json"


def test_a_batch_may_be_compressed(receiver: Receiver) -> None:
    send(receiver.url, compress=True)
    assert gzip.decompress(receiver.bodies[0]).count(b"\n") == 3
    assert receiver.headers[0]["Content-Encoding"] == "gzip"


def test_a_header_takes_the_place_of_the_sink_s_own(receiver: Receiver) -> None:
    send(receiver.url, headers={"content-type": "application/vnd.siem"})
    kinds = [value for name, value in receiver.headers[0].items() if name.lower() == "content-type"]
    assert kinds == ["application/vnd.siem"]


def test_what_is_for_this_machine_goes_through_no_proxy(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    send(receiver.url)
    assert len(receiver.bodies) == 1


def test_a_proxy_that_cannot_be_used_is_told_without_its_password(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "gopher://me:s3cret@proxy")
    with pytest.raises(SinkError, match="the proxy or the certificates") as caught:
        WebhookSink("https://siem.example/")
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("options", "sizes"),
    [
        ({"most_messages": 2}, [2, 2, 1]),
        ({"most_bytes": 2 * len(message(1).line) + 2}, [2, 2, 1]),
        ({"most_bytes": 10}, [1, 1, 1, 1, 1]),
        ({}, [5]),
    ],
)
def test_many_messages_are_several_requests(
    receiver: Receiver, options: dict[str, int], sizes: list[int]
) -> None:
    send(receiver.url, (1, 5), **options)
    assert [body.count(b"\n") for body in receiver.bodies] == sizes


def test_a_batch_sent_again_has_the_same_key_and_another_one_another(
    receiver: Receiver, sink: WebhookSink
) -> None:
    receiver.answers = [Answer(503), Answer(200)]
    with pytest.raises(SinkError):
        sink.send(messages(1, 3))
    sink.send(messages(1, 3))
    sink.send(messages(4, 4))
    first, again, other = [each["Idempotency-Key"] for each in receiver.headers]
    assert first == again != other


def test_what_was_taken_before_a_fault_is_not_sent_again(receiver: Receiver) -> None:
    receiver.answers = [Answer(200), Answer(503), Answer(200)]
    sink = WebhookSink(receiver.url, WebhookOptions(most_messages=2))
    with pytest.raises(SinkError):
        sink.send(messages(1, 4))
    sink.send(messages(1, 4))
    sink.close()
    sent = [[json.loads(line)["id"] for line in body.splitlines()] for body in receiver.bodies]
    assert sent == [["v1", "v2"], ["v3", "v4"], ["v3", "v4"]]


@pytest.mark.parametrize(
    ("status", "lasting"),
    [
        (408, False),
        (425, False),
        (429, False),
        (500, False),
        (503, False),
        (400, True),
        (401, True),
        (403, True),
        (404, True),
        (413, True),
        (301, True),
        (304, True),
    ],
)
def test_which_faults_last(receiver: Receiver, status: int, lasting: bool) -> None:
    receiver.answers = [Answer(status)]
    error = refused(receiver.url)
    assert error.lasting is lasting
    assert f"status {status}" in str(error)


@pytest.mark.parametrize(
    ("told", "wait"),
    [
        ("120", 120.0),
        ("0", 0.0),
        (formatdate(NOW + 90, usegmt=True), 90.0),
        (formatdate(NOW - 90, usegmt=True), 0.0),
        ("soon", None),
        ("-5", None),
        ("9" * 400, 999_999_999_999.0),
    ],
)
def test_how_long_to_wait_is_handed_on(receiver: Receiver, told: str, wait: float | None) -> None:
    receiver.answers = [Answer(429, {"Retry-After": told})]
    assert refused(receiver.url).wait == wait


def test_a_redirect_is_not_followed(receiver: Receiver) -> None:
    receiver.answers = [Answer(307, {"Location": receiver.url + "/elsewhere"})]
    assert "redirect, which is not followed" in str(refused(receiver.url))
    assert receiver.paths == ["/hook"]


def test_nobody_there_passes_by() -> None:
    error = refused("http://127.0.0.1:1/hook", timeout=2.0)
    assert not error.lasting
    assert str(error).startswith("http://127.0.0.1:1/hook: ")


def test_an_answer_that_does_not_come_passes_by() -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as silent:
        error = refused(f"http://127.0.0.1:{silent.server_port}/", timeout=0.1)
    assert not error.lasting


def test_the_beginning_of_the_answer_is_told_on_one_line(receiver: Receiver) -> None:
    receiver.answers = [Answer(400, body=b"no\r\n\x1b[31mlike\x00this" + b"x" * 100_000)]
    text = str(refused(receiver.url))
    assert "status 400: no [31mlike this" in text
    assert len(text) < 300
    assert text.isprintable()


class TestSecrets:
    def test_headers_come_from_the_environment_and_from_a_file(
        self, receiver: Receiver, tmp_path: Path
    ) -> None:
        file = tmp_path / "headers"
        file.write_text("# for the gateway\n\nX-Tenant: blue\n")
        headers = read_headers(["Authorization=TOKEN"], file, {"TOKEN": "Bearer s3cret"})
        send(receiver.url, headers=headers)
        assert receiver.headers[0]["Authorization"] == "Bearer s3cret"
        assert receiver.headers[0]["X-Tenant"] == "blue"

    @pytest.mark.parametrize(
        ("pair", "environment", "reason"),
        [
            ("Authorization: Bearer s3cret", {}, "is written NAME=VARIABLE"),
            ("Authorization=s3cret", {}, "the environment variable that it names is not set"),
            ("Authori zation=TOKEN", {"TOKEN": "s3cret"}, "is no name of a header"),
            ("Authorization=TOKEN", {"TOKEN": "s3cret\r\nX: y"}, "cannot be sent"),
            ("Authorization=TOKEN", {"TOKEN": ""}, "cannot be sent"),
            ("Content-Length=TOKEN", {"TOKEN": "s3cret"}, "is set by the sink"),
        ],
    )
    def test_what_is_no_header_is_told_without_its_value(
        self, pair: str, environment: dict[str, str], reason: str
    ) -> None:
        with pytest.raises(SinkError, match=reason) as caught:
            read_headers([pair], None, environment)
        assert "s3cret" not in str(caught.value)

    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            (b"s3cret", "headers:1: no header"),
            (b"\nX-A: b\n:s3cret", "headers:3: '' is no name of a header"),
            (b"X-A: s3cret\xff", "headers: no UTF-8"),
            (b"#" * 100_000, "headers: too large for a file of headers"),
            (None, "headers: No such file or directory"),
        ],
    )
    def test_what_is_no_header_in_a_file_is_told_with_its_line(
        self, tmp_path: Path, content: bytes | None, reason: str
    ) -> None:
        file = tmp_path / "headers"
        if content is not None:
            file.write_bytes(content)
        with pytest.raises(SinkError, match=reason) as caught:
            read_headers([], file, {})
        assert "s3cret" not in str(caught.value)

    def test_they_stand_in_no_name_error_log_or_representation(
        self, receiver: Receiver, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        url = receiver.url.replace("127", "robot:s3cret@127") + "?token=s3cret#s3cret"
        options = WebhookOptions(headers={"X-Key": "s3cret"})
        receiver.answers = [Answer(403, body=b"no such token: s3cret")]
        sink = WebhookSink(url, options)
        with pytest.raises(SinkError) as caught:
            sink.send(messages(1, 1))
        sink.close()
        assert sink.name == receiver.url
        assert receiver.paths == ["/hook?token=s3cret"]
        assert receiver.headers[0]["Authorization"].startswith("Basic ")
        assert "s3cret" not in f"{caught.value} {options!r} {caplog.text}"
        assert str(caught.value).endswith("status 403: no such token: ***")


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://siem.example/hook", "in the clear"),
        ("http://127.0.0.1.example/hook", "in the clear"),
        ("http://10.0.0.1/", "in the clear"),
        ("ftp://siem.example/", "is no http or https address"),
        ("https://", "is no http or https address"),
        ("https://siem.example:s3cret/", "this is no web address"),
    ],
)
def test_an_address_that_may_not_be_used(url: str, reason: str) -> None:
    error = refused(url)
    assert reason in str(error)
    assert error.lasting


@pytest.mark.parametrize("url", ["http://localhost/", "http://[::1]/", "https://siem.example/"])
def test_an_address_that_may_be_used(url: str) -> None:
    WebhookSink(url).close()


def test_verdicts_may_go_in_the_clear_where_somebody_says_so() -> None:
    WebhookSink("http://siem.example/hook", WebhookOptions(plain_http=True)).close()
