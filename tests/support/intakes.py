"""SIEMs on this machine that speak as much of their ingestion as `cascade watch` does, and keep what they took."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Kept = dict[str, Any]
KEYS = {
    "DD_API_KEY": "datadog-key",
    "GOOGLE_KEY": "google-key",
    "FEED_SECRET": "feed-secret",
    "SPLUNK_HEC": "Splunk 11112222-3333-4444-5555-666677778888",
    "FILEBEAT_SECRET": "filebeat-secret",
}


@dataclass
class Intake:
    """Where it listens, what it took, and the statuses that it answered."""

    url: str = ""
    kept: list[Kept] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Request:
    """A request: headers by their names in lower case."""

    path: str
    asked: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes


class Refused(Exception):
    """The status with which a request is refused."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


def datadog_logs(request: Request) -> tuple[int, list[Kept]]:
    """https://docs.datadoghq.com/api/latest/logs/send-logs/ : one log or an array of at most 1,000, 5 MB in all."""
    _expect(request.path == "/api/v2/logs", 404)
    _expect(request.headers.get("dd-api-key") == KEYS["DD_API_KEY"], 403)
    _expect(len(request.body) <= 5_000_000, 413)
    _expect(request.headers.get("content-type") == "application/json", 415)
    logs = _json(request.body)
    logs = logs if isinstance(logs, list) else [logs]
    _expect(len(logs) <= 1_000, 413)
    _expect(all(isinstance(log, dict) for log in logs), 400)
    source = request.asked.get("ddsource", [""])[0]
    return 202, [{"source": source, **log} for log in logs]


def secops_feed(request: Request) -> tuple[int, list[Kept]]:
    """https://docs.cloud.google.com/chronicle/docs/ingestion/setup-siem-webhook : a JSON object a line, split at the
    feed's delimiter `\\n`, 4 MB in all; of the log type UDM, which must say when and of which type."""
    _expect(request.path.endswith(":importPushLogs"), 404)
    _expect(request.headers.get("x-goog-api-key") == KEYS["GOOGLE_KEY"], 401)
    _expect(request.headers.get("x-webhook-access-key") == KEYS["FEED_SECRET"], 401)
    _expect(request.headers.get("content-type") == "application/json", 415)
    _expect(len(request.body) <= 4_000_000, 413)
    events = [_json(line) for line in request.body.split(b"\n") if line]
    for event in events:
        _expect({"event_timestamp", "event_type"} <= event["metadata"].keys(), 400)
    return 200, events


def splunk_collector(request: Request) -> tuple[int, list[Kept]]:
    """The raw endpoint takes any text, of which the source type makes an event a line.

    https://help.splunk.com/splunk-enterprise/get-data-in/collect-http-event-data/format-events-for-http-event-collector
    """
    _expect(request.path == "/services/collector/raw", 404)
    _expect(request.headers.get("authorization") == KEYS["SPLUNK_HEC"], 403)
    sourcetype = request.asked.get("sourcetype", [""])[0]
    events = [_json(line) for line in request.body.split(b"\n") if line]
    return 200, [{"sourcetype": sourcetype, **event} for event in events]


def filebeat_endpoint(request: Request) -> tuple[int, list[Kept]]:
    """https://www.elastic.co/docs/reference/beats/filebeat/filebeat-input-http_endpoint : an object or an array of
    objects as application/json, each below `json`; a header is to hold a secret."""
    _expect(request.headers.get("x-cascade-secret") == KEYS["FILEBEAT_SECRET"], 401)
    _expect(request.headers.get("content-type") == "application/json", 415)
    told = _json(request.body)
    told = told if isinstance(told, list) else [told]
    _expect(all(isinstance(each, dict) for each in told), 400)
    return 200, [{"json": each} for each in told]


Endpoint = Callable[[Request], tuple[int, list[Kept]]]


@contextmanager
def listening(endpoint: Endpoint, path: str) -> Iterator[Intake]:
    """The intake at that path of a server on this machine."""
    got = Intake()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            parts = urlsplit(self.path)
            request = Request(
                parts.path,
                parse_qs(parts.query),
                {name.lower(): value for name, value in self.headers.items()},
                self.rfile.read(int(self.headers["Content-Length"])),
            )
            try:
                status, taken = endpoint(request)
                got.kept += taken
            except Refused as refusal:
                status = refusal.status
            got.statuses.append(status)
            self.send_response(status)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: Any) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        got.url = f"http://127.0.0.1:{server.server_port}{path}"
        yield got
        server.shutdown()
        thread.join()


def _json(text: bytes) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        raise Refused(400) from None


def _expect(held: bool, status: int) -> None:
    if not held:
        raise Refused(status)
