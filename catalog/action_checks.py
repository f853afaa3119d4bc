"""The rules that hold a cascade's actions and field paths against service models and records."""

from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from .check_codes import Problem
from .field_paths import Kind, judge_path
from .models import Cascade, Condition, Effect, Keys, Origin, Spoiler
from .record_fields import ACTION_MEMBERS, RECORD_PATHS
from .recorded import recorded
from .service_models import ServiceModels
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
            yield from _key_problems((*loc, "keys"), node.action, node.keys, models)
            for path, condition in node.where.items():
                yield from _condition_problems(
                    (*loc, "where", path), node.action, path, condition, models
                )


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
    kind, problem = _judge(loc, action, path, models)
    if problem is not None:
        yield problem
    if kind in ("list", "object") and _compares(condition):
        yield Problem(
            loc,
            "condition-on-object",
            f"{path} is {_KIND_NAMES[kind]}; only exists, absent and grants apply to it",
        )


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
    if action in table.events:
        known = ", ".join(sorted(fields)) or "none"
        message = f"{path} is not among the recorded fields of {action}; known: {known}"
        return "any", Problem(loc, "unknown-path", message)
    if models is None:
        return "any", None
    if top in ("additionalEventData", "serviceEventDetails"):
        message = f"no service model describes {top}, and no record of {action} has shown {path}"
        return "any", Problem(loc, "unverified-path", message)
    verdict = judge_path(models.operations(action), path, fields)
    if verdict.certainty == "impossible":
        message = f"{path} does not occur in {action}: {verdict.reason}"
        return verdict.kind, Problem(loc, "unknown-path", message)
    if verdict.certainty == "plausible":
        message = f"the models allow {path} in {action}, but no record has shown this spelling"
        return verdict.kind, Problem(loc, "unverified-path", message)
    return verdict.kind, None


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
