"""The oracle's reading of a single event: its facts, the values of its keys, its conditions."""

import json
import re
from datetime import datetime
from typing import Any

from cloudcascade.catalog.models import Cascade, Condition, Effect, KeySource, Origin, Spoiler

Event = dict[str, Any]
Value = str | int
Values = frozenset[Value]

HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"
MOST_ELEMENTS = 1_000


def at(value: object, *members: str) -> Any:
    """The value under these members; None where any is missing or no object."""
    for member in members:
        if not isinstance(value, dict):
            return None
        value = value.get(member)
    return value


def text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def action_of(event: Event) -> str:
    return f"{event['eventSource'].removesuffix('.amazonaws.com')}:{event['eventName']}"


def time_of(event: Event) -> int:
    return int(datetime.fromisoformat(event["eventTime"]).timestamp())


def succeeded(event: Event) -> bool:
    return not event.get("errorCode")


def account_of(event: Event) -> str | None:
    return text(event.get("recipientAccountId")) or text(at(event, "userIdentity", "accountId"))


def key_values(
    cascade: Cascade, node: Origin | Effect | Spoiler, name: str, event: Event
) -> Values:
    """The key's values, none where it is missing; one element or a set makes no difference here."""
    source = node.keys[name]
    for path in source.paths:
        values = [_as_value(found) for found in elements(event, path)]
        if len(values) <= MOST_ELEMENTS and None not in values:
            break
    else:
        return frozenset()
    caseless = _is_caseless(cascade, name)
    result = frozenset(
        _transformed(source, value, caseless) for value in values if value is not None
    )
    return frozenset() if "" in result else result


def elements(event: Event, path: str) -> list[Any]:
    """What stands at `path`: one value, or one for every element where it has a `[]`.

    None stands for what is missing or null, and for a list that is empty or no list.
    """
    found: list[Any] = [event]
    for step in path.split("."):
        member = step.removesuffix("[]")
        found = [at(value, member) for value in found]
        if step.endswith("[]"):
            found = [
                element
                for value in found
                for element in (value if isinstance(value, list) and value else [None])
            ]
    return found


def _as_value(found: object) -> Value | None:
    if isinstance(found, bool) or found == HIDDEN:
        return None
    return found if isinstance(found, int) else text(found)


def _is_caseless(cascade: Cascade, name: str) -> bool:
    nodes: list[Origin | Effect] = [*cascade.effects]
    if cascade.origin is not None:
        nodes.append(cascade.origin)
    return any(
        name in node.keys
        and (node.action.startswith("iam:") or node.keys[name].transform == "lower")
        for node in nodes
    )


def _transformed(source: KeySource, value: Value, caseless: bool) -> Value:
    if isinstance(value, int):
        return value
    if source.transform == "arn-name" and value.startswith("arn:") and value.count(":") >= 5:
        resource = value.split(":", 5)[5]
        value = resource.rpartition("/" if "/" in resource else ":")[2]
    return ascii_lower(value) if caseless else value


def ascii_lower(value: str) -> str:
    return re.sub("[A-Z]+", lambda found: found.group().lower(), value)


def conditions_hold(where: dict[str, Condition], event: Event) -> bool:
    return all(
        _holds(condition, value, event)
        for path, condition in where.items()
        for value in elements(event, path)
    )


def _holds(condition: Condition, value: Any, event: Event) -> bool:
    there = value not in (None, "", [], {})
    tests = []
    if condition.absent is not None:
        tests.append(not there)
    if condition.exists is not None:
        tests.append(there)
    if condition.equals is not None:
        tests.append(_same(condition.equals, value))
    if condition.in_ is not None:
        tests.append(any(_same(choice, value) for choice in condition.in_))
    if condition.startswith is not None:
        tests.append(isinstance(value, str) and value.startswith(condition.startswith))
    if condition.endswith is not None:
        tests.append(isinstance(value, str) and value.endswith(condition.endswith))
    if condition.grants is not None:
        tests.append(grants_own_account_only(value, account_of(event)))
    if condition.not_ is not None:
        tests.append(there and not _holds(condition.not_, value, event))
    return all(tests)


def _same(wanted: object, value: object) -> bool:
    return type(wanted) is type(value) and wanted == value


def grants_own_account_only(policy: object, account: str | None) -> bool:
    """Whether every Allow has a Principal that names nobody outside `account`."""
    if isinstance(policy, str):
        try:
            policy = json.loads(policy)
        except (ValueError, RecursionError):
            return False
    statements = at(policy, "Statement")
    if account is None or not isinstance(statements, list | dict):
        return False
    for statement in statements if isinstance(statements, list) else [statements]:
        if at(statement, "Effect") == "Deny":
            continue
        principal = at(statement, "Principal")
        if not isinstance(principal, dict) or set(principal) != {"AWS"}:
            return False
        named = principal["AWS"] if isinstance(principal["AWS"], list) else [principal["AWS"]]
        if not all(_account_named(name) == account for name in named):
            return False
    return True


def _account_named(principal: object) -> str | None:
    """The account of an account id or of an ARN."""
    parts = principal.split(":") if isinstance(principal, str) else []
    if len(parts) == 1:
        return parts[0]
    return parts[4] if len(parts) >= 6 and parts[0] == "arn" else None
