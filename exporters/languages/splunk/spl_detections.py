"""The detections as SPL: windows that end at an event, and a collection of sessions. No event waits for its verdict.

A run judges the events of its slice, which reaches so far back that what came in late, or what skipped runs should
have judged, is judged by a later run.
"""

from collections.abc import Sequence

from ...detections import Burst, FirstSeen, Lineage
from ...field_maps import FieldMap
from ...query import Pattern
from ...schedule import SKIPPED_RUNS
from ...target import Options
from ..expressions import Expression, Field, Operation, Value, both, call, either
from .spl import Command, Distinct, Eval, Nearest, Once, Text, Where, listed, searched, spl
from .spl_keys import filled
from .spl_reading import account, event_id, judged, slice_of

SESSIONS = "cascade_sessions"
LINEAGES = "cascade_lineages"
# Longer than any chain of sessions lives.
KEPT_DAYS = 8


def source(options: Options) -> str:
    """The search of the events: ESCU's macro, or the index that was asked for."""
    return f"index={searched(options.index)}" if options.index else "`cloudtrail`"


def calls(actions: Sequence[str], options: Options) -> str:
    """The search of the events of these actions, all of one service."""
    patterns = [Pattern(action) for action in actions]
    head = f"{source(options)} eventSource={searched(patterns[0].event_source)} eventName IN "
    return head + listed([each.event_name for each in patterns], len(head), 0)


def reach(options: Options) -> int:
    """How many seconds before a run was due the events lie that it judges: none of them waited until it was late."""
    return options.lateness + judged(options)


def burst(detection: Burst, options: Options, fields: FieldMap) -> tuple[Command, ...]:
    """Keeps, of each burst, the event with which it begins to be one."""
    named = _who(fields)
    mine = both(call("isnotnull", Field("principal")), _nobody_else(fields))
    listed_arns = [Value(each.arn) for each in options.controllers]
    left_out: list[Command] = [
        Where(call("NOT", call("in", call("coalesce", Field(name), Value("")), *listed_arns)))
        for name in ("arn", "issuer")
        if listed_arns
    ]
    many, before = Field("distinct_actions"), Field("distinct_before")
    enough = Value(detection.distinct)
    begins = both(
        Operation(">=", (many, enough)),
        either(call("isnull", before), Operation("<", (before, enough))),
    )
    by = ("account", "principal")
    return (
        named,
        Once("event_id"),
        Where(mine),
        *left_out,
        Distinct(fields.field("eventName"), many.name, by, detection.window),
        Nearest(many.name, before.name, by, backwards=False, own=False),
        *slice_of(begins, 0, reach(options), options),
        Text(f"| table event_id, _time, account, principal, {many.name}"),
    )


def first_seen(detection: FirstSeen, options: Options, fields: FieldMap) -> tuple[Command, ...]:
    """Keeps the calls of identities that had not called for so long."""
    kind, last = Field("kind"), Field("previous")
    mine = both(
        call("isnotnull", Field("arn")),
        _nobody_else(fields),
        Operation("!=", (kind, Value(detection.spared))),
    )
    since = Operation("-", (Field("_time"), last))
    new = either(call("isnull", last), Operation(">", (since, Value(detection.lookback))))
    return (
        _who(fields),
        Once("event_id"),
        Where(mine),
        Nearest("_time", last.name, ("account", "arn"), backwards=False, own=False),
        *slice_of(new, 0, reach(options), options),
        Text("| table event_id, _time, account, arn, previous"),
    )


def _who(fields: FieldMap) -> Eval:
    user = "userIdentity"
    return Eval(
        (
            ("event_id", event_id(fields)),
            ("account", call("coalesce", account(fields), Value(""))),
            ("principal", filled(Field(fields.field(f"{user}.principalId")))),
            ("arn", filled(Field(fields.field(f"{user}.arn")))),
            ("issuer", Field(fields.field(f"{user}.sessionContext.sessionIssuer.arn"))),
            ("kind", call("coalesce", Field(fields.field(f"{user}.type")), Value(""))),
        )
    )


def _nobody_else(fields: FieldMap) -> Expression:
    return call("isnull", filled(Field(fields.field("userIdentity.invokedBy"))))


def sessions(detection: Lineage, options: Options) -> str:
    """The search that fills the collection; an access key is handed out once, so that a row never changes."""
    return "\n".join(
        [
            calls([detection.action], options),
            '| where coalesce(errorCode, "") IN ("", "success") AND coalesce(errorMessage, "") == ""',
            "| eval session_key='responseElements.credentials.accessKeyId',",
            "    caller_key='userIdentity.accessKeyId', caller_arn='userIdentity.arn',",
            "    caller_type='userIdentity.type', added=now()",
            "| where isnotnull(session_key)",
            "| dedup session_key",
            "| eval _key=session_key",
            "| table _key, session_key, caller_key, caller_arn, caller_type, added",
            f"| outputlookup append=true key_field=_key {SESSIONS}",
        ]
    )


SESSION_COLUMNS = {
    "session_key": "string",
    "caller_key": "string",
    "caller_arn": "string",
    "caller_type": "string",
    "added": "number",
}
LINEAGE_COLUMNS = {
    "session_key": "string",
    "initial_arn": "string",
    "hops": "number",
    "role_arn": "string",
    "session_name": "string",
    "account": "string",
    "event_time": "number",
    "added": "number",
}


def lineage_hold(options: Options) -> int:
    """How many seconds a session waits, until late events are in and a run, after skipped ones, has filed them."""
    return options.lateness + (SKIPPED_RUNS + 2) * options.every


def lineage(detection: Lineage, options: Options) -> str:
    """The search that follows each session back to who began the chain, and keeps what it finds."""
    made = call("isnotnull", Field("session_key"))
    lines = [
        calls([detection.action], options),
        "| eval session_key='responseElements.credentials.accessKeyId', key_0=session_key",
        *map(spl, slice_of(made, lineage_hold(options), judged(options), options)),
        "| dedup session_key",
    ]
    cases = []
    for hop in range(detection.hops):
        lines.append(
            f"| lookup {SESSIONS} session_key AS key_{hop} OUTPUT caller_key AS key_{hop + 1}, "
            f"caller_arn AS arn_{hop}, caller_type AS type_{hop}"
        )
        begins = f'isnotnull(arn_{hop}) AND coalesce(type_{hop}, "") != "AssumedRole"'
        cases.append((begins, f"arn_{hop}", hop + 1))
    initial = ",\n        ".join(f"{test}, {arn}" for test, arn, _ in cases)
    hops = ",\n        ".join(f"{test}, {hop}" for test, _, hop in cases)
    lines += [
        f"| eval initial_arn=case(\n        {initial}),",
        f"    hops=case(\n        {hops}),",
        "    role_arn='requestParameters.roleArn', session_name='requestParameters.roleSessionName',",
        "    account=recipientAccountId, event_time=_time, added=now(), _key=session_key",
        f"| table _key, {', '.join(LINEAGE_COLUMNS)}",
        f"| outputlookup append=true key_field=_key {LINEAGES}",
    ]
    return "\n".join(lines)
