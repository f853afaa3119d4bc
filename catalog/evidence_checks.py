"""What a piece of evidence can show: whether its reference leads somewhere, and whether it speaks of a cascade at all.

That a policy permits a call, or that a page describes the call itself, is true of every call that nobody makes.
"""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from .check_codes import Problem
from .derived import handler_ref
from .models import Cascade, Condition, Effect, Evidence
from .recorded import recorded
from .service_models import ServiceModels
from .structure import Loc
from .terms import NO_CASCADE

_OPERATION_REF = re.compile(r"(?:botocore|moto):([a-z0-9-]+):([A-Za-z0-9_]+)")
_API_PAGE = re.compile(
    r"https://docs\.aws\.amazon\.com/.*/API_(?:[A-Za-z0-9]+_)?([A-Za-z0-9]+)\.html(?:#.*)?"
)
_REPOSITORY_REF = re.compile(r"[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+(@[A-Za-z0-9_.-]+)?([:/\s].*)?")
# A policy as JSON, or on its page in the reference of AWS managed policies; the name of the policy.
# https://docs.aws.amazon.com/aws-managed-policy/latest/reference/policy-list.html
_POLICY = re.compile(
    r"https://.*/(?:managedpolicies|aws-managed-policy/.*)/([A-Za-z0-9_+=,.@-]+)\.(?:json|html)"
)
_HANDLER = "cfn:"
# Lambda's and CloudFront's event names end in the version of the API.
_API_VERSION = re.compile(r"(20\d{6}|20\d{2}_\d{2}_\d{2})(v\d+)?$")


def evidence_problems(cascade: Cascade, models: ServiceModels | None) -> Iterator[Problem]:
    """What is wrong with a cascade's evidence. Without `models` operations and their pages are not looked at."""
    yield from missing_problems(cascade)
    effects = {effect.node: effect for effect in cascade.effects}
    for index, evidence in enumerate(cascade.evidence):
        loc: Loc = ("evidence", index)
        yield from _reference_problems((*loc, "ref"), evidence, models)
        if evidence.kind in NO_CASCADE:
            continue
        for position, node in enumerate(evidence.supports):
            if node in effects:
                where: Loc = (*loc, "supports", position)
                yield from _kind_problems(where, cascade, effects[node], evidence, models)


def missing_problems(cascade: Cascade) -> Iterator[Problem]:
    """The effects that no evidence speaks for."""
    supported = {node for evidence in cascade.evidence for node in evidence.supports}
    for index, effect in enumerate(cascade.effects):
        if effect.node not in supported:
            message = f"no evidence names {effect.node} in `supports`"
            yield Problem(("effects", index), "evidence-missing", message)


def carries(evidence: Evidence, effect: Effect) -> bool:
    """Whether the evidence can carry that `effect` is silenced: it must speak of a cascade, not of the call alone.

    What it is declared to be does not help a policy, a handler's permissions, or the page of the effect's own call.
    """
    return (
        evidence.kind not in NO_CASCADE
        and not _is_permission(evidence, effect)
        and not _is_own_page(evidence, effect, None)
    )


def _kind_problems(
    loc: Loc, cascade: Cascade, effect: Effect, evidence: Evidence, models: ServiceModels | None
) -> Iterator[Problem]:
    if _is_permission(evidence, effect):
        message = f"{evidence.ref} permits {effect.node} and does not show that it is called: say `permitted`"
        yield Problem(loc, "evidence-kind", message)
    elif models is not None and _is_own_page(evidence, effect, models):
        roots = sorted({_action(cascade, cascade.parent_node(effect)), cascade.root.action})
        if not any(_names(models, effect.action, action) for action in roots):
            message = (
                f"{evidence.ref} is {effect.node}'s own page and does not name {' or '.join(roots)}: "
                "say `own-page`"
            )
            yield Problem(loc, "evidence-kind", message)


def _is_permission(evidence: Evidence, effect: Effect) -> bool:
    if evidence.ref.startswith(_HANDLER):
        return True
    policy = _POLICY.fullmatch(evidence.ref)
    # The page of a policy says why it is there, which speaks for the effect that attaches it.
    return policy is not None and not any(
        policy[1] in text for test in effect.where.values() for text in _texts(test)
    )


def _texts(test: Condition) -> Iterator[str]:
    for value in (test.equals, *(test.in_ or ()), test.startswith, test.endswith):
        if isinstance(value, str):
            yield value


def _is_own_page(evidence: Evidence, effect: Effect, models: ServiceModels | None) -> bool:
    event_name = effect.action.partition(":")[2]
    if (page := _API_PAGE.fullmatch(evidence.ref)) is not None:
        return page[1] == _API_VERSION.sub("", event_name)
    named = _OPERATION_REF.fullmatch(evidence.ref)
    if named is None or evidence.kind == "simulated":
        return False
    if models is None:
        return named[2] == _API_VERSION.sub("", event_name)
    own = {(operation.service, operation.name) for operation in models.operations(effect.action)}
    return named.groups() in own


def _names(models: ServiceModels, page: str, action: str) -> bool:
    """Whether the page of an action names another one."""
    names = {operation.name for operation in models.operations(action)}
    names.add(action.partition(":")[2])
    texts = [models.page_of(each.service, each.name) for each in models.operations(page)]
    return any(re.search(rf"\b{re.escape(name)}\b", text) for name in names for text in texts)


def _action(cascade: Cascade, node: str) -> str:
    return cascade.root.action if node == cascade.root_node else cascade.effect(node).action


def _reference_problems(
    loc: Loc, evidence: Evidence, models: ServiceModels | None
) -> Iterator[Problem]:
    operation = _OPERATION_REF.fullmatch(evidence.ref)
    if operation is not None:
        if models is not None and not models.has_operation(*operation.groups()):
            message = f"botocore's {operation[1]} has no operation {operation[2]}"
            yield Problem(loc, "evidence-operation", message)
    elif evidence.ref.startswith(_HANDLER):
        yield from _handler_problems(loc, evidence)
    elif evidence.kind == "service-model":
        message = f"{evidence.ref!r} names no operation; write botocore:<service>:<Operation>"
        yield Problem(loc, "evidence-operation", message)
    elif not _is_followable(evidence.ref):
        message = f"{evidence.ref!r} is no URL, repository, data set or operation"
        yield Problem(loc, "evidence-ref", message)


def _handler_problems(loc: Loc, evidence: Evidence) -> Iterator[Problem]:
    called = handler_ref(evidence.ref)
    if called is None:
        yield Problem(
            loc, "evidence-operation", f"CloudFormation's schemas have no handler {evidence.ref}"
        )
        return
    for node in evidence.supports:
        if node not in called:
            message = f"{evidence.ref} declares no permission for {node}"
            yield Problem(loc, "evidence-operation", message)


def _is_followable(ref: str) -> bool:
    if "://" in ref:
        try:
            url = urlsplit(ref)
        except ValueError:
            return False
        return url.scheme in ("http", "https") and "." in url.netloc
    if any(re.match(re.escape(name) + r"([:/\s]|$)", ref) for name in recorded().datasets):
        return True
    return _REPOSITORY_REF.fullmatch(ref) is not None
