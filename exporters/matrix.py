"""The capability matrix: what each style of each target keeps, in marks and in words."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any, TypeVar

from ..catalog.models import Cascade
from ..catalog.terms import format_duration
from .capabilities import EVERY_CONDITION, Capabilities, Direction, Loss
from .errors import Refused
from .export import assess
from .registry import find_target, target_names
from .target import Options, Style, Target
from .waiting import waited

KindT = TypeVar("KindT", Loss, str)


@dataclass(frozen=True, slots=True)
class Statement:
    """What a style says of one field of `Capabilities`: a mark for a table, and words.

    `costs` is what a cascade that needs it loses where it is not kept; None where nothing is lost.
    """

    field: str
    kept: bool
    mark: str
    words: str
    costs: Direction | None = None


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """A style of a target, with a statement on every field of its capabilities."""

    target: Target
    style: Style
    statements: tuple[Statement, ...]

    def mark(self, field: str) -> str:
        """The mark of that field.

        Raises:
            KeyError: there is no such field.
        """
        return {each.field: each.mark for each in self.statements}[field]


@dataclass(frozen=True, slots=True)
class Survey:
    """What a style makes of some cascades.

    Of the cascades `asked` for, `made` are exported, and `closed` only with leave to fail closed.
    `losses` and `refusals` count cascades, the most frequent first.
    """

    asked: int
    made: int
    closed: int
    losses: tuple[tuple[Loss, int], ...]
    refusals: tuple[tuple[str, int], ...]


# Field: words where it is kept, words where it is not, and what that costs.
_FLAGS: dict[str, tuple[str, str, Direction]] = {
    "hold": (
        "waits for the window's end and for late events before it judges",
        "judges on arrival: an origin that comes after its effect comes too late",
        Direction.OPEN,
    ),
    "same_second": (
        "sees an origin in the very second of its effect",
        "does not see an origin in the very second of its effect",
        Direction.OPEN,
    ),
    "sliding": (
        "windows lie around each event",
        "fixed buckets of time, which cut a cascade at their edges",
        Direction.OPEN,
    ),
    "hop": (
        "joins an effect to its origin through a third event",
        "cannot join an effect to its origin through a third event",
        Direction.UNCOVERED,
    ),
    "spoilers": (
        "sees the events that void an explanation",
        "does not see the events that void an explanation",
        Direction.CLOSED,
    ),
    "between": (
        "asks whether what voids an explanation lies between its events",
        "cannot ask whether it lies between the events: it voids wherever they may reach",
        Direction.OPEN,
    ),
    "unreadable_spoilers": (
        "lets what voids an explanation count where it cannot be read",
        "cannot tell where it cannot be read: any event of the action voids",
        Direction.OPEN,
    ),
    "root_keys": (
        "asks an origin for all keys on which something may void it",
        "does not ask an origin for the keys on which something may void it",
        Direction.CLOSED,
    ),
    "copies": (
        "silences nothing that rests on an event of which copies differ",
        "of events that share an id and differ it sees one",
        Direction.UNCOVERED,
    ),
    "undated": (
        "silences nothing where an event that may void it has no readable time",
        "does not see, where it belongs, an event without a readable time",
        Direction.UNCOVERED,
    ),
    "log_ends": (
        "silences nothing where the log does not reach as far as what may void it",
        "does not notice where the log ends before what may void it",
        Direction.CLOSED,
    ),
    "ensembles": (
        "knows cascades without an origin, whose members explain each other",
        "knows no cascades without an origin",
        Direction.UNCOVERED,
    ),
    "rivals": (
        "asks whether another cascade explains the event, too",
        "does not ask whether another cascade explains the event",
        Direction.OPEN,
    ),
    "vetoes": (
        "silences nothing that a stricter cascade explains, too",
        "cannot ask whether a stricter cascade explains the event: its origin voids wherever it may reach",
        Direction.OPEN,
    ),
    "list_keys": ("joins on lists", "cannot join on lists", Direction.UNCOVERED),
    "nested_lists": (
        "joins on lists within lists",
        "cannot join on lists within lists",
        Direction.UNCOVERED,
    ),
    "list_conditions": (
        "asks a condition of every element of a list",
        "cannot ask a condition of every element of a list",
        Direction.UNCOVERED,
    ),
    "number_keys": (
        "joins on whole numbers as on texts",
        "joins on texts only, not on numbers",
        Direction.OPEN,
    ),
    "distinct_keys": (
        "can ask that two keys differ",
        "cannot ask that two keys differ",
        Direction.UNCOVERED,
    ),
    "repeated_actions": (
        "tells events apart where one action stands twice on the way to the origin",
        "cannot tell events apart where one action stands twice on the way to the origin",
        Direction.UNCOVERED,
    ),
    "case_fold": (
        "compares IAM's names without case, as IAM does",
        "compares IAM's names with case: Alice and alice are two",
        Direction.OPEN,
    ),
    "first_of": (
        "reads a key from the first of several fields",
        "cannot read a key that stands in different fields",
        Direction.UNCOVERED,
    ),
    "arn_name": (
        "joins on the last part of an ARN",
        "cannot join on a part of an ARN",
        Direction.UNCOVERED,
    ),
    "resource_name": (
        "joins on the name in an ARN, wherever it stands there",
        "cannot join on a name that stands within an ARN",
        Direction.UNCOVERED,
    ),
    "same_role": (
        "can take all sessions of one role for one actor, where the cascade says so",
        "cannot take the sessions of one role for one actor",
        Direction.OPEN,
    ),
    "service_actor": (
        "can ask for a call that an AWS service made",
        "cannot ask for a call that an AWS service made",
        Direction.UNCOVERED,
    ),
    "any_account": (
        "sees an origin in another account, where the cascade says so",
        "does not see an origin in another account",
        Direction.OPEN,
    ),
    "same_hand": (
        "compares addresses and credentials of an effect and its origin",
        "does not compare addresses and credentials: whoever is the principal is one hand",
        Direction.CLOSED,
    ),
    "error_message": (
        "knows a failed call by its message alone",
        "takes a failed call that has a message and no code for successful",
        Direction.CLOSED,
    ),
    "same_tool": (
        "compares user agents, where the cascade asks for the same tool",
        "does not compare user agents: any tool's origin explains",
        Direction.CLOSED,
    ),
    "tool_family": (
        "tells the tool by its user agent, where the cascade asks for the same one",
        "compares user agents as they stand: two versions or subcommands are two tools",
        Direction.OPEN,
    ),
    "any_window": (
        "each effect has a window of its own",
        "one window, the widest, for all effects",
        Direction.CLOSED,
    ),
}


def _sides(can: Capabilities) -> Statement:
    mark, words, costs = {
        "both": ("both", "finds the origin before its effect and after it", None),
        "origin-first": (
            "before",
            "finds an origin only before its effect",
            Direction.UNCOVERED,
        ),
        "effect-first": ("after", "finds an origin only after its effect", Direction.UNCOVERED),
    }[can.sides]
    return Statement("sides", costs is None, mark, words, costs)


def _actor(can: Capabilities) -> Statement:
    words, costs = {
        "initial-principal": ("follows credentials through AssumeRole to who began", None),
        "session": (
            "compares sessions: two sessions of one person are two actors",
            Direction.OPEN,
        ),
        "none": ("does not compare actors: anybody's origin explains", Direction.CLOSED),
    }[can.actor]
    return Statement("actor", costs is None, can.actor, words, costs)


def _conditions(can: Capabilities) -> Statement:
    missing = sorted(EVERY_CONDITION - can.conditions)
    if not missing:
        return Statement("conditions", True, "all", "says every condition on a field")
    listed = ", ".join(missing)
    return Statement(
        "conditions",
        False,
        f"not {listed}",
        f"cannot say these conditions on a field: {listed}",
        Direction.UNCOVERED,
    )


def _max_window(can: Capabilities) -> Statement:
    if can.max_window is None:
        return Statement("max_window", True, "any", "windows may be as wide as the cascade says")
    widest = format_duration(can.max_window)
    return Statement("max_window", False, widest, f"windows end after {widest}", Direction.OPEN)


def _expiry(can: Capabilities) -> Statement:
    if can.expiry:
        return Statement("expiry", True, "yes", "the platform ends it on the day it expires")
    # No part of what explained means: nothing is lost by it.
    return Statement("expiry", False, "no", "the platform does not end it on the day it expires")


def _finished_log(can: Capabilities) -> Statement:
    if can.finished_log:
        return Statement("finished_log", True, "yes", "judges a log that has ended")
    # Nothing of what explained means is lost by it.
    return Statement("finished_log", False, "no", "judges a log that goes on")


_WORDED: dict[str, Callable[[Capabilities], Statement]] = {
    "sides": _sides,
    "actor": _actor,
    "conditions": _conditions,
    "max_window": _max_window,
    "expiry": _expiry,
    "finished_log": _finished_log,
}


def statements(can: Capabilities) -> tuple[Statement, ...]:
    """A statement on every field, in the order of the fields."""
    return tuple(_statement(can, field.name) for field in fields(can))


def _statement(can: Capabilities, name: str) -> Statement:
    if name in _WORDED:
        return _WORDED[name](can)
    kept, lost, costs = _FLAGS[name]
    if getattr(can, name):
        return Statement(name, True, "yes", kept)
    return Statement(name, False, "no", lost, costs)


def matrix(names: Iterable[str] | None = None) -> tuple[MatrixRow, ...]:
    """The rows of these targets, by default of all, a row a style.

    Raises:
        ExportError: there is no such target.
    """
    return tuple(
        MatrixRow(target, style, _of_style(style))
        for target in map(find_target, target_names() if names is None else names)
        for style in target.styles
    )


def _of_style(style: Style) -> tuple[Statement, ...]:
    """The statements on its capabilities, of which `hold` does not tell alone what waits."""
    said = statements(style.capabilities)
    if not style.capabilities.hold:
        return said
    mark, waits, words = waited(style)
    hold = Statement("hold", waits, mark, words, None if waits else Direction.OPEN)
    return tuple(hold if each.field == "hold" else each for each in said)


def as_data(rows: Iterable[MatrixRow]) -> list[dict[str, Any]]:
    """The rows as JSON has them, an object a target."""
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        target, style = row.target, row.style
        of_target = found.setdefault(
            target.name,
            {
                "target": target.name,
                "title": target.title,
                "verification": target.verification,
                "verified_by": target.verified_by,
                "layouts": list(target.layouts),
                "styles": [],
            },
        )
        of_target["styles"].append(
            {
                "name": style.name,
                "summary": style.summary,
                "kind": style.kind,
                "purposes": sorted(style.purposes),
                "waiting": style.waiting,
                "capabilities": _values(style.capabilities),
                "losses": [
                    {"capability": each.field, "direction": each.costs.value, "text": each.words}
                    for each in row.statements
                    if each.costs
                ],
            }
        )
    return list(found.values())


def _values(can: Capabilities) -> dict[str, Any]:
    return {
        field.name: sorted(value) if isinstance(value, frozenset) else value
        for field in fields(can)
        for value in [getattr(can, field.name)]
    }


def survey(
    cascades: Sequence[Cascade],
    catalog: Sequence[Cascade],
    style: Style,
    options: Options,
    window: int | None = None,
) -> Survey:
    """What `style` makes of `cascades`."""
    made = closed = 0
    losses: Counter[Loss] = Counter()
    refusals: Counter[str] = Counter()
    for cascade in cascades:
        try:
            fitted = assess(cascade, catalog, style, options, window)
        except Refused as refusal:
            refusals[short_reason(str(refusal))] += 1
            continue
        losses.update(fitted.losses)
        if fitted.query is None:
            refusals["nothing of it can be said in this form"] += 1
        elif fitted.fails_closed:
            closed += 1
        else:
            made += 1
    return Survey(len(cascades), made, closed, _ranked(losses), _ranked(refusals))


def suppressible(catalog: Iterable[Cascade]) -> tuple[Cascade, ...]:
    """The cascades of which something may be silenced."""
    return tuple(
        cascade
        for cascade in catalog
        if any(cascade.policy_of(effect) == "suppress" for effect in cascade.effects)
    )


def short_reason(reason: str) -> str:
    """A refusal without its details, for counting: what stands before the first colon."""
    return reason.partition(": ")[0]


def _ranked(counts: Counter[KindT]) -> tuple[tuple[KindT, int], ...]:
    return tuple(sorted(counts.items(), key=lambda each: (-each[1], str(each[0]))))
