"""Microsoft Sentinel: analytics rules and hunting queries, watchlists, and automation rules.

Queries read the AWSCloudTrail table of the Amazon Web Services connectors.
https://learn.microsoft.com/azure/azure-monitor/reference/tables/awscloudtrail
"""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any

from ..capabilities import Capabilities, Direction, Loss
from ..detections import Detection, about
from ..errors import Refused
from ..field_maps import field_map
from ..header import header
from ..languages.sentinel import arm
from ..languages.sentinel.analytics_rule import (
    MAX_QUERY,
    hunting_query,
    scheduled_rule,
    stable_id,
    timing,
    to_yaml,
)
from ..languages.sentinel.kusto import (
    comment_line,
    pascal_name,
    table_name,
    text_list,
    text_literal,
)
from ..languages.sentinel.kusto_detections import detection_query
from ..languages.sentinel.kusto_limits import settle
from ..languages.sentinel.kusto_query import alert_query, label_query, silenced_query
from ..query import Purpose, Query
from ..target import Artefact, Job, Options, Style, Target

_DAY = 86_400
_MAX_WINDOW = 13 * _DAY  # so that it fits in the 14 days of a rule, with the hold and the interval

_DETECTIONS = PurePosixPath("Detections/AWSCloudTrail")
_HUNTING = PurePosixPath("Hunting Queries/AWSCloudTrail")
_EXPLAINED, _CONTROLLERS = "cascade_explained", "cascade_controllers"


def _settled(query: Query) -> tuple[Query, tuple[Loss, ...]]:
    fit = settle(query, field_map("sentinel"))
    if fit.query is None:
        raise Refused("; ".join(loss.text for loss in fit.losses))
    return fit.query, fit.losses


def _rule_losses(query: Query, options: Options) -> Iterable[Loss]:
    kept, losses = _settled(query)
    for text in (_rule_text(kept, options), _labelled_text(kept, options)):
        if len(text) > MAX_QUERY:
            raise Refused(
                f"the query takes {len(text)} characters, and a rule holds {MAX_QUERY}: "
                "--style query has no such limit"
            )
    return losses


def _query_losses(query: Query, options: Options) -> Iterable[Loss]:
    return _settled(query)[1]


def _watchlist_losses(query: Query, options: Options) -> Iterable[Loss]:
    late = "what was explained after the watchlist was last filled still alerts"
    return (*_settled(query)[1], Loss(Direction.OPEN, late))


def _automation_losses(query: Query, options: Options) -> Iterable[Loss]:
    return (
        *_rule_losses(query, options),
        Loss(Direction.OPEN, "an explained event raises an incident, which is closed at once"),
    )


def _controller_losses(query: Query, options: Options) -> Iterable[Loss]:
    if not options.controllers:
        raise Refused("cascade.toml names no controllers")
    text = f"whatever a listed principal does by {', '.join(query.actions)} is silenced, explained or not"
    return (Loss(Direction.CLOSED, text),)


def _rule_text(query: Query, options: Options) -> str:
    """What the rule runs, or the hunting query that labels."""
    if query.purpose == "enrich":
        return label_query(query, field_map("sentinel"), _table(options), _DAY)
    return alert_query(
        query, field_map("sentinel"), _table(options), timing(query, options.every)[0]
    )


def _labelled_text(query: Query, options: Options) -> str:
    if query.purpose == "enrich":
        return _rule_text(query, options)
    every = timing(query, options.every)[0]
    return label_query(query, field_map("sentinel"), _table(options), every, unexplained=True)


def _table(options: Options) -> str:
    return options.table or "AWSCloudTrail"


def _settle_jobs(jobs: Iterable[Job]) -> Iterable[Job]:
    for job in jobs:
        yield replace(job, query=_settled(job.query)[0])


def _file_name(query: Query) -> str:
    return pascal_name(query.cascade.removeprefix("aws."))


# rule


def _render_rules(jobs: Sequence[Job], options: Options) -> Iterable[Artefact]:
    for job in _settle_jobs(jobs):
        query = job.query
        text = _rule_text(query, options)
        if query.purpose == "enrich":
            document = hunting_query(query, f"Explained: {query.title}", "labelled", text)
            yield _document(_HUNTING, "Labelled", document, job, RULE, options)
            continue
        document = scheduled_rule(
            query,
            f"Not explained: {query.title}",
            "unexplained",
            text,
            timing(query, options.every),
            {"AwsEventId": "EventId", "AwsAction": "Action"},
        )
        yield _document(_DETECTIONS, "Unexplained", document, job, RULE, options)
        yield _silenced_hunting(job, RULE, options)


def _silenced_hunting(job: Job, style: Style, options: Options) -> Artefact:
    text = silenced_query(job.query, field_map("sentinel"), _table(options), _DAY)
    title = f"Silenced as explained: {job.query.title}"
    document = hunting_query(job.query, title, "silenced", text)
    return _document(_HUNTING, "Silenced", document, job, style, options)


