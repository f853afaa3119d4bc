"""One web address and a client for it: TLS verified, no redirect followed, no secret shown."""

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from typing import TYPE_CHECKING, BinaryIO

from .missing_package import missing_package
from .sink import SinkError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

PASSING = frozenset((408, 425, 429))
"""Statuses below 500 that pass by."""

_MOST_SAID = 2_048
_SHOWN = 200
_PATIENCE = 60  # timeouts that a whole answer may take
_NO_STATUS: Set[int] = frozenset()

Content = bytes | Callable[[], Iterable[bytes]]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the status, and the body as far as it was asked for."""

    status: int
    body: bytes


class Site:
    """Asks one address and what lies below it.

    408, 425, 429, 5xx and faults of the connection pass by; `Retry-After` (seconds or a date, RFC 9110 section
    10.2.3) is handed on. Any other status that is no success is lasting, a redirect too: none is followed. What the
    URL holds of secrets (user, password, query) and what `headers` hold stands in no name and no message. Proxies and
    certificates are taken from the environment, but no proxy for http:// to this machine. `timeout` is in seconds,
    for the connection and for each wait on the answer. `plain_http` lets http:// lead to other machines than this
    one; `what` is named where it may not.
    """

    def __init__(
        self,
        url: str,
        *,
        headers: Mapping[str, str],
        timeout: float,
        plain_http: bool = False,
        what: str = "verdicts",
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Nothing is connected yet.

        Raises:
            SinkError: httpx is missing, or the address or a header is none that may be used.
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
        self._refuse_unfit(plain_http, what)
        self._timeout = timeout
        self._clock = clock
        _hush()
        self._secrets = _secrets(self._url, headers)
        self._client = self._open_client(headers, plain_http)
        self._faults = (httpx.HTTPError, httpx.StreamError)

    @property
    def has_secrets(self) -> bool:
        """Whether the address itself holds a user, a password or a query."""
        return bool(self._url.userinfo or self._url.query)

    def ask(
        self,
        method: str,
        path: str = "",
        *,
        query: Sequence[tuple[str, str]] = (),
        content: Content = b"",
        headers: Mapping[str, str] | None = None,
        accept: Set[int] = _NO_STATUS,
        whole: int | None = None,
        into: BinaryIO | None = None,
    ) -> Answer:
        """The answer to one request; `path` is put behind the address's own, encoded as it is to be sent.

        Of the body the beginning is read. With `whole` all of it is, and has at most so many bytes; it goes `into` a
        file where one is given. Statuses of `accept` are answers, too.

        Raises:
            SinkError: there was no answer, or it says no.
        """
        url = self._url
        if path or query:
            full = self._url.raw_path.partition(b"?")[0].rstrip(b"/") + path.encode()
            url = self._url.copy_with(raw_path=full)
            if query:
                url = url.copy_merge_params(list(query))
        with self._answer(method, url, content, headers) as response:
            if whole is None or not response.is_success:
                answer = Answer(response.status_code, _said(response, self._timeout))
            else:
                body = self._whole(response, whole, into)
                answer = Answer(response.status_code, body)
            if not response.is_success and response.status_code not in accept:
                raise self._refusal(response, self.shown(answer.body))
            return answer

    @contextmanager
    def _answer(
        self, method: str, url: "httpx.URL", content: Content, headers: Mapping[str, str] | None
    ) -> "Iterator[httpx.Response]":
        sent = content() if callable(content) else content
        try:
            with self._client.stream(method, url, content=sent, headers=headers) as response:
                yield response
        except self._faults as error:
            reason = self.shown(str(error)) or type(error).__name__
            raise SinkError(f"{self.name}: {reason}") from error

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    def shown(self, text: str | bytes) -> str:
        """The beginning of a text from elsewhere, on one line, without our secrets, which a server may repeat."""
        if isinstance(text, bytes):
            text = text.decode(errors="replace")
        for secret in self._secrets:
            text = text.replace(secret, "***")
        shown = "".join(each if each.isprintable() else " " for each in text)
        return " ".join(shown.split())[:_SHOWN]

    def _whole(self, response: "httpx.Response", most: int, into: BinaryIO | None) -> bytes:
        pieces: list[bytes] = []
        size, until = 0, time.monotonic() + _PATIENCE * self._timeout
        for piece in response.iter_raw():
            size += len(piece)
            if time.monotonic() >= until:
                raise SinkError(f"{self.name}: the answer does not end")
            if size > most:
                raise SinkError(f"{self.name}: the answer has more than {most} bytes", lasting=True)
            if into is None:
                pieces.append(piece)
            else:
                into.write(piece)
        return b"".join(pieces)

    def _refusal(self, response: "httpx.Response", said: str) -> SinkError:
        status = response.status_code
        reason = f"{self.name}: status {status}{': ' * bool(said)}{said}"
        if status in PASSING or status >= 500:
            wait = _wait(response.headers.get("Retry-After"), self._clock())
            return SinkError(reason, wait=wait)
        if response.is_redirect:
            reason = f"{self.name}: status {status}, a redirect, which is not followed"
        return SinkError(reason, lasting=True)

    def _refuse_unfit(self, plain_http: bool, what: str) -> None:
        url = self._url
        if url.scheme not in ("http", "https") or not url.host:
            raise SinkError(f"{self.name} is no http or https address", lasting=True)
        if url.scheme == "http" and not plain_http and not _is_this_machine(url.host):
            raise SinkError(
                f"{self.name}: http:// would send {what} in the clear; use https://", lasting=True
            )

    def _open_client(self, headers: Mapping[str, str], plain_http: bool) -> "httpx.Client":
        import httpx

        # Accept-Encoding, so that the reason of a refusal can be read, and no answer expands.
        sent = httpx.Headers({"User-Agent": "cloudcascade", "Accept-Encoding": "identity"})
        try:
            sent.update(headers)
        except (ValueError, UnicodeError):
            raise SinkError(f"{self.name}: a header cannot be sent", lasting=True) from None
        try:
            return httpx.Client(
                timeout=self._timeout,
                follow_redirects=False,
                headers=sent,
                # A proxy would take what is meant for this machine to another, in the clear.
                trust_env=self._url.scheme == "https" or plain_http,
            )
        except (OSError, ValueError):  # their text may show a proxy's password
            raise SinkError(
                f"{self.name}: the proxy or the certificates that the environment names cannot be used",
                lasting=True,
            ) from None


def _name(url: "httpx.URL") -> str:
    """The address without user, password, query and fragment."""
    return str(url.copy_with(userinfo=b"", query=None, fragment=None))


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _secrets(url: "httpx.URL", headers: Mapping[str, str]) -> tuple[str, ...]:
    """What must not be shown: of the address and of the headers, whole and word by word, the longest first."""
    words = [url.userinfo.decode(), url.username, url.password, url.query.decode()]
    words += [value for _, value in url.params.multi_items()]
    for value in headers.values():
        words += [value, *value.split()]
    return tuple(sorted({word for word in words if len(word) > 3}, key=len, reverse=True))


def _hush() -> None:
    """httpx logs every request with its whole URL, secrets and all."""
    for name in ("httpx", "httpcore"):
        logger = logging.getLogger(name)
        if logger.level < logging.WARNING:
            logger.setLevel(logging.WARNING)


def _said(response: "httpx.Response", patience: float) -> bytes:
    """The beginning of an answer's body. No more than a little is read, for no longer than `patience`;
    an answer that is read to its end leaves the connection fit for the next request."""
    body, until = b"", time.monotonic() + patience
    try:
        for piece in response.iter_raw():
            body += piece
            if len(body) >= _MOST_SAID or time.monotonic() >= until:
                break
    except Exception:  # noqa: BLE001  # the status has said enough
        return b""
    return body[:_MOST_SAID]


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
