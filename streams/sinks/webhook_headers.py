"""Headers of a webhook, from places where no other user of the machine sees them."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from ..sink import SinkError

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_MOST_BYTES = 64 << 10
# What the sink says itself, and what would let a header say where a body ends.
_TAKEN = frozenset(
    (
        "connection",
        "content-encoding",
        "content-length",
        "host",
        "idempotency-key",
        "transfer-encoding",
    )
)


def read_headers(
    from_environment: Iterable[str], file: Path | None, environment: Mapping[str, str]
) -> dict[str, str]:
    """Headers by name: `NAME=VARIABLE` for each whose value an environment variable holds, then those of a file.

    The file has a line `Name: value` for each; empty lines and lines that begin with `#` say nothing. No error
    shows a value.

    Raises:
        SinkError: a variable is not set, the file cannot be read, or something in them is no header.
    """
    found: dict[str, str] = {}
    for each in from_environment:
        name, equals, variable = each.partition("=")
        if not equals:
            raise _wrong("a header from the environment is written NAME=VARIABLE")
        if variable not in environment:  # not shown: it may be the value itself, typed by mistake
            raise _wrong(f"the header {name!r}: the environment variable that it names is not set")
        _add(found, name, environment[variable], f"the environment variable {variable!r}")
    for number, line in enumerate(_lines(file), 1):
        if not line.strip() or line.startswith("#"):
            continue
        name, colon, value = line.partition(":")
        if not colon:
            raise _wrong(f"{file}:{number}: no header; write `Name: value`")
        _add(found, name, value, f"{file}:{number}")
    return found


def _lines(file: Path | None) -> list[str]:
    if file is None:
        return []
    try:
        with file.open("rb") as opened:
            text = opened.read(_MOST_BYTES + 1)
    except OSError as error:
        raise _wrong(f"{file}: {error.strerror}") from error
    if len(text) > _MOST_BYTES:
        raise _wrong(f"{file}: too large for a file of headers")
    try:
        return text.decode("utf-8").splitlines()
    except UnicodeDecodeError:
        raise _wrong(f"{file}: no UTF-8") from None


def _add(found: dict[str, str], name: str, value: str, place: str) -> None:
    value = value.strip()
    if not _NAME.fullmatch(name):
        raise _wrong(f"{place}: {name[:40]!r} is no name of a header")
    if name.lower() in _TAKEN:
        raise _wrong(f"{place}: the header {name} is set by the sink")
    if not value or not value.isascii() or not value.isprintable():
        raise _wrong(f"{place}: what the header {name} is to say cannot be sent")
    found[name] = value


def _wrong(reason: str) -> SinkError:
    return SinkError(reason, lasting=True)
