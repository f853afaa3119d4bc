"""What stands in a record where a condition of a node does not hold: for the words of a near miss."""

from collections.abc import Iterable
from itertools import islice

import msgspec

from .fields import Path, View
from .nodes import ActionPlan

LONGEST = 200
"""Characters that are kept of a value."""

# Members of a record that stand in an event as they are. `sessionCredentialFromConsole` is `true`, or not there:
# https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
KEPT_MEMBERS = {
    "awsRegion": "region",
    "sourceIPAddress": "source",
    "userAgent": "user_agent",
    "sessionCredentialFromConsole": None,
}

# Elements of a list, and combinations of conditions an action, that are looked at.
_MOST_ELEMENTS = 8
_KEPT = 256


def found_instead(action: ActionPlan, unmet: int, view: View) -> tuple[tuple[int, str | None], ...]:
    """What is found at the path of each condition that does not hold, under the number of the path's first condition.
    `unmet` has a bit for each. None: nothing is there."""
    paths = action.unmet.get(unmet)
    if paths is None:
        if len(action.unmet) >= _KEPT:
            action.unmet.clear()
        paths = action.unmet[unmet] = tuple(_paths(action, unmet))
    return tuple([(number, _text_at(path, view)) for number, path in paths])


def _paths(action: ActionPlan, unmet: int) -> Iterable[tuple[int, Path]]:
    numbers = {
        action.conditions.index(path): path
        for number, path in enumerate(action.conditions)
        if unmet >> number & 1
    }
    return [(number, Path(path)) for number, path in numbers.items()]


def _text_at(path: Path, view: View) -> str | None:
    if not path.many:
        return as_text(path.one(view))
    texts = [as_text(each) for each in islice(path.each(view), _MOST_ELEMENTS + 1)]
    told = [text for text in texts[:_MOST_ELEMENTS] if text is not None]
    if len(texts) > _MOST_ELEMENTS:
        told.append("…")
    return cut(", ".join(told)) if told else None


def as_text(value: object) -> str | None:
    """A value of a record as one reads it: a text as it is, anything else as JSON; None for what is not there.

    >>> as_text("x"), as_text(True), as_text([1, {"a": None}]), as_text(None)
    ('x', 'true', '[1,{"a":null}]', None)
    """
    if value is None:
        return None
    if type(value) is str:
        return cut(value)
    return cut(msgspec.json.encode(value).decode("utf-8", "replace"))


def cut(text: str, most: int = LONGEST) -> str:
    """The text, or the beginning of one that is too long.

    >>> cut("abcdef", 4)
    'abc…'
    """
    return text if len(text) <= most else text[: most - 1] + "…"
