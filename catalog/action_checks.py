"""The rules that hold a cascade's actions and field paths against service models and records."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from difflib import get_close_matches

from .chains import resting_on, silenced
from .check_codes import Problem
from .field_paths import Kind, judge_path
from .models import Cascade, Condition, Effect, Keys, Origin, Spoiler
from .record_fields import ACTION_MEMBERS, RECORD_PATHS
from .recorded import recorded
from .service_models import ServiceModels, Shape
from .structure import Loc

_FEDERATION_ATTRIBUTES = "userIdentity.sessionContext.webIdFederationData.attributes."
_KIND_NAMES = {"list": "a list", "object": "an object", "boolean": "true or false"}


def action_problems(cascade: Cascade, models: ServiceModels | None) -> Iterator[Problem]:
    """Actions that do not exist, and fields that cannot occur in their records.

    Without `models` only the events that are no API calls and the fields that are the same for
    every action are checked.
    """
    for loc, node in _nodes(cascade):
        found = list(action_named(loc, node.action, models))
        yield from found
        if not found:
            for problem in _field_problems(loc, node, models):
                yield _weighed(cascade, node, problem)


def _field_problems(
    loc: Loc, node: Origin | Effect | Spoiler, models: ServiceModels | None
) -> Iterator[Problem]:
    yield from _key_problems((*loc, "keys"), node.action, node.keys, models)
    for path, condition in node.where.items():
        yield from _condition_problems((*loc, "where", path), node.action, path, condition, models)


def _weighed(cascade: Cascade, node: Origin | Effect | Spoiler, problem: Problem) -> Problem:
    """The problem, under a graver code where a wrong spelling would silence more, not less."""
    if problem.code != "unverified-path":
        return problem
    bears = (
        bool(resting_on(cascade, node.node))
        if isinstance(node, Effect)
        else bool(silenced(cascade))
    )
    path = str(problem.loc[-1])
    tests_absence = path in node.where and node.where[path].absent is not None
    if bears and (isinstance(node, Spoiler) or tests_absence):
        what = "a spoiler never fires" if isinstance(node, Spoiler) else "`absent` always holds"
        message = f"{problem.message}; if it is wrong, {what} and more is silenced"
        return replace(problem, code="unverified-absence", message=message)
    return problem


def _nodes(cascade: Cascade) -> Iterator[tuple[Loc, Origin | Effect | Spoiler]]:
    if cascade.origin is not None:
        yield ("origin",), cascade.origin
    for index, effect in enumerate(cascade.effects):
        yield ("effects", index), effect
    for index, spoiler in enumerate(cascade.spoilers):
        yield ("spoilers", index), spoiler


def action_named(loc: Loc, action: str, models: ServiceModels | None) -> Iterator[Problem]:
    """The problem that CloudTrail records no such action, if it is so."""
    if action in recorded().events or models is None or models.operations(action):
        return
    source, _, event_name = action.partition(":")
    events = {name for name in recorded().events if name.startswith(f"{source}:")}
    if not models.services(source) and not events:
        meant = models.sources_of(source) or get_close_matches(source, models.sources(), n=1)
        yield Problem(
            (*loc, "action"),
            "unknown-service",
            f"{source}.amazonaws.com is no event source of CloudTrail{_hint(meant)}",
        )
        return
    names = models.event_names(source) | {name.partition(":")[2] for name in events}
    meant = models.logged_as(action) or [
        f"{source}:{name}" for name in get_close_matches(event_name, sorted(names), n=3)
    ]
    yield Problem(
        (*loc, "action"), "unknown-action", f"CloudTrail records no {action}{_hint(meant)}"
    )


def _key_problems(
    loc: Loc, action: str, keys: Keys, models: ServiceModels | None
) -> Iterator[Problem]:
    for name, source in keys.items():
        for index, path in enumerate(source.paths):
            where = (*loc, name, "first-of", index) if source.first_of else (*loc, name)
            kind, problem = _judge(where, action, path, models)
            if problem is not None:
                yield problem
            if kind in _KIND_NAMES:
                brackets = f"; write {path}[]" if kind == "list" else ""
                message = f"{path} is {_KIND_NAMES[kind]}, which no key can have{brackets}"
                yield Problem(where, "key-without-value", message)


def _condition_problems(
    loc: Loc, action: str, path: str, condition: Condition, models: ServiceModels | None
) -> Iterator[Problem]:
    whole = path in ACTION_MEMBERS
    kind, problem = ("object", None) if whole else _judge(loc, action, path, models)
    if problem is not None:
        yield problem
    if kind in ("list", "object") and _compares(condition):
        yield Problem(
            loc,
            "condition-on-object",
            f"{path} is {_KIND_NAMES[kind]}; nothing but exists, absent, grants and only applies to it",
        )
    listed = _listed(condition)
    if listed and kind in ("value", "boolean", "list"):
        said = _KIND_NAMES.get(kind, "a plain value")
        brackets = f"; write {path}[]" if kind == "list" else ""
        message = f"{path} is {said}, and `only` lists members of an object{brackets}"
        yield Problem(loc, "condition-on-object", message)
        return
    for name in listed:
        yield from _member_problems(loc, action, f"{path}.{name}", models)


def _member_problems(
    loc: Loc, action: str, path: str, models: ServiceModels | None
) -> Iterator[Problem]:
    inside = (f"{path}.", f"{path}[]")
    if any(shown.startswith(inside) for shown in recorded().fields_of(action)):
        return
    _, problem = _judge(loc, action, path, models)
    if problem is not None:
        yield problem


def _listed(condition: Condition) -> tuple[str, ...]:
    inner = _listed(condition.not_) if condition.not_ is not None else ()
    return (*(condition.only or ()), *inner)


def _compares(condition: Condition) -> bool:
    operators = (condition.equals, condition.in_, condition.startswith, condition.endswith)
    if any(operand is not None for operand in operators):
        return True
    return condition.not_ is not None and _compares(condition.not_)


def _judge(
    loc: Loc, action: str, path: str, models: ServiceModels | None
) -> tuple[Kind, Problem | None]:
    top = path.partition(".")[0].removesuffix("[]")
    if top not in ACTION_MEMBERS:
        return _judge_record_path(loc, path)
    table = recorded()
    fields = table.fields_of(action)
    if path in fields:
        return "any", None
    if respelt := _other_case(path, fields):
        message = f"{path} does not occur in {action}: records write {respelt}"
        return "any", Problem(loc, "unknown-path", message)
    if action in table.events:
        known = ", ".join(sorted(fields)) or "none"
        message = f"{path} is not among the recorded fields of {action}; known: {known}"
        return "any", Problem(loc, "unknown-path", message)
    if models is None:
        return "any", None
    if top in ("additionalEventData", "serviceEventDetails"):
        message = f"no service model describes {top}, and no record of {action} has shown {path}"
        return "any", Problem(loc, "undescribed-path", message)
    verdict = judge_path(models.operations(action), path, fields)
    if verdict.certainty == "impossible":
        message = f"{path} does not occur in {action}: {verdict.reason}"
        return verdict.kind, Problem(loc, "unknown-path", message)
    if verdict.certainty == "plausible" and not _shown_by_kin(action, path, models):
        message = f"the models allow {path} in {action}, but no record has shown this spelling"
        return verdict.kind, Problem(loc, "unverified-path", message)
    return verdict.kind, None


def _other_case(path: str, fields: Iterable[str]) -> str | None:
    """The path as records have it, where they differ in capitals only. Secrets Manager has changed from aRN to arn."""
    if path.lower().endswith(".arn"):
        return None
    alike = [each for each in sorted(fields) if each.lower() == path.lower()]
    return alike[0] if alike else None


def _shown_by_kin(action: str, path: str, models: ServiceModels) -> bool:
    """Whether a record of another action of EC2 shows the path, and its parameter is of the very same shape.

    EC2 writes a shape in one way wherever it is a parameter outside of a wrapper, which the action's own
    records must have shown that it is.
    """
    side, _, rest = path.partition(".")
    parameter = rest.partition(".")[0].removesuffix("[]")
    table = recorded()
    own = _parameter_shape(action, parameter, models)
    if (
        not action.startswith("ec2:")
        or side != "requestParameters"
        or own is None
        or not any(shown.startswith("requestParameters.") for shown in table.fields_of(action))
    ):
        return False
    return any(
        path in fields and _parameter_shape(other, parameter, models) == own
        for other, fields in table.fields.items()
        if other.startswith("ec2:")
    )


def _parameter_shape(action: str, parameter: str, models: ServiceModels) -> Shape | None:
    for operation in models.operations(action):
        for name, member in operation.input.members.items() if operation.input else ():
            if name[:1].lower() + name[1:] == parameter:
                return member.shape
    return None


def _judge_record_path(loc: Loc, path: str) -> tuple[Kind, Problem | None]:
    if path in RECORD_PATHS:
        return RECORD_PATHS[path], None
    if path.startswith(_FEDERATION_ATTRIBUTES):
        return "value", None
    meant = get_close_matches(path, RECORD_PATHS, n=1)
    return "any", Problem(loc, "unknown-path", f"no CloudTrail record has {path}{_hint(meant)}")


def _hint(meant: Iterable[str]) -> str:
    names = list(dict.fromkeys(meant))
    return f"; did you mean {' or '.join(names)}?" if names else ""
