"""Whether a target can ask what a pattern, an edge or a key asks, by its capabilities."""

from collections.abc import Iterable

from .capabilities import Capabilities
from .query import Condition, Denied, Edge, KeyPair, Pattern


def pattern_problem(pattern: Pattern, can: Capabilities) -> str | None:
    """Why the target cannot say which events fit; None where it can."""
    for condition in pattern.where:
        if name := unsupported(condition, can):
            return f"the condition {name!r} on {condition.path} cannot be said here"
    return None


def unsupported(condition: Condition, can: Capabilities) -> str | None:
    """The name of what cannot be said of the condition; None where all can."""
    if "[]" in condition.path and not can.list_conditions:
        return "for every element"
    if isinstance(condition, Denied):
        if "denied" not in can.conditions:
            return "not"
        return next((name for test in condition.tests if (name := unsupported(test, can))), None)
    return condition.operator if condition.operator not in can.conditions else None


def edge_problem(edge: Edge, can: Capabilities) -> str | None:
    """Why the target cannot say when the edge holds; None where it can."""
    if edge.distinct and not can.distinct_keys:
        return "asks for keys that differ"
    if edge.actor == "service" and not can.service_actor:
        return f"asks for a call made by {edge.service}"
    if can.sides == "effect-first" and not edge.before:
        return "follows its origin, and only an origin after it can be seen"
    if can.sides == "origin-first" and not edge.after:
        return "precedes its origin, and only an origin before it can be seen"
    return keys_problem((*edge.join, *edge.distinct), can)


def keys_problem(pairs: Iterable[KeyPair], can: Capabilities) -> str | None:
    """Why the target cannot compare the keys; None where it can."""
    keys = [key for pair in pairs for key in (pair.own, pair.parent)]
    if any(key.many for key in keys) and not can.list_keys:
        return "joins on a list"
    if not can.nested_lists and any(path.count("[]") > 1 for key in keys for path in key.paths):
        return "joins on lists within lists"
    if any(key.arn_name for key in keys) and not can.arn_name:
        return "joins on a part of an ARN"
    if any(key.resource_name for key in keys) and not can.resource_name:
        return "joins on the name in an ARN"
    if any(len(key.paths) > 1 for key in keys) and not can.first_of:
        return "joins on a field that stands in different places"
    return None
