"""Credentials, from places where no other user of the machine sees them: the environment, or a file."""

from collections.abc import Mapping
from pathlib import Path

from .errors import FeedError

_MOST_BYTES = 64 << 10


def read_credentials(file: Path | None, environment: Mapping[str, str]) -> dict[str, str]:
    """The environment, and over it the lines `NAME=value` of a file, as systemd reads them.

    Empty lines and lines that begin with `#` say nothing. No error shows a value.

    Raises:
        FeedError: the file cannot be read, or has a line of another form.
    """
    found = dict(environment)
    if file is None:
        return found
    try:
        with file.open("rb") as opened:
            text = opened.read(_MOST_BYTES + 1)
    except OSError as error:
        raise FeedError(f"{file}: {error.strerror}") from error
    if len(text) > _MOST_BYTES:
        raise FeedError(f"{file}: too large for a file of credentials")
    try:
        lines = text.decode("utf-8").splitlines()
    except UnicodeDecodeError:
        raise FeedError(f"{file}: no UTF-8") from None
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        name, equals, value = line.partition("=")
        if not equals or not name.isidentifier():
            raise FeedError(f"{file}:{number}: no credential; write NAME=value")
        value = value.strip()
        quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "'\""
        found[name] = value[1:-1] if quoted else value
    return found
