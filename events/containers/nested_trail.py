"""Documents that keep the record itself below `aws.cloudtrail`, or below `aws` or `cloudtrail`."""

from collections.abc import Iterable

from .container import Container, Inside, Members, at

_PATHS = (
    "aws.cloudtrail",
    "data.aws",
    "aws",
    "cloudtrail",
    "json",
    "jsonPayload",
    "record",
    "data",
)


def _open(value: Members) -> Iterable[Inside] | None:
    for path in _PATHS:
        found = at(value, path)
        if isinstance(found, dict) and "eventName" in found:
            return (found,)
    return None


CONTAINER = Container(title="a nested record", open=_open)
