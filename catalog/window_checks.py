"""The rules about windows: how far an effect may lie from its parent, and on which side."""

from collections.abc import Iterator

from .check_codes import Problem
from .models import Cascade, Effect, Window
from .structure import Loc
from .terms import format_duration

LONG_WINDOW = 15 * 60
WIDE_WINDOW = 2 * 3_600
# Room for clocks and for records that are written out of order is no second side.
SLACK = 5 * 60


def is_wide(window: Window) -> bool:
    """Whether the window reaches over hours on both sides."""
    return min(window.before, window.after) > SLACK and window.before + window.after > WIDE_WINDOW


def window_problems(cascade: Cascade) -> Iterator[Problem]:
    """Windows that admit too little, too much, or the wrong side."""
    for index, effect in enumerate(cascade.effects):
        if effect.node != cascade.root_node:
            loc: Loc = ("effects", index, "within")
            yield from _extent_problems(loc, effect.within)
            if cascade.suppression.windows is None:
                yield from _unreasoned(loc, effect.within)
            yield from _direction_problems(cascade, loc, effect)
    for index, spoiler in enumerate(cascade.spoilers):
        if spoiler.within is not None:
            yield from _extent_problems(("spoilers", index, "within"), spoiler.within)


def _extent_problems(loc: Loc, window: Window) -> Iterator[Problem]:
    if not window.before and not window.after:
        yield Problem(loc, "window-zero", "the window admits only the same second")


def _unreasoned(loc: Loc, window: Window) -> Iterator[Problem]:
    for side, seconds in (("before", window.before), ("after", window.after)):
        if seconds > LONG_WINDOW:
            message = (
                f"{side}: {format_duration(seconds)} is longer than {format_duration(LONG_WINDOW)}, "
                "and suppression.windows does not say why"
            )
            yield Problem((*loc, side), "window-long", message)


def _direction_problems(cascade: Cascade, loc: Loc, effect: Effect) -> Iterator[Problem]:
    window = effect.within
    # A relation speaks of the origin; a window of the parent, which may be another effect.
    if cascade.origin is not None and cascade.parent_node(effect) == cascade.root_node:
        if effect.relation == "precondition" and window.after and not window.before:
            message = "a precondition comes before its origin, and this window only after it"
            yield Problem(loc, "window-direction", message)
        if effect.relation == "consequence" and window.before and not window.after:
            message = "a consequence comes after its origin, and this window only before it"
            yield Problem(loc, "window-direction", message)
    if cascade.policy_of(effect) == "suppress" and is_wide(window):
        total = format_duration(window.before + window.after)
        message = f"suppresses over {total} on both sides of its parent; keep to one side or 2h"
        yield Problem(loc, "window-wide", message)
