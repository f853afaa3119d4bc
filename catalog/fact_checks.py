"""The rules that hold a cascade against what records have shown: what is null, what is never set, what can be equal."""

import re
from collections.abc import Iterable, Iterator

from .chains import resting_on
from .check_codes import Problem
from .models import Cascade, Effect, KeySource, Origin, Spoiler
from .record_facts import FLAG, record_facts
from .resource_names import NAME_NOT_LAST
from .service_models import ServiceModels
from .structure import Loc
from .written_as import Writing, writings

# Members that hold the ARN of another service's thing.
_OF_OTHERS = re.compile(r"(role|key|kms|topic|queue|bucket|policy|target)", re.IGNORECASE)
_Node = Origin | Effect | Spoiler


def fact_problems(cascade: Cascade, models: ServiceModels | None) -> Iterator[Problem]:
    """What records contradict. Without `models` only the records themselves tell how a value is written."""
    for loc, node in _nodes(cascade):
        yield from _null_problems(loc, node)
        yield from _flag_problems(loc, node)
        yield from _last_part_problems(loc, node)
    for loc, node, parent in _edges(cascade):
        yield from _join_problems(cascade, loc, node, parent, models)
        if models is not None and isinstance(node, Effect):
            yield from _other_member_problems(loc, node, node.join, models)
    if models is not None and cascade.origin is not None:
        joined = {
            name
            for effect in cascade.effects
            if cascade.parent_node(effect) == cascade.root_node
            for name in effect.join
        }
        yield from _other_member_problems(("origin",), cascade.origin, sorted(joined), models)


def lossy_problems(cascade: Cascade) -> Iterator[Problem]:
    """Silenced effects that join on a name out of which what tells two things apart was taken."""
    for loc, node, parent in _edges(cascade):
        if isinstance(node, Effect) and cascade.policy_of(node) == "suppress":
            for name in (*node.join, *node.distinct):
                if "resource-name" in (node.keys[name].transform, parent.keys[name].transform):
                    message = (
                        f"{node.node} is silenced by {name}, from whose ARN account, Region and what makes it unique "
                        "are taken: annotate it, or compare the ARN itself"
                    )
                    yield Problem((*loc, "join"), "lossy-join", message)


def _nodes(cascade: Cascade) -> Iterator[tuple[Loc, _Node]]:
    if cascade.origin is not None:
        yield ("origin",), cascade.origin
    for index, effect in enumerate(cascade.effects):
        yield ("effects", index), effect
    for index, spoiler in enumerate(cascade.spoilers):
        yield ("spoilers", index), spoiler


def _edges(cascade: Cascade) -> Iterator[tuple[Loc, Effect | Spoiler, Origin | Effect]]:
    for index, effect in enumerate(cascade.effects):
        if effect is not cascade.root:
            parent = cascade.parent_node(effect)
            yield (
                ("effects", index),
                effect,
                cascade.root if parent == cascade.root_node else cascade.effect(parent),
            )
    for index, spoiler in enumerate(cascade.spoilers):
        yield ("spoilers", index), spoiler, cascade.root


def _null_problems(loc: Loc, node: _Node) -> Iterator[Problem]:
    for name, source in node.keys.items():
        reasons = [_null(node.action, path) for path in source.paths]
        if all(reasons):
            message = f"{source.paths[0]} never holds a value: {reasons[0]}"
            yield Problem((*loc, "keys", name), "null-member", message)
    for path, condition in node.where.items():
        reason = _null(node.action, path)
        if reason and condition.absent is None:
            message = f"the condition on {path} never holds: {reason}"
            yield Problem((*loc, "where", path), "null-member", message)


def _null(action: str, path: str) -> str | None:
    member = path.partition(".")[0]
    reason = record_facts().null_because(action, member)
    return f"{member} of {action} is null in {reason}" if reason else None