def _document(
    folder: PurePosixPath,
    suffix: str,
    document: Mapping[str, Any],
    job: Job,
    style: Style,
    options: Options,
) -> Artefact:
    text = to_yaml(document, header(job, TARGET, style, options))
    return Artefact(folder / f"{_file_name(job.query)}{suffix}.yaml", text)


# query


def _render_queries(jobs: Sequence[Job], options: Options) -> Iterable[Artefact]:
    for job in _settle_jobs(jobs):
        name = _file_name(job.query)
        fields, table = field_map("sentinel"), _table(options)
        if job.query.purpose == "enrich":
            text = label_query(job.query, fields, table, _DAY)
            yield _kql(f"{name}Labelled.kql", text, job, QUERY, options)
            continue
        text = alert_query(job.query, fields, table, _DAY)
        yield _kql(f"{name}Unexplained.kql", text, job, QUERY, options)
        text = silenced_query(job.query, fields, table, _DAY)
        yield _kql(f"{name}Silenced.kql", text, job, QUERY, options)


def _kql(path: str, text: str, job: Job, style: Style, options: Options) -> Artefact:
    lines = [comment_line(line) for line in header(job, TARGET, style, options)]
    return Artefact(PurePosixPath(path), "\n".join(lines) + "\n\n" + text)


# watchlist


def _render_watchlists(jobs: Sequence[Job], options: Options) -> Iterable[Artefact]:
    columns = ("AwsEventId", "Cascade", "Relation", "OriginEventId", "Expires")
    folder = PurePosixPath("Watchlists") / _EXPLAINED
    empty = _csv(columns, ())
    yield Artefact(folder / f"{_EXPLAINED}.csv", empty)
    about = "CloudTrail events that a cascade explains, by event id"
    yield _watchlist(_EXPLAINED, about, "AwsEventId", empty, options)
    for job in _settle_jobs(jobs):
        name = _file_name(job.query)
        text = label_query(job.query, field_map("sentinel"), _table(options), _DAY)
        expires = text_literal(options.expires.isoformat())
        text += (
            "// As rows of the watchlist.\n"
            "| project AwsEventId = EventId, Cascade, Relation, OriginEventId = OriginId, "
            f"Expires = {expires}\n"
        )
        yield _kql(f"{folder}/{name}Fill.kql", text, job, WATCHLIST, options)
        text = _listed_events(job.query, options)
        mute = f"{text}| join kind=leftanti Explained on AwsEventId\n"
        yield _kql(f"{folder}/{name}Mute.kql", mute, job, WATCHLIST, options)
        count = (
            f"{text}| where isnotempty(AwsEventId) and AwsEventId in (Explained)\n"
            "| summarize arg_min(TimeGenerated, *) by AwsEventId\n"
            "| summarize Silenced = count() by Day = startofday(TimeGenerated), "
            "EventSource, EventName, UserIdentityArn\n"
            "| order by Silenced desc\n"
        )
        yield _kql(f"{folder}/{name}Silenced.kql", count, job, WATCHLIST, options)


def _listed_events(query: Query, options: Options) -> str:
    return (
        "// The rows that hold an id and have not expired; an event without an id is never muted.\n"
        f"let Explained = _GetWatchlist({text_literal(_EXPLAINED)})\n"
        "    | where isnotempty(AwsEventId) and todatetime(Expires) > now()\n"
        "    | project AwsEventId = tostring(AwsEventId);\n"
        "// In place of these lines: your own rule, with AwsEventId kept.\n"
        + _own_rule(query, options)
    )


def _own_rule(query: Query, options: Options) -> str:
    sources = dict.fromkeys(f"{action.partition(':')[0]}.amazonaws.com" for action in query.actions)
    names = dict.fromkeys(action.partition(":")[2] for action in query.actions)
    lines = [
        table_name(_table(options)),
        f"| where EventSource in {text_list(sources)}",
        f"| where EventName in {text_list(names)}",
    ]
    if not query.may_fail:
        lines.append("| where isempty(ErrorCode)")
    return "\n".join(lines) + "\n"


def _watchlist(alias: str, about: str, key: str, rows: str, options: Options) -> Artefact:
    owner = options.owner or "nobody yet"
    described = f"{about}. Owner: {owner}. Expires {options.expires.isoformat()}."
    resource = arm.watchlist(alias, described, key, rows)
    return Artefact(
        PurePosixPath("Watchlists") / alias / "watchlist.json", arm.template([resource])
    )


