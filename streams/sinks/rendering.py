"""What every sink does to a line before it leaves: bring it into a format, find its id again, cut what is too
large.
"""

from collections.abc import Callable
from typing import Any

import msgspec

Render = Callable[[bytes], bytes]
"""From a message's line to what is delivered: one JSON object as one line of UTF-8, without its end of line."""

LONGEST_TEXT = 1_024
"""Characters that are kept of each text in a line that is too large even without its lists."""

_LISTS = ("also", "near_misses", "path", "caveats")


class _Metadata(msgspec.Struct):
    uid: str | None = None
    product_log_id: str | None = None


class _Marked(msgspec.Struct):
    id: str | None = None
    metadata: _Metadata | None = None


_marks = msgspec.json.Decoder(_Marked)
_encode = msgspec.json.Encoder().encode


def as_ndjson(line: bytes) -> bytes:
    """The line as it is."""
    return line


def line_id(line: bytes) -> str | None:
    """The id of the message that was rendered as this line (`id`, OCSF's `metadata.uid` or UDM's
    `metadata.product_log_id`); None if it is no such line.
    """
    try:
        found = _marks.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    metadata = found.metadata or _Metadata()
    return found.id or metadata.uid or metadata.product_log_id


def fitted(line: bytes, render: Render, most: int) -> bytes:
    """The rendered line in at most `most` bytes.

    One that is too large loses `also`, then `near_misses`, then `path`, then `caveats`, then the ends of its long
    texts and lists, and says `"truncated": true`. A line that is too large even so is given as it is: the other side
    then says no.
    """
    rendered = render(line)
    if len(rendered) <= most:
        return rendered
    members: dict[str, Any] = msgspec.json.decode(line)
    members["truncated"] = True
    for name in _LISTS:
        members[name] = []
        if len(rendered := render(_encode(members))) <= most:
            return rendered
    return render(_encode({name: _shortened(value) for name, value in members.items()}))


def _shortened(value: Any) -> Any:
    if isinstance(value, str):
        return value[:LONGEST_TEXT]
    if isinstance(value, dict):
        return {name: _shortened(each) for name, each in value.items()}
    return [_shortened(each) for each in value[:32]] if isinstance(value, list) else value
