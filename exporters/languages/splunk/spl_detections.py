"""The detections as SPL: streamstats over a moving window, stats, and a lookup of sessions."""

from collections.abc import Iterator, Sequence

from ...detections import Burst, Detection, FirstSeen, Lineage
from ...query import Pattern
from .spl import quoted, searched

SESSIONS = "cascade_sessions"
_DAY = 86_400
_ACTOR = "userIdentity.principalId"


def searches(
    detection: Detection, index: str | None, controllers: Sequence[str]
) -> Iterator[tuple[str, str]]:
    """Names and texts of the searches that together are the detection.

    Raises:
        CannotEncode: the language cannot hold a value.
    """
    source = f"index={searched(index)}" if index else "`cloudtrail`"
    match detection:
        case Burst():
            yield "alert", _burst(detection, source, controllers)
        case FirstSeen():
            yield "alert", _first_seen(detection, source)
        case Lineage():
            yield "fill", _sessions(detection, source)
            yield "resolve", _lineage(detection, source)


def _events(source: str, actions: Sequence[str]) -> str:
    patterns = [Pattern(action) for action in actions]
    names = ", ".join(searched(pattern.event_name) for pattern in patterns)
    return f"{source} eventSource={searched(patterns[0].event_source)} eventName IN ({names})"


def _burst(detection: Burst, source: str, controllers: Sequence[str]) -> str:
    lines = [
        _events(source, detection.actions),
        "| dedup eventID",
        "| eval account=coalesce(recipientAccountId, 'userIdentity.accountId', \"\"),",
        f"    principal='{_ACTOR}', arn='userIdentity.arn',",
        "    issuer='userIdentity.sessionContext.sessionIssuer.arn'",
        "| where isnotnull(principal) AND isnull('userIdentity.invokedBy')",
    ]
    if controllers:
        listed = ", ".join(map(quoted, controllers))
        lines += [f'| where NOT coalesce({field}, "") IN ({listed})' for field in ("arn", "issuer")]
    lines += [
        "| sort 0 _time",
        # time_window counts back from each event, itself included.
        f"| streamstats time_window={detection.window}s dc(eventName) AS n BY account principal",
        f"| where n >= {detection.distinct}",
        "| stats min(_time) AS first_time max(n) AS distinct_actions BY account principal",
    ]
    return "\n".join(lines)


def _first_seen(detection: FirstSeen, source: str) -> str:
    days = detection.lookback // _DAY
    return "\n".join(
        [
            f"{_events(source, [detection.action])} earliest=-{days}d",
            "| dedup eventID",
            "| eval account=coalesce(recipientAccountId, 'userIdentity.accountId', \"\"),",
            "    arn='userIdentity.arn', kind=coalesce('userIdentity.type', \"\")",
            "| where isnotnull(arn) AND isnull('userIdentity.invokedBy')"
            f" AND kind != {quoted(detection.spared)}",
            "| stats min(_time) AS event_time BY account arn",
            "``` What was there before the last run is no news. ```",
            '| where event_time >= relative_time(now(), "-15m")',
        ]
    )


def _sessions(detection: Lineage, source: str) -> str:
    """Fills the lookup; an access key is handed out once, so that a row never changes."""
    return "\n".join(
        [
            f"{_events(source, [detection.action])} NOT errorCode IN ({quoted('AccessDenied')})",
            "| eval session_key='responseElements.credentials.accessKeyId',",
            "    caller_key='userIdentity.accessKeyId', caller_arn='userIdentity.arn',",
            "    caller_type='userIdentity.type'",
            "| where isnotnull(session_key)",
            "| dedup session_key",
            "| table session_key, caller_key, caller_arn, caller_type",
            f"| outputlookup append=true key_field=session_key {SESSIONS}",
        ]
    )


def _lineage(detection: Lineage, source: str) -> str:
    lines = [
        _events(source, [detection.action]),
        "| dedup eventID",
        "| eval session_key='responseElements.credentials.accessKeyId', key_0=session_key",
        "| where isnotnull(session_key)",
    ]
    cases = []
    for hop in range(detection.hops):
        lines.append(
            f"| lookup {SESSIONS} session_key AS key_{hop} OUTPUT caller_key AS key_{hop + 1}, "
            f"caller_arn AS arn_{hop}, caller_type AS type_{hop}"
        )
        begins = f'isnotnull(arn_{hop}) AND coalesce(type_{hop}, "") != "AssumedRole"'
        cases.append((begins, f"arn_{hop}", hop + 1))
    initial = ", ".join(f"{test}, {arn}" for test, arn, _ in cases)
    hops = ", ".join(f"{test}, {hop}" for test, _, hop in cases)
    lines += [
        f"| eval initial_arn=case({initial}),",
        f"    hops=case({hops})",
        "| table session_key, requestParameters.roleArn, requestParameters.roleSessionName,",
        "    recipientAccountId, _time, initial_arn, hops",
    ]
    return "\n".join(lines)
