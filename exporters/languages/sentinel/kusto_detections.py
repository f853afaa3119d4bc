"""The detections as Kusto queries over Sentinel's AWSCloudTrail table."""

from collections.abc import Sequence

from ...detections import Burst, Detection, FirstSeen, Lineage
from ...query import Pattern
from .kusto import folded, table_name, text_list, text_literal, timespan_literal
from .timing import Slice

SESSION_LASTS = 12 * 3_600
"""The longest that a role's session lasts, in seconds:
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_manage-assume.html"""


def detection_query(
    detection: Detection, table: str, controllers: Sequence[str], judged: Slice | None = None
) -> str:
    """The query, without a header. Without a slice it tells of all that the table holds.

    Raises:
        CannotEncode: Kusto cannot hold a value.
    """
    match detection:
        case Burst():
            return _burst(detection, table, controllers, judged)
        case FirstSeen():
            return _first_seen(detection, table, judged)
        case Lineage():
            return _lineage(detection, table, judged)


def reach_before(detection: Detection) -> int:
    """How many seconds before an event the first one may lie that decides what is told of it."""
    match detection:
        case Burst():
            return detection.window
        case FirstSeen():
            return detection.lookback
        case Lineage():
            return (detection.hops - 1) * SESSION_LASTS


def _text(judged: Slice | None, name: str, read: Sequence[str], told: Sequence[str]) -> str:
    times = judged.lines() if judged else ()
    lines = [*times, f"let {name} = {read[0]}", *(f"    {each}" for each in read[1:])]
    return folded([*lines, *told]).removesuffix("\n")


def _of_the_slice(judged: Slice | None) -> list[str]:
    return ["| where Moment >= Since"] if judged else []


def _events(table: str, actions: Sequence[str], judged: Slice | None, reach: int) -> list[str]:
    bounds = []
    if judged:
        since = f"Since - {timespan_literal(reach)}"
        bounds = [f"| where TimeGenerated >= {since} and TimeGenerated < Until"]
    patterns = [Pattern(action) for action in actions]
    names = text_list(pattern.event_name for pattern in patterns)
    return [
        table_name(table),
        *bounds,
        f"| where EventSource == {text_literal(patterns[0].event_source)} and EventName in {names}",
    ]


def _burst(detection: Burst, table: str, controllers: Sequence[str], judged: Slice | None) -> str:
    others = []
    if controllers:
        others = [
            f"| where UserIdentityArn !in {text_list(controllers)}"
            f" and SessionIssuerArn !in {text_list(controllers)}"
        ]
    calls = [
        *_events(table, detection.actions, judged, reach_before(detection)),
        "| where isnotempty(UserIdentityPrincipalid) and isempty(UserIdentityInvokedBy)",
        *others,
        "| distinct Account = RecipientAccountId, Principal = UserIdentityPrincipalid, EventName,"
        " Moment = TimeGenerated;",
    ]
    window = timespan_literal(detection.window)
    told = [
        "calls",
        *_of_the_slice(judged),
        "| join kind=inner (calls | project Account, Principal, Earlier = Moment,"
        " EarlierName = EventName) on Account, Principal",
        f"| where Earlier between ((Moment - {window}) .. Moment)",
        "| summarize DistinctActions = count_distinct(EarlierName) by Account, Principal, Moment",
        f"| where DistinctActions >= {detection.distinct}",
        "| summarize FirstTime = min(Moment), DistinctActions = max(DistinctActions)"
        " by Account, Principal",
    ]
    return _text(judged, "calls", calls, told)


def _first_seen(detection: FirstSeen, table: str, judged: Slice | None) -> str:
    calls = [
        *_events(table, [detection.action], judged, reach_before(detection)),
        "| where isnotempty(UserIdentityArn) and isempty(UserIdentityInvokedBy)",
        f"| where UserIdentityType != {text_literal(detection.spared)}",
        "| distinct Account = RecipientAccountId, Arn = UserIdentityArn, Moment = TimeGenerated;",
    ]
    back = timespan_literal(detection.lookback)
    told = [
        "let known = calls",
        "    | join kind=inner (calls | project Account, Arn, Earlier = Moment) on Account, Arn",
        f"    | where Earlier >= Moment - {back} and Earlier < Moment",
        "    | distinct Account, Arn, Moment;",
        "calls",
        *_of_the_slice(judged),
        "| join kind=leftanti known on Account, Arn, Moment",
        "| order by Moment asc, Account asc, Arn asc",
    ]
    return _text(judged, "calls", calls, told)


def _lineage(detection: Lineage, table: str, judged: Slice | None) -> str:
    sessions = [
        *_events(table, [detection.action], judged, reach_before(detection)),
        "| where isempty(ErrorCode) and isempty(ErrorMessage)",
        "| extend Request = parse_json(RequestParameters), Response = parse_json(ResponseElements)",
        "| extend SessionKey = tostring(Response.credentials.accessKeyId)",
        "| where isnotempty(SessionKey)",
        "| distinct SessionKey, Role = tostring(Request.roleArn),"
        " SessionName = tostring(Request.roleSessionName), Account = RecipientAccountId,"
        " Moment = TimeGenerated, Caller = UserIdentityArn, CallerType = UserIdentityType,"
        " CallerKey = UserIdentityAccessKeyId;",
    ]
    lines = [
        "sessions",
        *_of_the_slice(judged),
        "| extend Key0 = CallerKey, Arn0 = Caller, Type0 = CallerType",
    ]
    lines += [
        f"| join kind=leftouter (sessions | project Key{hop - 1} = SessionKey, Key{hop} = "
        f"CallerKey, Arn{hop} = Caller, Type{hop} = CallerType) on Key{hop - 1}"
        for hop in range(1, detection.hops)
    ]
    begins = [
        f'isnotempty(Arn{hop}) and Type{hop} != "AssumedRole"' for hop in range(detection.hops)
    ]
    initial = ", ".join(f"{test}, Arn{hop}" for hop, test in enumerate(begins))
    hops = ", ".join(f"{test}, {hop + 1}" for hop, test in enumerate(begins))
    lines += [
        f'| extend InitialArn = case({initial}, ""), Hops = case({hops}, int(null))',
        "| distinct SessionKey, Role, SessionName, Account, Moment, InitialArn, Hops",
        "| order by Moment asc, SessionKey asc",
    ]
    return _text(judged, "sessions", sessions, lines)
