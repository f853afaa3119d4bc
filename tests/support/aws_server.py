"""AWS on this machine: moto over HTTP, and a server that answers what a test tells it to."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

REGION = "us-east-1"
ACCOUNT = "123456789012"  # moto's own


@contextmanager
def moto_server() -> Iterator[str]:
    """The address of a simulator of AWS that forgets everything at the end."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield f"http://{host}:{port}"
    finally:
        server.stop()


def set_credentials(patch: pytest.MonkeyPatch) -> None:
    """Credentials that no real account takes, and no look at a file or a network for others."""
    for name, value in {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": "/nowhere",
        "AWS_SHARED_CREDENTIALS_FILE": "/nowhere",
        "NO_PROXY": "*",
    }.items():
        patch.setenv(name, value)
    for name in (
        "AWS_PROFILE",
        "AWS_REGION",
        "AWS_DEFAULT_REGION",
        "AWS_ENDPOINT_URL",
        "AWS_SESSION_TOKEN",
    ):
        patch.delenv(name, raising=False)


@contextmanager
def client(service: str, endpoint: str) -> Iterator[Any]:
    """A client of the simulator."""
    import boto3  # type: ignore[import-untyped]

    made = boto3.session.Session().client(service, region_name=REGION, endpoint_url=endpoint)
    try:
        yield made
    finally:
        made.close()


@dataclass
class Told:
    """What a server that is told its answers got, and what it says, the last answer again and again."""

    endpoint: str = ""
    answers: list[tuple[int, bytes]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)


@contextmanager
def told_server(*answers: tuple[int, bytes]) -> Iterator[Told]:
    """A server that answers any call with these, one after the other."""
    told = Told(answers=list(answers))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            status, content = told.answers.pop(0) if len(told.answers) > 1 else told.answers[0]
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        told.endpoint = f"http://127.0.0.1:{server.server_port}"
        try:
            yield told
        finally:
            server.shutdown()
            thread.join()