def _flag_problems(loc: Loc, node: _Node) -> Iterator[Problem]:
    condition = node.where.get(FLAG)
    service = node.action.partition(":")[0]
    reason = record_facts().unflagged_because(service)
    if condition is None or condition.absent is not None:
        return
    if reason:
        message = f"{service} does not set {FLAG}: {reason}"
        yield Problem((*loc, "where", FLAG), "unset-flag", message)
    elif few := record_facts().never_flagged_because(node.action):
        message = f"no record of {node.action} has shown {FLAG}: {few}"
        yield Problem((*loc, "where", FLAG), "unseen-flag", message)


def _last_part_problems(loc: Loc, node: _Node) -> Iterator[Problem]:
    for name, source in node.keys.items():
        if source.transform == "arn-name" and _may_end_otherwise(node.action, source):
            message = (
                f"the last part of {source.paths[0]} may be no name: use transform resource-name"
            )
            yield Problem((*loc, "keys", name), "not-last", message)


def _may_end_otherwise(action: str, source: KeySource) -> bool:
    """Whether the field holds an ARN that has more behind the name: of such a service, or of a bucket and a prefix."""
    service = action.partition(":")[0]
    members = [path.rpartition(".")[2] for path in source.paths]
    own = service in NAME_NOT_LAST and not all(_OF_OTHERS.search(each) for each in members)
    return own or any("destination" in each.lower() for each in members)


def _other_member_problems(
    loc: Loc, node: _Node, joined: Iterable[str], models: ServiceModels
) -> Iterator[Problem]:
    """Keys that read one of two members of which the caller gives either."""
    for name in joined:
        source = node.keys[name]
        if len(source.paths) > 1:
            continue
        for other in _instead(node.action, source.paths[0], models):
            message = (
                f"{node.action} may have {other} instead of {source.paths[0]}, and no key then"
            )
            yield Problem((*loc, "keys", name), "other-member", message)


def _instead(action: str, path: str, models: ServiceModels) -> Iterator[str]:
    side, _, member = path.partition(".")
    if side != "requestParameters":
        return
    for operation in models.operations(action)[:1]:
        shape = operation.input
        optional = set(shape.members) - set(shape.required) if shape is not None else set()
        spelt = {name[:1].lower() + name[1:]: name for name in optional}
        if member in spelt:
            same = (each for each in spelt if each != member and _stem(each) == _stem(member))
            yield from sorted(same)


def _stem(member: str) -> str:
    return re.sub(r"(Identifier|Name|Arn|ARN|Id|ID)$", "", member)


def _join_problems(
    cascade: Cascade,
    loc: Loc,
    node: Effect | Spoiler,
    parent: Origin | Effect,
    models: ServiceModels | None,
) -> Iterator[Problem]:
    for name in node.join:
        own = writings(node.action, node.keys[name], models)
        other = writings(parent.action, parent.keys[name], models)
        if own is None or other is None:
            continue
        paths = f"{node.keys[name].paths[0]} and {parent.keys[name].paths[0]}"
        if not own & other:
            message = (
                f"{paths} can never be equal: {node.action} has {_worded(own)} there, "
                f"{parent.action} {_worded(other)}"
            )
            yield Problem((*loc, "join"), "never-equal", message)
        elif len(own | other) > 1 and own & {"arn"} | other & {"arn"}:
            message = (
                f"{paths} are equal only where both are written alike: {node.action} has {_worded(own)} there, "
                f"{parent.action} {_worded(other)}"
            )
            silent = isinstance(node, Effect) and bool(resting_on(cascade, node.node))
            yield Problem((*loc, "join"), "exact-spelling" if silent else "one-spelling", message)


_WORDS: dict[Writing, str] = {
    "arn": "an ARN",
    "id": "an id",
    "name": "a name",
    "number": "a number",
}


def _worded(found: frozenset[Writing]) -> str:
    return " or ".join(_WORDS[each] for each in sorted(found))