def _csv(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return out.getvalue()


# allow-list


def _render_controllers(jobs: Sequence[Job], options: Options) -> Iterable[Artefact]:
    folder = PurePosixPath("Watchlists") / _CONTROLLERS
    expires = options.expires.isoformat()
    rows = _csv(
        ("Arn", "Name", "Note", "Expires"),
        [(each.arn, each.name, each.note or "", expires) for each in options.controllers],
    )
    yield Artefact(folder / f"{_CONTROLLERS}.csv", rows)
    yield _watchlist(_CONTROLLERS, "Principals known to cause cascades", "Arn", rows, options)
    for job in _settle_jobs(jobs):
        name = _file_name(job.query)
        listed = (
            f"let Controllers = _GetWatchlist({text_literal(_CONTROLLERS)})\n"
            "    | where isnotempty(Arn) and todatetime(Expires) > now()\n"
            "    | project Arn = tostring(Arn);\n"
            "// In place of these lines: your own rule.\n"
        )
        text = listed + _own_rule(job.query, options)
        muted = "UserIdentityArn in (Controllers) or SessionIssuerArn in (Controllers)"
        mute = f"{text}| where not({muted})\n"
        yield _kql(f"{folder}/{name}Mute.kql", mute, job, ALLOW_LIST, options)
        count = (
            f"{text}| where {muted}\n"
            "| summarize Silenced = count() by Day = startofday(TimeGenerated), "
            "EventSource, EventName, UserIdentityArn\n"
            "| order by Silenced desc\n"
        )
        yield _kql(f"{folder}/{name}Silenced.kql", count, job, ALLOW_LIST, options)


# automation


def _render_automation(jobs: Sequence[Job], options: Options) -> Iterable[Artefact]:
    for job in _settle_jobs(jobs):
        query = job.query
        document = scheduled_rule(
            query,
            f"Explained or not: {query.title}",
            "labelled",
            _labelled_text(query, options),
            timing(query, options.every),
            # No value that a caller can choose: the automation rule looks at those of all details.
            {"CascadeExplained": "CascadeExplained"},
        )
        yield _document(_DETECTIONS, "Labelled", document, job, AUTOMATION, options)
        yield Artefact(
            PurePosixPath("AutomationRules") / f"{_file_name(query)}Close.json",
            arm.template([_closing(query, options)]),
        )
        yield _silenced_hunting(job, AUTOMATION, options)


def _closing(query: Query, options: Options) -> dict[str, Any]:
    return arm.closing_rule(
        stable_id(query.cascade, "close"),
        f"Close what {query.cascade} explains",
        analytics_rule=stable_id(query.cascade, "labelled"),
        detail=("CascadeExplained", "true"),
        comment=f"Explained by {query.cascade}: {query.title}. "
        f"Owner of this rule: {options.owner or 'nobody yet'}.",
        expires=options.expires,
    )


# settle() refuses the repeated actions that the query cannot tell apart.
_CAN = Capabilities(number_keys=True, repeated_actions=True)
_CAN_IN_A_RULE = replace(_CAN, max_window=_MAX_WINDOW)
_BOTH: frozenset[Purpose] = frozenset({"alert", "enrich"})

RULE = Style(
    name="rule",
    summary="analytics rule or hunting query in YAML, as the Azure-Sentinel repository keeps them",
    kind="query",
    capabilities=_CAN_IN_A_RULE,
    render=_render_rules,
    losses=_rule_losses,
    purposes=_BOTH,
)
QUERY = Style(
    name="query",
    summary="Kusto query for hunting over one day",
    kind="query",
    capabilities=_CAN,
    render=_render_queries,
    losses=_query_losses,
    purposes=_BOTH,
)
WATCHLIST = Style(
    name="watchlist",
    summary="watchlist of the ids of explained events, and the join that mutes them",
    kind="suppression",
    capabilities=_CAN,
    render=_render_watchlists,
    losses=_watchlist_losses,
)
AUTOMATION = Style(
    name="automation",
    summary="analytics rule that labels, and automation rule that closes what is explained",
    kind="suppression",
    capabilities=replace(_CAN_IN_A_RULE, expiry=True),
    render=_render_automation,
    losses=_automation_losses,
)
ALLOW_LIST = Style(
    name="allow-list",
    summary="watchlist of the principals that cascade.toml names, who are muted whatever they do",
    kind="list",
    capabilities=_CAN,
    render=_render_controllers,
    losses=_controller_losses,
)


def _detect(wanted: Sequence[Detection], style: str, options: Options) -> Iterable[Artefact]:
    controllers = [controller.arn for controller in options.controllers]
    for detection in wanted:
        lines = about(detection, TARGET.title, TARGET.verification)
        head = "".join(f"{comment_line(line)}\n" for line in lines)
        text = detection_query(detection, options.table or "AWSCloudTrail", controllers)
        yield Artefact(_HUNTING / f"{pascal_name(detection.id)}.kql", f"{head}{text}\n")


TARGET = Target(
    name="sentinel",
    detections=_detect,
    title="Microsoft Sentinel",
    styles=(RULE, QUERY, WATCHLIST, AUTOMATION, ALLOW_LIST),
    verification="parsed",
    verified_by="Microsoft's Kusto language service, with the table's schema",
)
