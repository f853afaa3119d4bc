"""The oracle's reading of a single event: its facts, the values of its keys, its conditions."""

import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any

from cloudcascade.catalog.models import Cascade, Condition, Effect, KeySource, Origin, Spoiler

Event = dict[str, Any]
Value = str | int
Values = frozenset[Value]

FAILED_PARTS: dict[str, list[str]] = json.loads(
    (Path(__file__).parents[1] / "catalog" / "data" / "failed_parts.json").read_text()
)
HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"
MOST_ELEMENTS = 1_000
OMITTED = {"requestParameters", "responseElements", "additionalEventData", "serviceEventDetails"}


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
    return not event.get("errorCode") and not event.get("errorMessage")


def failed_parts(event: Event) -> list[Any]:
    """What the response says was asked and not done, one entry for each part."""
    response = event.get("responseElements")
    lists = FAILED_PARTS.get(action_of(event))
    if lists is None or not isinstance(response, dict):
        return []
    if response.get("omitted") is True:
        return [None]
    wrapped = [
        inner
        for name, inner in response.items()
        if name.endswith("Response") and isinstance(inner, dict)
    ]
    return [
        part
        for holder in (response, *wrapped)
        for name in lists
        for spelt in (name, name[0].upper() + name[1:])
        for part in _parts(holder.get(spelt))
    ]


def _parts(found: Any) -> list[Any]:
    if found in (None, "", [], {}):
        return []
    if isinstance(found, dict) and "item" in found:
        return _parts(found["item"])
    return found if isinstance(found, list) else [found]


def _values_in(part: Any) -> set[Value]:
    if isinstance(part, dict):
        return set().union(*map(_values_in, part.values()))
    if isinstance(part, list):
        return set().union(*map(_values_in, part))
    value = _as_value(part)
    return set() if value is None else {value}


def parts_are_told(cascade: Cascade, node: Origin | Effect, event: Event) -> bool:
    """Whether it is known for each part of the event that failed which value of the node's keys it is about."""
    parts = failed_parts(event)
    if any(
        "[]" in path and path.startswith("responseElements.")
        for source in node.keys.values()
        for path in source.paths
    ):
        return True
    return all(
        any(
            key_values(cascade, node, name, event, whole=True)
            & _shaped_alike(cascade, node, name, _values_in(part))
            for name in node.keys
        )
        for part in parts
    )


def _shaped_alike(
    cascade: Cascade, node: Origin | Effect | Spoiler, name: str, values: set[Value]
) -> Values:
    caseless = _is_caseless(cascade, name)
    return frozenset(_transformed(node.keys[name], value, caseless) for value in values)


def account_of(event: Event) -> str | None:
    return text(event.get("recipientAccountId")) or text(at(event, "userIdentity", "accountId"))


def key_values(
    cascade: Cascade,
    node: Origin | Effect | Spoiler,
    name: str,
    event: Event,
    *,
    whole: bool = False,
) -> Values:
    """The key's values, none where it is missing; one element or a set makes no difference here.

    Without what failed in part, unless the node does not care or `whole` is wanted.
    """
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
    if "" in result:
        return frozenset()
    if whole or isinstance(node, Spoiler) or (isinstance(node, Effect) and node.outcome == "any"):
        return result
    failed: set[Value] = set().union(*map(_values_in, failed_parts(event)))
    return result - _shaped_alike(cascade, node, name, failed)


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
    if source.transform == "resource-name":
        value = named_by_service(value)
    return ascii_lower(value) if caseless else value


def named_by_service(value: str) -> str:
    """The table of docs/semantics.md, by cutting instead of patterns."""
    url = re.fullmatch(r"https://sqs\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?/[0-9]{12}/(.*)", value)
    if url:
        return value if not url[1] or "/" in url[1] or ":" in url[1] else url[1]
    head, *rest = value.split(":")
    if head != "arn" or len(rest) < 5:
        return value
    service, region, account, (first, *more) = rest[1], rest[2], rest[3], rest[4:]
    kind, _, path = first.partition("/")
    name = ""
    match service:
        case "lambda" if first == "function" and len(more) == 1 and "/" not in more[0]:
            name = more[0]
        case "sns" | "sqs" if not more and not path and "/" not in first:
            name = first
        case "dynamodb" | "ecs" | "kms" if not more and "/" not in path:
            name = path if (service, kind) in _PLAIN_RESOURCES else ""
        case "iam" if not more and not region and re.fullmatch("[0-9]{12}", account):
            name = path.rpartition("/")[2] if kind in _IAM_RESOURCES else ""
        case "logs" if first == "log-group" and more[1:] in ([], ["*"]) and more:
            name = more[0]
        case "cloudformation" if not more and kind in ("stack", "changeSet"):
            name, _, unique = path.partition("/")
            name = name if unique and "/" not in unique else ""
        case "secretsmanager" if first == "secret" and len(more) == 1:
            cut = more[0][:-7]
            name = cut if re.fullmatch("-[A-Za-z0-9]{6}", more[0][-7:]) else ""
        case "s3" if not more and not region and not account:
            name = kind
    return name or value


_PLAIN_RESOURCES = {("dynamodb", "table"), ("ecs", "cluster"), ("kms", "key")}
_IAM_RESOURCES = {"role", "user", "group", "policy", "instance-profile"}


def ascii_lower(value: str) -> str:
    return re.sub("[A-Z]+", lambda found: found.group().lower(), value)


def readable(event: Event, path: str) -> bool:
    """Whether the object that `path` leads into is in the record."""
    top = path.partition(".")[0]
    if top not in OMITTED:
        return True
    value = event.get(top)
    return isinstance(value, dict) and value.get("omitted") is not True


def cannot_be_read(
    cascade: Cascade, node: Origin | Effect | Spoiler, name: str, event: Event
) -> bool:
    """Whether a key has no value although something is in its place, or may be."""
    return not key_values(cascade, node, name, event) and any(
        not readable(event, path) or any(value is not None for value in elements(event, path))
        for path in node.keys[name].paths
    )


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
    if condition.only is not None:
        carried = (
            {name for name in value if value[name] is not None} if isinstance(value, dict) else None
        )
        tests.append(carried is not None and carried <= set(condition.only))
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
