"""Verdicts to a web address: a POST for each batch."""

import gzip
import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from ..sink import Message
from ..web import Site
from .batching import Acknowledged, chunks
from .rendering import Render, as_ndjson

Body = Literal["ndjson", "json"]

_CONTENT_TYPES: Final[Mapping[Body, str]] = {
    "ndjson": "application/x-ndjson",
    "json": "application/json",
}


@dataclass(frozen=True, slots=True)
class WebhookOptions:
    """How a batch is posted.

    `body`: a line for each verdict, or one JSON array. `most_messages` and `most_bytes` (before compression)
    bound one request; a single verdict that is larger goes alone. `timeout` is in seconds, for the connection and
    for each wait on the answer. `headers` are sent along and never shown. `plain_http` lets http:// lead to other
    machines than this one.
    """

    body: Body = "ndjson"
    most_messages: int = 500
    most_bytes: int = 1 << 20
    timeout: float = 10.0
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    compress: bool = False
    plain_http: bool = False


class WebhookSink:
    """Posts batches to one address; any status 2xx means they are delivered.

    `Idempotency-Key` is made of the messages' ids: a batch that is sent again as it was has the same. `Site` says
    which faults pass by, and what of the address is shown.
    """

    def __init__(
        self,
        url: str,
        options: WebhookOptions = WebhookOptions(),  # frozen
        *,
        render: Render = as_ndjson,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Nothing is connected yet.

        Raises:
            SinkError: httpx is missing, or the address is none that may be used.
        """
        self._site = Site(
            url,
            headers=options.headers,
            timeout=options.timeout,
            plain_http=options.plain_http,
            clock=clock,
        )
        self.name = self._site.name
        self._options = options
        self._render = render
        self._acknowledged = Acknowledged()

    def send(self, messages: Sequence[Message]) -> None:
        """See `Sink.send`."""
        rendered = {each.id: self._render(each.line) for each in self._acknowledged.rest(messages)}
        sized = [(each, len(rendered[each.id]) + 1) for each in messages if each.id in rendered]
        limits = self._options
        for chunk in chunks(
            sized, most_messages=limits.most_messages, most_bytes=limits.most_bytes
        ):
            self._post([rendered[each.id] for each in chunk], _key(chunk))
            self._acknowledged.add(chunk)
        self._acknowledged.through()

    def close(self) -> None:
        """Let go of the connections."""
        self._site.close()

    def _post(self, lines: Sequence[bytes], key: str) -> None:
        content = _content(lines, self._options.body)
        headers = {"Idempotency-Key": key}
        if not any(name.lower() == "content-type" for name in self._options.headers):
            headers["Content-Type"] = _CONTENT_TYPES[self._options.body]
        if self._options.compress:
            content = gzip.compress(content, compresslevel=6, mtime=0)
            headers["Content-Encoding"] = "gzip"
        self._site.ask("POST", content=content, headers=headers)


def _content(lines: Sequence[bytes], body: Body) -> bytes:
    if body == "json":
        return b"[" + b",".join(lines) + b"]"
    return b"".join(line + b"\n" for line in lines)


def _key(messages: Sequence[Message]) -> str:
    ids = "\n".join(message.id for message in messages)
    return hashlib.sha256(ids.encode()).hexdigest()
