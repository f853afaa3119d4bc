"""Whether the value of a key can name another thing, later or elsewhere.

A name that somebody chose can be chosen again, after a deletion or in another Region. An id that AWS makes up cannot.
Without the service models the spelling of the member tells: ids end in `Id`, ARNs in `Arn`, the rest is a name.
"""

import re
from collections.abc import Callable

from .chains import chain
from .models import Cascade, Effect, Keys, KeySource

# Services whose names are unique in the whole account, or the world, and which log in one Region whatever the caller's.
GLOBAL_SERVICES = frozenset(
    {
        "account",
        "billing",
        "budgets",
        "ce",
        "cloudfront",
        "cur",
        "directconnect",
        "globalaccelerator",
        "health",
        "iam",
        "networkmanager",
        "organizations",
        "route53",
        "route53domains",
        "s3",  # a bucket's name is taken everywhere
        "shield",
        "signin",
        "sts",
        "support",
        "trustedadvisor",
        "waf",
    }
)
# Services whose ARNs hold something that AWS makes up anew for each thing.
_UNIQUE_ARNS = frozenset(
    {
        "acm",  # a UUID
        "acm-pca",  # a UUID
        "elasticloadbalancing",  # sixteen digits behind the name
        "globalaccelerator",  # a UUID
        "kms",  # a UUID; a replica may come back, and is deleted by AWS alone
        "secretsmanager",  # six characters behind the name
        "wafv2",  # a UUID behind the name
    }
)
# Members that end in `Id` and hold a name that somebody chose.
_CHOSEN_IDS = {
    "elasticache": frozenset(
        {
            "cacheClusterId",
            "globalReplicationGroupId",
            "globalReplicationGroupIdSuffix",
            "primaryReplicationGroupId",
            "replicationGroupId",
            "userGroupId",
            "userId",
        }
    ),
    "kms": frozenset({"keyId"}),  # or an alias
    "secretsmanager": frozenset({"secretId"}),  # or its name
}
_ID = re.compile(r".*(Id|ID)s?|id|.*[-_]id")
_ARN = re.compile(r".*(Arn|ARN)s?|arn|aRN")


def member_of(path: str) -> str:
    """The last member of a path.

    >>> member_of("requestParameters.certificates[].certificateArn")
    'certificateArn'
    """
    return path.rpartition(".")[2].removesuffix("[]")


def is_name(service: str, key: KeySource) -> bool:
    """Whether the key may hold a plain name, which says nothing of account, Region or time."""
    return key.transform in ("arn-name", "resource-name") or any(
        not _ARN.fullmatch(member_of(path)) and not _is_made_up_id(service, member_of(path))
        for path in key.paths
    )


def has_chosen_arn(service: str, member: str) -> bool:
    """Whether the member is an ARN that is the same for the next thing of the same name."""
    return service not in _UNIQUE_ARNS and _ARN.fullmatch(member) is not None


def can_return(service: str, key: KeySource) -> bool:
    """Whether the key may hold what another thing can be called once this one is gone."""
    return is_name(service, key) or any(
        has_chosen_arn(service, member_of(path)) for path in key.paths
    )


def lacks_region(cascade: Cascade, effect: Effect) -> bool:
    """Whether a namesake of another Region can stand on the other side of the edge.

    A key that one side has by id or ARN tells them apart, and a global service has one thing of each name.
    """
    action, _ = _parent(cascade, effect)
    services = {_service(effect.action), _service(action)}
    return (
        effect.region != "same"
        and services.isdisjoint(GLOBAL_SERVICES)
        and _all_keys(cascade, effect, is_name)
    )


def can_outlive(cascade: Cascade, effect: Effect) -> bool:
    """Whether the effect may be about one thing, and the origin about the next one of its name."""
    edges = chain(cascade, effect)
    return lies_before(cascade, effect) and _all_keys(cascade, edges[-1], can_return)


def lies_before(cascade: Cascade, effect: Effect) -> bool:
    """Whether somebody may cause the effect before there is an origin; what AWS does itself it does for the origin."""
    before = any(edge.within.before for edge in chain(cascade, effect))
    return cascade.origin is not None and before and not _is_aws(effect)


def _all_keys(cascade: Cascade, effect: Effect, test: Callable[[str, KeySource], bool]) -> bool:
    action, keys = _parent(cascade, effect)
    return bool(effect.join) and all(
        test(_service(effect.action), effect.keys[name]) and test(_service(action), keys[name])
        for name in effect.join
    )


def _is_aws(effect: Effect) -> bool:
    event_type = effect.where.get("eventType")
    invoker = effect.where.get("userIdentity.invokedBy")
    return (
        effect.actor.startswith("service:")
        or (event_type is not None and event_type.equals == "AwsServiceEvent")
        or (invoker is not None and bool(invoker.equals or invoker.in_))
    )


def _is_made_up_id(service: str, member: str) -> bool:
    return bool(_ID.fullmatch(member)) and member not in _CHOSEN_IDS.get(service, ())


def _parent(cascade: Cascade, effect: Effect) -> tuple[str, Keys]:
    name = cascade.parent_node(effect)
    node = cascade.root if name == cascade.root_node else cascade.effect(name)
    return node.action, node.keys


def _service(action: str) -> str:
    return action.partition(":")[0]
