"""Clients of moto's server, and a server in front of it that fails as AWS sometimes does."""

import http.client
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

from cloudcascade.streams.sources import SourceOptions
from cloudcascade.streams.sources.aws import session

REGION = "eu-west-1"


class Aws:
    """A name of its own for whatever a test makes, and clients that are closed at its end."""

    def __init__(self, endpoint: str, name: str) -> None:
        self.endpoint = endpoint
        self.name = name
        self._clients: list[Any] = []

    def client(self, service: str) -> Any:
        made = session().client(service, region_name=REGION, endpoint_url=self.endpoint)
        self._clients.append(made)
        return made

    def options(self, **more: Any) -> SourceOptions:
        return SourceOptions(**{"endpoint_url": self.endpoint, "region": REGION, **more})

    def close(self) -> None:
        for each in self._clients:
            each.close()


# The status and body to answer with, bytes to be sent raw before hanging up, or None to let AWS answer.
Answer = tuple[int, bytes] | bytes | None


def error(code: str) -> bytes:
    """An error as S3 writes it."""
    return f"<Error><Code>{code}</Code><Message>said so</Message></Error>".encode()


@contextmanager
def in_front_of(endpoint: str, answer: Callable[[str, str, bytes], Answer]) -> Iterator[str]:
    """A server that asks `answer(method, path, body)` first, and passes on what it leaves."""
    behind = urlsplit(endpoint)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _handle(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            said = answer(self.command, self.path, body)
            if isinstance(said, bytes):
                self.wfile.write(said)
                self.close_connection = True
                return
            if said is not None:
                self._reply(said[0], [("Content-Type", "text/xml")], said[1])
                return
            connection = http.client.HTTPConnection(behind.hostname or "", behind.port, timeout=10)
            try:
                connection.request(self.command, self.path, body, dict(self.headers))
                response = connection.getresponse()
                headers = [
                    (name, value)
                    for name, value in response.getheaders()
                    if name.lower() not in ("transfer-encoding", "connection", "content-length")
                ]
                self._reply(response.status, headers, response.read())
            finally:
                connection.close()

        def _reply(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
            self.send_response(status)
            for name, value in headers:
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = do_HEAD = _handle

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
