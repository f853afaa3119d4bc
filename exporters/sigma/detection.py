"""Patterns of events as Sigma detections.

https://sigmahq.io/sigma-specification/specification/sigma-rules-specification.html
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ..query import Condition, Denied, KeyPair, Node, Pattern, Scalar, Test

Map = dict[str, Any]

ACCOUNT = "recipientAccountId"
ACTOR = ("userIdentity.principalId", "userIdentity.accessKeyId")
NOTHING = (None, "")
# What CloudTrail writes in place of a value, so that two of them are not one.
NO_VALUE = {
    "userIdentity.principalId": "Anonymous",
    "requestParameters": "HIDDEN_DUE_TO_SECURITY_REASONS",
    "responseElements": "HIDDEN_DUE_TO_SECURITY_REASONS",
}
# The Splunk add-on, for one, fills in a field that CloudTrail leaves out.
SUCCESS = {"errorCode": [*NOTHING, "Success"]}


def literal(value: str) -> str:
    """A value that is compared as it is: no wildcard, no escape."""
    return "".join(f"\\{char}" if char in "\\*?" else char for char in value)


@dataclass(frozen=True, slots=True)
class Where:
    """Conditions as maps: all of `holding` hold, none of `denied`, and every one of `fields` holds something.

    `guarded` are those of `fields` whose emptiness nothing in `holding` rules out.
    """

    holding: tuple[Map, ...]
    denied: tuple[Map, ...]
    fields: tuple[str, ...]
    guarded: tuple[str, ...]


def where_of(node: Node) -> tuple[Condition, ...]:
    """The conditions on the effect's event, the service among them that must have made the call."""
    if node.edge.actor != "service" or node.edge.service is None:
        return node.pattern.where
    attested = Test("userIdentity.invokedBy", "equals", (node.edge.service,))
    return (*node.pattern.where, attested)


def where(conditions: Iterable[Condition], cased: bool) -> Where:
    """The conditions as Sigma says them. `cased`: texts compare with case."""
    holding: list[Map] = []
    denied: list[Map] = []
    fields: dict[str, bool] = {}
    for condition in conditions:
        if isinstance(condition, Denied):
            inner: list[Map] = []
            for test in condition.tests:
                _add(inner, _denied_test(test, cased))
            denied.append(inner[0])
            fields[condition.path] = True
        elif condition.operator == "exists":
            fields[condition.path] = True
        elif condition.operator == "absent":
            _add(holding, (condition.path, list(NOTHING)))
        else:
            _add(holding, _test(condition, cased))
            fields.setdefault(condition.path, False)
    guarded = tuple(field for field, bare in fields.items() if bare)
    return Where(tuple(holding), tuple(denied), tuple(fields), guarded)
