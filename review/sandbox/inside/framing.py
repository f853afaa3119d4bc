"""Messages on a pipe: eight bytes of length, then JSON."""

import json
import os
from typing import Any

_HEAD = 8
_STEP = 1 << 20


def send(pipe: int, message: Any) -> None:
    """Write a message, all of it."""
    body = json.dumps(message).encode()
    rest = memoryview(len(body).to_bytes(_HEAD, "big") + body)
    while rest:
        rest = rest[os.write(pipe, rest) :]


def receive(pipe: int) -> Any:
    """Read a message; None where the other side has gone."""
    head = _exactly(pipe, _HEAD)
    if head is None:
        return None
    body = _exactly(pipe, int.from_bytes(head, "big"))
    return None if body is None else json.loads(body)


def _exactly(pipe: int, size: int) -> bytes | None:
    parts = bytearray()
    while len(parts) < size:
        part = os.read(pipe, min(size - len(parts), _STEP))
        if not part:
            return None
        parts += part
    return bytes(parts)
