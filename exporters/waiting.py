"""What lets the windows and the lateness of the log pass before an event is judged: the truth about each style."""

from typing import NamedTuple

from ..catalog.terms import format_duration
from .query import Query
from .target import Style, Waiting


class Waited(NamedTuple):
    """What the matrix says of waiting: a mark, whether what is explained later is still waited for, and words."""

    mark: str
    waits: bool
    words: str


_WAITED: dict[Waiting, Waited] = {
    "query": Waited("yes", True, "waits for the window's end and for late events before it judges"),
    "schedule": Waited(
        "schedule",
        True,
        "the platform's schedule lets the window and late events pass before it judges",
    ),
    "watch": Waited(
        "watch",
        True,
        "cascade watch lets the window and late events pass before it tells the verdict that is judged here",
    ),
    "log": Waited("ended", True, "judges a log that has ended: nothing is left to wait for"),
    "reader": Waited("reader", True, "leaves it to whoever reads it to let the window pass"),
    "at-once": Waited("-", True, "judges each event by itself: there is nothing to wait for"),
    "never": Waited("no", False, "waits for nothing: alerts before the window is over"),
}


def waited(style: Style) -> Waited:
    """What the matrix says of the style."""
    return _WAITED[style.waiting]


def waiting_line(query: Query, style: Style) -> str:
    """The line of an artefact's header."""
    taken = (
        f"{format_duration(query.reach_after)} for the window and {format_duration(query.lateness)} "
        "for late events"
    )
    match style.waiting:
        case "log":
            return "judges all that is there as a log that has ended; what the log cannot show, it does not silence"
        case "query":
            return f"waits {taken}"
        case "schedule":
            return f"waits {taken}, by the offset of the platform's schedule"
        case "watch":
            lateness = format_duration(query.lateness)
            return f"judged by cascade watch --lateness {lateness}, which waits {taken}"
        case "reader":
            return f"waits for nothing: whoever reads it lets {taken} pass"
        case "at-once":
            return "waits for nothing: it judges each event by itself"
        case "never":
            return f"waits for nothing: alerts before the window is over, which takes {taken}"
