"""The transform `resource-name`: the name of a thing out of its ARN, as the thing's own service would write it.

An ARN that names more than the thing (a function's version, a table's index) is left as it is, so that it equals
itself only. What is dropped tells things apart: account, Region, and what AWS appends to make an ARN unique.
"""

import re
from collections.abc import Iterable

_PLACE = "[^:]*:[^:]*:"  # Region and account


def _arn(service: str, resource: str) -> str:
    return f"arn:[^:]*:{service}:{_PLACE}{resource}"


# What stands before the name, the name, and what stands behind it, in a dialect that all platforms read alike.
# https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
_PLAIN = "|".join(
    (
        _arn("lambda", "function:"),
        _arn("(sns|sqs)", ""),
        _arn("dynamodb", "table/"),
        _arn("ecs", "cluster/"),
        _arn("kms", "key/"),
        # AWS's own policies have no account, and may be called as one's own are.
        "arn:[^:]*:iam::[0-9]{12}:(role|user|group|policy|instance-profile)/([^:]*/)?",
        "https://sqs[.][a-z0-9-]+[.]amazonaws[.]com([.]cn)?/[0-9]{12}/",
    )
)
RESOURCE_NAMES: tuple[tuple[str, str, str], ...] = (
    (f"({_PLAIN})", "[^/:]+", ""),
    (_arn("logs", "log-group:"), "[^:]+", "(:[*])?"),
    (_arn("cloudformation", "(stack|changeSet)/"), "[^/:]+", "/[^/:]+"),
    # https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_iam-permissions.html
    (_arn("secretsmanager", "secret:"), "[^:]+", "-[A-Za-z0-9]{6}"),
    ("arn:[^:]*:s3:::", "[^/:]+", "(/[^:]*)?"),
)

_COMPILED = tuple(
    re.compile(f"{head}(?P<name>{name}){tail}") for head, name, tail in RESOURCE_NAMES
)
# Services whose ARNs end in something else than a name, or in a part of one: `arn-name` is wrong there.
NAME_NOT_LAST = frozenset({"cloudformation", "lambda", "logs", "secretsmanager"})


def resource_name(text: str) -> str:
    """The name in an ARN or in a queue's URL; anything else as it is.

    >>> resource_name("arn:aws:logs:eu-west-1:111122223333:log-group:/aws/lambda/web:*")
    '/aws/lambda/web'
    >>> resource_name("arn:aws:lambda:eu-west-1:111122223333:function:web:7")
    'arn:aws:lambda:eu-west-1:111122223333:function:web:7'
    """
    if not text.startswith(("arn:", "https://sqs.")):
        return text
    for pattern in _COMPILED:
        found = pattern.fullmatch(text)
        if found is not None:
            return found["name"]
    return text


def forgets(transforms: Iterable[str | None]) -> bool:
    """Whether a key so read may be equal for two things."""
    return "resource-name" in transforms
