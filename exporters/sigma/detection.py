"""Patterns of events as Sigma detections.

https://sigmahq.io/sigma-specification/specification/sigma-rules-specification.html
"""

from collections.abc import Iterable, Sequence
from typing import Any

from ..errors import ExportError
from ..query import Condition, Denied, Node, Pattern, Test

Map = dict[str, Any]

ACCOUNT = "recipientAccountId"
ACTOR = ("userIdentity.principalId", "userIdentity.accessKeyId")
HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"
# An empty field is no value, as a missing one is not.
EMPTY = (None, "")
# The Splunk add-on, for one, fills in what CloudTrail leaves out. A message without a code is a failure, too.
SUCCESS = {"errorCode": [*EMPTY, "Success"], "errorMessage": [*EMPTY]}


def literal(value: str) -> str:
    """A value that is compared as it is: no wildcard, no escape."""
    return "".join(f"\\{char}" if char in "\\*?" else char for char in value)


def where_of(node: Node) -> tuple[Condition, ...]:
    """The conditions on the effect's event, and that the service made the call where one must have."""
    if node.edge.actor != "service" or node.edge.service is None:
        return node.pattern.where
    return (*node.pattern.where, Test("userIdentity.invokedBy", "equals", (node.edge.service,)))


def matching(pattern: Pattern, where: Sequence[Condition], cased: bool) -> Map:
    """The events that fit. `cased`: conditions compare texts with case."""
    found = calls([pattern], pattern.may_fail)
    names = list(found)
    for number, held in enumerate(_maps(where, cased)):
        name = _numbered("selection_where", number)
        found[name] = held
        names.append(name)
    if bare := [test.path for test in _tests(where) if test.operator == "exists"]:
        found["filter_main_empty"] = empty(bare)
        names.append("not filter_main_empty")
    return {**found, "condition": " and ".join(names)}


def known(detection: Map, fields: Sequence[str]) -> Map:
    """`detection`, cut down to events that hold a value in every one of `fields`.

    One side's value is enough: an empty field then finds no equal.
    """
    condition = f"{detection['condition']} and not filter_main_unresolved"
    rest = {name: part for name, part in detection.items() if name != "condition"}
    return {**rest, "filter_main_unresolved": empty(fields), "condition": condition}


def unresolved(patterns: Sequence[Pattern], fields: Sequence[str], may_fail: bool) -> Map:
    """The calls that hold no value in one of `fields`, so that nothing can be compared with them."""
    found = calls(patterns, may_fail)
    condition = " and ".join([*found, "selection_unresolved"])
    return {**found, "selection_unresolved": empty(fields), "condition": condition}


def remaining(nodes: Sequence[Node], cased: bool) -> Map | None:
    """The calls of one action, failed ones among them, that fit none of `nodes`; None where all do."""
    found = calls([nodes[0].pattern], may_fail=True)
    names = list(found)
    for place, node in enumerate(nodes):
        misfits = []
        if not node.pattern.may_fail:
            found["filter_main_success"] = SUCCESS
            misfits.append("not filter_main_success")
        where = where_of(node)
        for number, held in enumerate(_maps(where, cased)):
            name = _numbered(_numbered("filter_main_where", place), number)
            found[name] = held
            misfits.append(f"not {name}")
        # Said of its own, since `not` of an empty field is neither true nor false in SQL.
        if fields := [test.path for test in _tests(where) if test.operator != "absent"]:
            name = _numbered("selection_empty", place)
            found[name] = empty(fields)
            misfits.append(name)
        if not misfits:
            return None
        names.append(f"({' or '.join(misfits)})" if len(misfits) > 1 else misfits[0])
    return {**found, "condition": " and ".join(names)}


def calls(patterns: Sequence[Pattern], may_fail: bool) -> Map:
    """The calls of these actions, which are one service's: the successful ones, unless `may_fail`."""
    names = list(dict.fromkeys(pattern.event_name for pattern in patterns))
    found: Map = {
        "selection": {
            "eventSource": patterns[0].event_source,
            "eventName": names if len(names) > 1 else names[0],
        }
    }
    if not may_fail:
        found["selection_success"] = SUCCESS
    return found


def empty(fields: Iterable[str]) -> list[Map]:
    """Any of the fields holds no value."""
    return [{field: _no_values(field)} for field in dict.fromkeys(fields)]


def _no_values(field: str) -> list[str | None]:
    if field == ACTOR[0]:
        return [*EMPTY, "Anonymous*"]
    if field.startswith(("requestParameters.", "responseElements.")):
        return [*EMPTY, HIDDEN]
    return [*EMPTY]


def _tests(where: Iterable[Condition]) -> list[Test]:
    tests = []
    for condition in where:
        if isinstance(condition, Denied):
            raise ExportError(f"Sigma: `not` on {condition.path} is not rendered")
        tests.append(condition)
    return tests


def _maps(where: Iterable[Condition], cased: bool) -> list[Map]:
    """Maps that hold together; more than one where a field is tested twice in the same way."""
    maps: list[Map] = []
    for test in _tests(where):
        if test.operator == "exists":
            continue
        name, value = _test(test, cased)
        free = next((each for each in maps if name not in each), None)
        if free is None:
            maps.append(free := {})
        free[name] = value
    return maps


def _test(test: Test, cased: bool) -> tuple[str, Any]:
    if test.operator == "absent":
        return test.path, list(EMPTY)
    values = [literal(value) if isinstance(value, str) else value for value in test.values]
    texts = all(isinstance(value, str) for value in values)
    modifiers = ["cased"] if cased and texts else []
    if test.operator in ("startswith", "endswith"):
        modifiers.append(test.operator)
    elif test.operator not in ("equals", "in"):
        raise ExportError(f"Sigma: {test.operator!r} on {test.path} is not rendered")
    return "|".join([test.path, *modifiers]), values if test.operator == "in" else values[0]


def _numbered(name: str, number: int) -> str:
    return f"{name}_{number + 1}" if number else name
