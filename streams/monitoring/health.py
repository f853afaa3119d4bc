"""A small web server beside the loop: `/metrics`, `/healthz` and `/readyz`.

`/healthz` says 200 while the loop has turned lately, `/readyz` while its state is restored, its source open and
it keeps up; else 503. Both answer a JSON object with `ok` and, where it is not, `reason`. Anything else is 404.
"""

import socket
import threading
import time
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import ip_address
from socketserver import TCPServer
from typing import Any, Final, NamedTuple, Self

import msgspec

from .metrics import Metrics, MetricsError

DEFAULT_ADDRESS: Final = "127.0.0.1:9464"

_MOST_REQUESTS = 16
_TIMEOUT = 5.0


class _Answer(NamedTuple):
    status: HTTPStatus
    kind: str
    content: bytes


class HealthServer:
    """Serves in threads of its own from its making until `close`.

    At most 16 requests are answered at a time; when more come, those that have taken more than five seconds are
    cut off, and where there is none the new one is.
    """

    def __init__(
        self,
        metrics: Metrics,
        address: str = DEFAULT_ADDRESS,
        *,
        alive_within: float = 60.0,
        anywhere: bool = False,
    ) -> None:
        """`address` is HOST:PORT, with an IPv6 address in brackets; port 0 takes any that is free. Only with
        `anywhere` may it be one that other machines reach. `alive_within` is in seconds.

        Raises:
            MetricsError: the address is none, or may not be used.
        """
        host, port = _parsed(address)
        if not anywhere and not _is_this_machine(host):
            raise MetricsError(
                f"{address}: other machines could read the metrics there; say so if they may",
            )
        try:
            self._server = _Server(host, port, metrics, alive_within)
        except OSError as error:
            raise MetricsError(f"{address}: {error.strerror or error}") from error
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.1,), name="health", daemon=True
        )
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop answering; requests under way are cut off."""
        self._server.shutdown()
        self._thread.join()
        self._server.close_all()


class _Server(HTTPServer):
    """Answers each request in a thread, within bounds."""

    request_queue_size = 2 * _MOST_REQUESTS

    def __init__(self, host: str, port: int, metrics: Metrics, alive_within: float) -> None:
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.metrics = metrics
        self.alive_within = alive_within
        self._open: dict[socket.socket, tuple[threading.Thread, float]] = {}
        self._lock = threading.Lock()
        super().__init__((host, port), _Handler)

    def server_bind(self) -> None:
        """Without asking for the host's full name, which may take long and is not used."""
        TCPServer.server_bind(self)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer in a thread, unless too many are answered already."""
        with self._lock:
            if len(self._open) >= _MOST_REQUESTS:
                self._cut_off(time.monotonic() - _TIMEOUT)
                self.shutdown_request(request)
                return
            thread = threading.Thread(
                target=self._answer, args=(request, client_address), daemon=True
            )
            self._open[request] = (thread, time.monotonic())
        thread.start()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever asked has gone: nothing to say to anybody."""

    def close_all(self) -> None:
        """Cut off what is under way, and let go of every connection."""
        with self._lock:
            self._cut_off(time.monotonic() + 1)
            threads = [thread for thread, _ in self._open.values()]
        for thread in threads:
            thread.join()
        self.server_close()

    def _answer(self, request: socket.socket, client_address: Any) -> None:
        try:
            self.finish_request(request, client_address)
        except OSError:
            pass
        finally:
            with self._lock:
                del self._open[request]
            self.shutdown_request(request)

    def _cut_off(self, before: float) -> None:
        for request, (_, started) in self._open.items():
            if started < before:
                try:
                    request.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue


class _Handler(BaseHTTPRequestHandler):
    """Answers GET and HEAD, once for each connection."""

    server: _Server
    timeout = _TIMEOUT
    server_version = "cloudcascade"
    sys_version = ""

    def do_GET(self) -> None:
        """The page, with its content."""
        self._tell(with_content=True)

    def do_HEAD(self) -> None:
        """The page, without its content."""
        self._tell(with_content=False)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # its name above
        """Requests are not logged."""

    def _tell(self, *, with_content: bool) -> None:
        answer = _page(self.path.partition("?")[0], self.server.metrics, self.server.alive_within)
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.kind)
        self.send_header("Content-Length", str(len(answer.content)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        if with_content:
            self.wfile.write(answer.content)


def _page(path: str, metrics: Metrics, alive_within: float) -> _Answer:
    match path:
        case "/metrics":
            content, kind = metrics.exposition()
            return _Answer(HTTPStatus.OK, kind, content)
        case "/healthz":
            return _judged(_why_not_alive(metrics, alive_within))
        case "/readyz":
            return _judged(_why_not_alive(metrics, alive_within) or _why_not_ready(metrics))
        case _:
            return _Answer(HTTPStatus.NOT_FOUND, "text/plain", b"no such page\n")


def _why_not_alive(metrics: Metrics, within: float) -> str | None:
    _, age = metrics.last()
    if age is None:
        return "the loop has not turned yet"
    return f"the loop last turned {age:.0f} seconds ago" if age > within else None


def _why_not_ready(metrics: Metrics) -> str | None:
    facts, _ = metrics.last()
    if not facts.ready:
        return facts.not_ready
    return "overload" if facts.overload else None


def _judged(reason: str | None) -> _Answer:
    if reason is None:
        return _Answer(HTTPStatus.OK, "application/json", b'{"ok":true}\n')
    content = msgspec.json.encode({"ok": False, "reason": reason}) + b"\n"
    return _Answer(HTTPStatus.SERVICE_UNAVAILABLE, "application/json", content)


def _parsed(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    bare = host.removeprefix("[").removesuffix("]") if host.startswith("[") else host
    if not bare or (":" in bare and bare == host) or not (port.isascii() and port.isdigit()):
        raise MetricsError(f"{address!r} is no address; write HOST:PORT")
    if int(port) > 65_535:
        raise MetricsError(f"{address!r}: there is no such port")
    return bare, int(port)


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
