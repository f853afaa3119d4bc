"""Verdicts to a web address: a POST for each batch."""

import gzip
import hashlib
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final, Literal

from ..sink import Message, SinkError
from .batching import Acknowledged, chunks
from .missing_package import missing_package
from .rendering import Render, as_ndjson

if TYPE_CHECKING:
    import httpx

Body = Literal["ndjson", "json"]

_CONTENT_TYPES: Final[Mapping[Body, str]] = {
    "ndjson": "application/x-ndjson",
    "json": "application/json",
}
_PASSING = frozenset((408, 425, 429))
_MOST_ANSWER = 2_048
_SHOWN = 200


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

    `Idempotency-Key` is made of the messages' ids: a batch that is sent again as it was has the same. 408, 425,
    429, 5xx and faults of the connection pass by; `Retry-After` (seconds or a date, RFC 9110 section 10.2.3) is
    handed on. Any other status is lasting, a redirect too: none is followed. What the URL holds of secrets (user,
    password, query) stands in no name and no message. Proxies are taken from the environment, but for http:// to
    this machine.
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
        try:
            import httpx
        except ImportError as error:
            raise missing_package("httpx") from error

        try:
            self._url = httpx.URL(url)
        except (httpx.InvalidURL, ValueError):
            raise SinkError("this is no web address", lasting=True) from None  # it shows the URL
        self.name = _name(self._url)
        _refuse_unfit(self._url, self.name, options)
        self._options = options
        self._render = render
        self._clock = clock
        self._acknowledged = Acknowledged()
        _hush()
        self._secrets = _secrets(self._url, options)
        self._client = self._open_client()
        self._faults = (httpx.HTTPError, httpx.StreamError)

    def _open_client(self) -> "httpx.Client":
        import httpx

        headers = httpx.Headers(_own_headers(self._options))
        try:
            headers.update(self._options.headers)
        except (ValueError, UnicodeError):
            raise SinkError(f"{self.name}: a header cannot be sent", lasting=True) from None
        try:
            return httpx.Client(
                timeout=self._options.timeout,
                follow_redirects=False,
                headers=headers,
                # A proxy would take what is meant for this machine to another, in the clear.
                trust_env=self._url.scheme == "https" or self._options.plain_http,
            )
        except (OSError, ValueError):  # their text may show a proxy's password
            raise SinkError(
                f"{self.name}: the proxy or the certificates that the environment names cannot be used",
                lasting=True,
            ) from None

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
        self._client.close()

    def _post(self, lines: Sequence[bytes], key: str) -> None:
        content = _content(lines, self._options.body)
        headers = {"Idempotency-Key": key}
        if self._options.compress:
            content = gzip.compress(content, compresslevel=6, mtime=0)
            headers["Content-Encoding"] = "gzip"
        try:
            with self._client.stream(
                "POST", self._url, content=content, headers=headers
            ) as response:
                said = self._shown(_said(response, self._options.timeout))
                if not response.is_success:
                    raise self._refusal(response, said)
        except self._faults as error:
            reason = self._shown(str(error)) or type(error).__name__
            raise SinkError(f"{self.name}: {reason}") from error

    def _shown(self, text: str) -> str:
        """The beginning of a text from elsewhere, on one line, without our secrets, which a server may repeat."""
        for secret in self._secrets:
            text = text.replace(secret, "***")
        shown = "".join(each if each.isprintable() else " " for each in text)
        return " ".join(shown.split())[:_SHOWN]

    def _refusal(self, response: "httpx.Response", said: str) -> SinkError:
        status = response.status_code
        reason = f"{self.name}: status {status}{': ' * bool(said)}{said}"
        if status in _PASSING or status >= 500:
            return SinkError(reason, wait=_wait(response.headers.get("Retry-After"), self._clock()))
        if response.is_redirect:
            reason = f"{self.name}: status {status}, a redirect, which is not followed"
        return SinkError(reason, lasting=True)


def _name(url: "httpx.URL") -> str:
    """The address without user, password, query and fragment."""
    return str(url.copy_with(userinfo=b"", query=None, fragment=None))


def _refuse_unfit(url: "httpx.URL", name: str, options: WebhookOptions) -> None:
    if url.scheme not in ("http", "https") or not url.host:
        raise SinkError(f"{name} is no http or https address", lasting=True)
    if url.scheme == "http" and not options.plain_http and not _is_this_machine(url.host):
        raise SinkError(
            f"{name}: http:// would send verdicts in the clear; use https://", lasting=True
        )


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _own_headers(options: WebhookOptions) -> dict[str, str]:
    return {
        "User-Agent": "cloudcascade",
        "Content-Type": _CONTENT_TYPES[options.body],
        "Accept-Encoding": "identity",  # so that the reason of a refusal can be read
    }


def _secrets(url: "httpx.URL", options: WebhookOptions) -> tuple[str, ...]:
    """What must not be shown: of the address and of the headers, whole and word by word, the longest first."""
    words = [url.userinfo.decode(), url.username, url.password, url.query.decode()]
    words += [value for _, value in url.params.multi_items()]
    for value in options.headers.values():
        words += [value, *value.split()]
    return tuple(sorted({word for word in words if len(word) > 3}, key=len, reverse=True))


def _content(lines: Sequence[bytes], body: Body) -> bytes:
    if body == "json":
        return b"[" + b",".join(lines) + b"]"
    return b"".join(line + b"\n" for line in lines)


def _key(messages: Sequence[Message]) -> str:
    ids = "\n".join(message.id for message in messages)
    return hashlib.sha256(ids.encode()).hexdigest()


def _hush() -> None:
    """httpx logs every request with its whole URL, secrets and all."""
    for name in ("httpx", "httpcore"):
        logger = logging.getLogger(name)
        if logger.level < logging.WARNING:
            logger.setLevel(logging.WARNING)


def _said(response: "httpx.Response", patience: float) -> str:
    """The beginning of an answer's body. No more than a little is read, for no longer than `patience`;
    an answer that is read to its end leaves the connection fit for the next request."""
    body, until = b"", time.monotonic() + patience
    try:
        for piece in response.iter_raw():
            body += piece
            if len(body) >= _MOST_ANSWER or time.monotonic() >= until:
                break
    except Exception:  # noqa: BLE001  # the status has said enough
        return ""
    return body[:_MOST_ANSWER].decode(errors="replace")


def _wait(told: str | None, now: float) -> float | None:
    """The seconds that `Retry-After` asks for; None where it says nothing that can be read."""
    if told is None:
        return None
    if told.strip().isascii() and told.strip().isdigit():
        return float(told[:12])
    try:
        moment = parsedate_to_datetime(told)
    except (ValueError, TypeError, IndexError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, moment.timestamp() - now)
