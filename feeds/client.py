"""Asks a platform's API: with its credentials, again after faults that pass by, within bounds."""

import random
import time
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import BinaryIO, Final, TypeVar

import msgspec

from ..streams import Answer, Content, SinkError, Site
from .errors import FeedError

MOST_ANSWER: Final = 64 << 20
"""Bytes of one page."""

_REFUSED: Final = frozenset((401, 403))
_NO_STATUS: Set[int] = frozenset()

Shape = TypeVar("Shape")


@dataclass(frozen=True, slots=True)
class Patience:
    """How long is tried: so many attempts, between which the wait is drawn evenly from 0 to `first_wait * 2**n`
    seconds, `ceiling` at most (full jitter: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
    Who asks to be left alone for longer than `longest` is given up on."""

    attempts: int = 6
    first_wait: float = 1.0
    ceiling: float = 60.0
    longest: float = 300.0


PATIENT: Final = Patience()


class Client:
    """One address, and the names of the environment variables that hold its credentials."""

    def __init__(
        self,
        site: Site,
        credentials: Sequence[str],
        *,
        patience: Patience = PATIENT,
        sleep: Callable[[float], None] = time.sleep,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.name = site.name
        self._site = site
        self._credentials = " and ".join(credentials)
        self._patience = patience
        self._sleep = sleep
        self._chance = chance

    def ask(
        self,
        method: str,
        path: str = "",
        *,
        query: Sequence[tuple[str, str]] = (),
        content: Content = b"",
        kind: str | None = None,
        size: int | None = None,
        accept: Set[int] = _NO_STATUS,
        most: int = MOST_ANSWER,
        into: BinaryIO | None = None,
    ) -> Answer:
        """The answer to a request whose body is of that `kind`, and has `size` bytes where it is given piece by piece.
        Statuses of `accept` are answers, too.

        Raises:
            FeedError: it says no, or has said nothing for too long.
        """
        headers = {"Content-Type": kind} if kind else {}
        if size is not None:
            headers["Content-Length"] = str(size)
        for attempt in range(self._patience.attempts):
            if into is not None:
                into.seek(0)
                into.truncate()
            try:
                answer = self._site.ask(
                    method,
                    path,
                    query=query,
                    content=content,
                    headers=headers,
                    accept=accept | _REFUSED,
                    whole=most,
                    into=into,
                )
            except SinkError as error:
                if not self._waited(error, attempt):
                    raise FeedError(f"{method} {path or '/'}: {error}") from error
                continue
            if answer.status in _REFUSED and answer.status not in accept:
                said = self._site.shown(answer.body)
                raise FeedError(
                    f"{self.name}: status {answer.status}: the credentials in {self._credentials} are refused"
                    f"{': ' * bool(said)}{said}"
                )
            return answer
        raise AssertionError("the last attempt returns or raises")

    def read(self, shape: type[Shape], answer: Answer) -> Shape:
        """The JSON of an answer.

        Raises:
            FeedError: it is something else.
        """
        try:
            return msgspec.json.decode(answer.body, type=shape)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise FeedError(f"{self.name}: an answer that makes no sense: {error}") from error

    def send(
        self,
        method: str,
        path: str,
        body: object,
        *,
        query: Sequence[tuple[str, str]] = (),
        accept: Set[int] = _NO_STATUS,
    ) -> Answer:
        """The answer to a request with this body as JSON."""
        content = msgspec.json.encode(body)
        return self.ask(
            method, path, query=query, content=content, kind="application/json", accept=accept
        )

    def close(self) -> None:
        """Let go of the connections."""
        self._site.close()

    def _waited(self, error: SinkError, attempt: int) -> bool:
        """Whether it makes sense to try again, after a wait."""
        patience = self._patience
        if error.lasting or attempt == patience.attempts - 1:
            return False
        if error.wait is not None and error.wait > patience.longest:
            return False
        wait = self._chance() * min(patience.ceiling, patience.first_wait * 2.0**attempt)
        self._sleep(max(wait, error.wait or 0.0))
        return True


def headers_of(
    wanted: Sequence[tuple[str, str, str]], secrets: Mapping[str, str]
) -> dict[str, str]:
    """The headers that carry credentials; no error shows one.

    Raises:
        FeedError: one is missing, or cannot be sent.
    """
    made = {}
    for name, form, variable in wanted:
        secret = secrets.get(variable, "").strip()
        if not secret:
            raise FeedError(
                f"no credentials: set {variable}, in the environment or with --credentials"
            )
        if not secret.isascii() or not secret.isprintable():
            raise FeedError(f"what {variable} holds cannot be sent as a header")
        made[name] = form.format(secret)
    return made
