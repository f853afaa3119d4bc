"""CloudWatch Logs: subscriptions, `filter-log-events`, `get-log-events`, and the rows of Logs Insights.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html,
https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetQueryResults.html
"""

from collections.abc import Iterable

from .container import Container, Inside, Members, Packed, Passed, at

_CONTROL = "control message of CloudWatch Logs"


def _open(value: Members) -> Iterable[Inside] | None:
    kind, events = value.get("messageType"), value.get("logEvents")
    if kind == "CONTROL_MESSAGE":
        return (Passed(_CONTROL),)
    if isinstance(events, list):
        return events
    if str(value.get("message", "")).startswith("CWL CONTROL MESSAGE"):
        return (Passed(_CONTROL),)
    data = at(value, "awslogs.data")
    return (Packed(data),) if isinstance(data, str) else None


CONTAINER = Container(title="CloudWatch Logs", open=_open, paths=("@message",), first=True)
