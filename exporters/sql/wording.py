"""Words for what a step keeps: patterns of events, and how an event must lie to the one it hangs on."""

from collections.abc import Iterator, Mapping, Sequence

from ...catalog.terms import format_duration
from ..query import Condition, Denied, Edge, Key, KeyPair, Pattern, Scalar, Spoiler

_SHOWN_VALUES = 3


def events_words(patterns: Sequence[Pattern]) -> str:
    """The events that fit one of the patterns, which differ in nothing but the event's name.

    >>> events_words([Pattern("iam:DeleteUser"), Pattern("iam:DeleteGroup")])
    'iam:DeleteUser or iam:DeleteGroup that succeeded'
    """
    first = patterns[0]
    names = " or ".join(pattern.action for pattern in patterns)
    outcome = "" if first.may_fail else " that succeeded"
    where = f" where {' and '.join(map(_condition, first.where))}" if first.where else ""
    return f"{names}{outcome}{where}"


def effect_words(
    patterns: Sequence[Pattern], edge: Edge, parent: str, keys: Mapping[Key, str]
) -> str:
    """The effects' events that hang on those of the step `parent`; `keys` are the columns' names."""
    same = [_pair(pair, keys) for pair in edge.join]
    same += ["account"] if edge.same_account else []
    same += {"same": ["actor"], "same-role": ["actor or role"]}.get(edge.actor, [])
    parts = [_around(edge.before, edge.after, parent, same)]
    if edge.distinct:
        parts.append(f"not the same {', '.join(_pair(pair, keys) for pair in edge.distinct)}")
    if edge.actor == "service":
        parts.append(f"called by {edge.service}")
    return f"{events_words(patterns)}, {', '.join(parts)}"


def spoiler_words(
    spoiler: Spoiler, joined: Sequence[KeyPair], roots: str, keys: Mapping[Key, str]
) -> str:
    """What voids the events of the step `roots`, and why; `joined` are the keys that the table keeps."""
    same = [_pair(pair, keys) for pair in joined] + (["account"] if spoiler.same_account else [])
    around = _around(spoiler.before, spoiler.after, roots, same)
    return f"{events_words([spoiler.pattern])}, {around} ({spoiler.reason})"


def between_words(spoiler: Spoiler, joined: Sequence[KeyPair], keys: Mapping[Key, str]) -> str:
    """What lies between the events of a path and cuts it, and why; `joined` are the keys that the table keeps."""
    same = [_pair(pair, keys) for pair in joined] + (["account"] if spoiler.same_account else [])
    shared = f", same {', '.join(same)}" if same else ""
    return f"{events_words([spoiler.pattern])}{shared} ({spoiler.reason})"


def _around(before: int, after: int, step: str, same: Sequence[str]) -> str:
    """Where an event lies, and what it shares with that of the step.

    >>> _around(0, 900, "delete_user", ["user", "account"])
    'up to 15m after delete_user: same user, account'
    """
    sides = [
        f"up to {format_duration(seconds)} {side}"
        for seconds, side in ((before, "before"), (after, "after"))
        if seconds
    ]
    joined = f": same {', '.join(same)}" if same else ""
    return f"{' or '.join(sides) or 'in the second of'} {step}{joined}"


def _pair(pair: KeyPair, keys: Mapping[Key, str]) -> str:
    own, parent = keys[pair.own], keys[pair.parent]
    return own if own == parent else f"{own} as {parent}"


def _condition(condition: Condition) -> str:
    field = condition.path
    if isinstance(condition, Denied):
        return f"{field} is there and not ({' and '.join(map(_condition, condition.tests))})"
    values = " or ".join(_values(condition.values))
    match condition.operator:
        case "equals" | "in":
            return f"{field} = {values}"
        case "startswith":
            return f"{field} begins with {values}"
        case "endswith":
            return f"{field} ends with {values}"
        case "exists":
            return f"{field} is there"
        case "absent":
            return f"{field} is missing"
        case "grants":
            return f"{field} lets nobody outside the account in"
        case "only":
            return f"{field} has no members but {' and '.join(map(str, condition.values))}"


def _values(values: Sequence[Scalar]) -> Iterator[str]:
    for value in values[:_SHOWN_VALUES]:
        yield str(value).lower() if isinstance(value, bool) else str(value)
    if len(values) > _SHOWN_VALUES:
        yield "…"
