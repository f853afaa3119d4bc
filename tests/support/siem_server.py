"""A web server on this machine that speaks the APIs of the platforms whose tables are filled, limits and all."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlsplit


@dataclass
class Request:
    """What was asked."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def changes(self) -> bool:
        """Whether it is meant to change anything."""
        return self.method != "GET"

    def json(self) -> Any:
        """The body; a client that calls it something else gets no answer."""
        assert self.headers.get("content-type") == "application/json", self.headers
        return json.loads(self.body)


@dataclass
class Reply:
    """What is answered."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


class Platform:
    """One platform: what it holds, and how it answers. `url` is what a person gives with --url."""

    credentials: ClassVar[Mapping[str, str]] = {}
    """By header, in small letters, what is let in."""
    base = ""

    def __init__(self) -> None:
        self.url = ""
        self.page = 3
        """Rows of a page, however many are asked for."""
        self.there = True
        self.busy = 0
        """How many requests are answered with 429 before any other."""
        self.changes_left: int | None = None
        """After so many requests that change something the platform is out of order."""
        self.log: list[Request] = []

    def answer(self, request: Request) -> Reply:
        """The whole way of a request."""
        self.log.append(request)
        for name, value in self.credentials.items():
            if request.headers.get(name) != value:
                return self.refusal()
        if self.busy:
            self.busy -= 1
            return Reply(429, {"error": "slow down"}, {"Retry-After": "0"})
        if request.changes and self.changes_left is not None:
            if not self.changes_left:
                return Reply(503, {"error": "out of order"})
            self.changes_left -= 1
        return self.serve(request)

    def refusal(self) -> Reply:
        """What is said to wrong credentials."""
        return Reply(401, {"error": "unauthorized"})

    def serve(self, request: Request) -> Reply:
        """The answer to somebody who may ask."""
        raise NotImplementedError

    def ids(self) -> list[str]:
        """The event ids that the table holds, in order, each as often as it does."""
        raise NotImplementedError

    def columns(self) -> set[str]:
        """The columns that the rows have."""
        raise NotImplementedError

    def seed(self, event_id: str, time: float, cascade: str = "aws.iam.other") -> None:
        """A row that somebody else made, of an event at that time."""
        raise NotImplementedError

    @property
    def changed(self) -> int:
        """How many requests were meant to change something."""
        return sum(each.changes for each in self.log)


@contextmanager
def serving(platform: Platform) -> Iterator[Platform]:
    """The platform, on the air."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 64 << 10  # head and body leave together

        def handle_any(self) -> None:
            size = int(self.headers.get("Content-Length") or 0)
            split = urlsplit(self.path)
            request = Request(
                self.command,
                split.path,
                dict(parse_qsl(split.query, keep_blank_values=True)),
                {name.lower(): value for name, value in self.headers.items()},
                self.rfile.read(size),
            )
            reply = platform.answer(request)
            body = (
                reply.body
                if isinstance(reply.body, bytes)
                else b""
                if reply.body is None
                else json.dumps(reply.body).encode()
            )
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = do_DELETE = handle_any

        def log_message(self, *_: Any) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        platform.url = f"http://127.0.0.1:{server.server_port}{platform.base}"
        yield platform
        server.shutdown()
        thread.join()
