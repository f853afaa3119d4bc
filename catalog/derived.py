"""Cascades derived from what CloudFormation's resource handlers declare: data/handlers.json.

A handler's permissions say what it may call, not what it does, in no order. So a derived cascade is
marked by its id, kept apart from the curated ones, and annotates only. `bench/derive_cloudformation.py`
makes the table anew.
"""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import TypeAlias

from .models import Cascade, Condition, Effect, Evidence, Origin, Suppression, Window

Handlers: TypeAlias = Mapping[str, Mapping[str, tuple[str, ...]]]

DERIVED_SERVICE = "cloudformation-derived"
_ORIGINS = {
    "create": "cloudformation:CreateStack",
    "update": "cloudformation:UpdateStack",
    "delete": "cloudformation:DeleteStack",
}
_INVOKER = "cloudformation.amazonaws.com"
# The longest that CloudFormation waits for one resource: a custom one that never answers has an hour.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-responses.html
_WITHIN = Window.model_construct(before=0, after=3_600)


@cache
def handlers() -> Handlers:
    """The table of the package: by resource type and handler the actions it may call, without reads."""
    file = resources.files(__package__) / "data" / "handlers.json"
    table = json.loads(file.read_text(encoding="utf-8"))["types"]
    return MappingProxyType(
        {
            name: {handler: tuple(actions) for handler, actions in found.items()}
            for name, found in table.items()
        }
    )


def is_derived(cascade_id: str) -> bool:
    """Whether the id is one of a derived cascade.

    >>> is_derived("aws.cloudformation-derived.iam-role-delete"), is_derived("aws.iam.delete-user")
    (True, False)
    """
    return cascade_id.split(".")[1] == DERIVED_SERVICE


def derived_cascades(table: Handlers | None = None) -> tuple[Cascade, ...]:
    """A cascade for each handler that may call more than one action, by id."""
    found = [
        _cascade(name, handler, actions)
        for name, each in (handlers() if table is None else table).items()
        for handler, actions in each.items()
        if len(actions) > 1
    ]
    return tuple(sorted(found, key=lambda cascade: cascade.id))


def handler_ref(ref: str) -> tuple[str, ...] | None:
    """The actions of the handler that evidence refers to as `cfn:AWS::IAM::Role:delete`; None if there is none."""
    named = re.fullmatch(r"cfn:([A-Za-z0-9]+::[A-Za-z0-9]+::[A-Za-z0-9:]+):([a-z]+)", ref)
    if named is None:
        return None
    return handlers().get(named[1], {}).get(named[2])


def _cascade(name: str, handler: str, actions: tuple[str, ...]) -> Cascade:
    origin = _ORIGINS[handler]
    # The values come from a table of ours that a test holds to the models: no need to validate 20,000 effects.
    return Cascade.model_construct(
        id=f"aws.{DERIVED_SERVICE}.{_slug(name)}-{handler}",
        title=f"CloudFormation may call this to {handler} an {name}",
        provider="aws",
        description=f"Derived from the permissions that the {handler} handler of {name} declares: what it "
        "may call, in no order, not what it does.",
        origin=Origin.model_construct(action=origin, keys={}, where={}, attack=(), note=None),
        ensemble=None,
        effects=tuple(_effects(actions)),
        spoilers=(),
        suppression=Suppression.model_construct(
            policy="annotate",
            residual_risk="Nothing is silenced. A template does whatever its author wrote: read the template.",
            abuse=(),
        ),
        evidence=(
            Evidence.model_construct(
                kind="permitted", ref=f"cfn:{name}:{handler}", supports=actions, note=None
            ),
        ),
    )


def _effects(actions: tuple[str, ...]) -> Iterator[Effect]:
    invoked = {"userIdentity.invokedBy": Condition.model_construct(equals=_INVOKER)}
    for action in actions:
        yield Effect.model_construct(
            action=action,
            name=None,
            relation="consequence",
            occurs="optional",
            keys={},
            parent=None,
            join=(),
            distinct=(),
            within=_WITHIN,
            actor="any",
            account="same",
            tool="any",
            where=invoked,
            outcome="success",
            policy=None,
            unexplained="unlisted",
            attack=(),
            note=None,
        )


def _slug(name: str) -> str:
    """`iam-role` of `AWS::IAM::Role`, `ec2-vpc-gateway-attachment` of `AWS::EC2::VPCGatewayAttachment`."""
    words = name.removeprefix("AWS::").replace("::", "-")
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "-", words)
    return parted.lower().replace("--", "-")
