"""Records that are no API calls, told by what CloudTrail says of them: known by name, counted, and given no verdict.

- network activity: what passed a VPC endpoint, beside the call's own record and without its parameters.
  https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-network-events-with-cloudtrail.html
- Insights: how often a call was made, in place of the calls.
  https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-insights-fields-lake.html
- aggregated events: many data events in one.
  https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-aggregated-events.html
- digest files: hashes of log files.
  https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-validation-digest-file-structure.html

What a service does without a call (AwsServiceEvent), and what happens in the console (AwsConsoleSignIn,
AwsConsoleAction), are events like any other.
"""

from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter

from msgspec import Raw

from .record import Brief

DIGEST = "digest file"
_CATEGORIES = {
    b'"NetworkActivity"': "network-activity event",
    b'"Insight"': "Insights event",
    b'"Aggregated"': "aggregated event",
}
_TYPES = {
    "awsvpceevent": "network-activity event",
    "awscloudtrailinsight": "Insights event",
    "awsaggregatedevent": "aggregated event",
}
# `Aggregated` is as long as `Management`; such a record names no event, and is never read as one.
_LENGTHS = frozenset(map(len, _CATEGORIES)) - {len(b'"Management"')}
_category_of: Callable[[Brief], Raw] = attrgetter("eventCategory")
# Far from what any member of these records takes; whoever writes more says something else.
_LONGEST = max(map(len, _CATEGORIES))


def no_call(record: Brief) -> str | None:
    """What a record is that is no API call and no event of a service or the console; None for any other.

    >>> no_call(Brief(eventTime="", eventSource="", eventName="", eventCategory=Raw(b'"Insight"')))
    'Insights event'
    """
    category = record.eventCategory
    return _CATEGORIES.get(bytes(category)) if len(category) <= _LONGEST else None


def no_calls(records: Sequence[Brief]) -> list[Brief]:
    """Those of the records that are no API calls."""
    # Nearly all are calls, and one look at each is all the time that there is.
    if _LENGTHS.isdisjoint(map(len, map(_category_of, records))):
        return []
    return [record for record in records if no_call(record) is not None]


def no_call_in(members: Mapping[str, object]) -> str | None:
    """What an object is that holds no eventName, and is none of what is broken."""
    names = {name.lower(): name for name in members}
    if "logfiles" in names and "digests3bucket" in names:
        return DIGEST
    for member in ("eventtype", "eventcategory"):
        said = members.get(names.get(member, ""))
        if isinstance(said, str):
            found = _TYPES.get(said.lower()) or _CATEGORIES.get(f'"{said}"'.encode())
            if found:
                return found
    return None
