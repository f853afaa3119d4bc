"""The CSV file of the console's Event history: it says what was called, and not with which parameters.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/view-cloudtrail-events-console.html
"""

from collections.abc import Iterable

from .container import Container, Inside, Members, Unusable

REASON = (
    "a row of the console's Event history (CSV) holds no requestParameters, no userAgent and of the caller "
    "no more than a name: whom the call was about cannot be told, and nothing of it is judged. "
    "Take the console's JSON download, or `aws cloudtrail lookup-events --output json`"
)


def _open(value: Members) -> Iterable[Inside] | None:
    return (Unusable(REASON),)


CONTAINER = Container(
    title="Event history (CSV)", needs=frozenset({"Event name", "Event source"}), open=_open
)
