"""A file as a form uploads it (RFC 7578)."""

import secrets
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Form:
    """`kind` is the content type, `size` how many bytes the body has, which `body` gives each time it is asked."""

    kind: str
    size: int
    body: Callable[[], Iterator[bytes]]


def form(
    name: str, filename: str, kind: str, pieces: Callable[[], Iterable[bytes]], size: int
) -> Form:
    """A form with one file, of which `pieces` gives `size` bytes.

    `name`, `filename` and `kind` are ours, and hold nothing that a header could not.
    """
    boundary = secrets.token_hex(16)
    head = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="{filename}"\r\n'
        f"Content-Type: {kind}\r\n\r\n"
    )

    tail = f"\r\n--{boundary}--\r\n"

    def body() -> Iterator[bytes]:
        yield head.encode()
        yield from pieces()
        yield tail.encode()

    return Form(
        f"multipart/form-data; boundary={boundary}", len(head.encode()) + size + len(tail), body
    )
