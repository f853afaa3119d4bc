"""Microsoft Sentinel: analytics rules and hunting queries, watchlists, and automation rules.

Queries read the AWSCloudTrail table of the Amazon Web Services connectors.
https://learn.microsoft.com/azure/azure-monitor/reference/tables/awscloudtrail
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any

from ...catalog.terms import format_duration
from ..capabilities import Capabilities, Direction, Loss
from ..detections import Detection, about
from ..errors import Refused
from ..explained_table import EVERYTHING
from ..field_maps import field_map
from ..header import header, overlay_lines
from ..languages.sentinel import arm, detections, verdicts, watchlists
from ..languages.sentinel.analytics_rule import (
    MAX_QUERY,
    hunting_query,
    scheduled_rule,
    stable_id,
    to_yaml,
)
from ..languages.sentinel.folders import DETECTIONS, HUNTING
from ..languages.sentinel.kusto import (
    comment_line,
    pascal_name,
    text_literal,
)
from ..languages.sentinel.kusto_limits import settle, smaller
from ..languages.sentinel.kusto_query import MOST_ALERTS, alert_query, label_query, silenced_query
from ..languages.sentinel.timing import Slice, timing
from ..query import Purpose, Query
from ..target import Artefact, Job, Options, Style, Target
from ..verdict import watch_losses

_DAY = 86_400
_MAX_WINDOW = 13 * _DAY  # so that it fits in the 14 days of a rule, with the hold and the interval

_NAMELESS = Loss(
    Direction.UNCOVERED,
    "records without an eventID, which CloudTrail does not write, go by their content: two alike are one",
)

_Text = Callable[[Query, Options], str]


def _settled(query: Query) -> tuple[Query, tuple[Loss, ...]]:
    fit = settle(query, field_map("sentinel"))
    if fit.query is None:
        raise Refused("; ".join(loss.text for loss in fit.losses))
    return fit.query, fit.losses


def _rule_losses(query: Query, options: Options) -> Iterable[Loss]:
    return _losses_in_a_rule(query, options, _rule_text)


def _losses_in_a_rule(query: Query, options: Options, text: _Text) -> Iterable[Loss]:
    losses = (*_for_rule(query, options, text)[1], _NAMELESS)
    if query.purpose == "enrich":
        return losses
    judged = timing(query, options.every).slice
    latest = format_duration(judged.hold + judged.length - (judged.every or 0))
    uncovered = (
        f"of one run's results the first {MOST_ALERTS} have an alert each, and one stands for all others",
        f"an event that comes more than {latest} after its time is judged by no run",
    )
    return (*losses, *(Loss(Direction.UNCOVERED, each) for each in uncovered))


def _for_rule(query: Query, options: Options, text: _Text) -> tuple[Query, tuple[Loss, ...]]:
    """The query whose `text` a rule has room for, and what was left out of it."""
    kept, losses = _settled(query)
    left_out: list[Loss] = []
    for each, loss in ((kept, None), *smaller(kept)):
        left_out += [loss] if loss else []
        kept = each
        length = len(text(kept, options))
        if length <= MAX_QUERY:
            return kept, (*losses, *left_out)
    raise Refused(
        f"the query takes {length} characters, and a rule holds {MAX_QUERY}: "
        "--style query has no such limit"
    )


def _query_losses(query: Query, options: Options) -> Iterable[Loss]:
    return (*_settled(query)[1], _NAMELESS)


def _watchlist_losses(query: Query, options: Options) -> Iterable[Loss]:
    late = "what was explained after the watchlist was last filled still alerts"
    return (*_settled(query)[1], Loss(Direction.OPEN, late))


def _automation_losses(query: Query, options: Options) -> Iterable[Loss]:
    runs = timing(query, options.every).runs
    raised = f"an explained event raises an incident in each of up to {runs} runs, which is closed at once"
    return (
        *_losses_in_a_rule(query, options, _labelled_text),
        Loss(Direction.OPEN, raised),
    )


def _controller_losses(query: Query, options: Options) -> Iterable[Loss]:
    if not options.controllers:
        raise Refused("cascade.toml names no controllers")
    text = f"whatever a listed principal does by {', '.join(query.actions)} is silenced, explained or not"
    return (Loss(Direction.CLOSED, text),)


def _rule_text(query: Query, options: Options) -> str:
    """What the rule runs, or the hunting query that labels."""
    if query.purpose == "enrich":
        return _brief(label_query(query, field_map("sentinel"), _table(options), _day(query)))
    judged = timing(query, options.every).slice
    return _brief(alert_query(query, field_map("sentinel"), _table(options), judged))


def _brief(text: str) -> str:
    """The text, or if it is too long for a rule the same without comments and margins."""
    if len(text) <= MAX_QUERY:
        return text
    lines = (line.strip() for line in text.splitlines())
    return "\n".join(line for line in lines if not line.startswith("//")) + "\n"


def _day(query: Query) -> Slice:
    """The last day of which all is in."""
    return Slice(_DAY, query.hold)


def _labelled_text(query: Query, options: Options) -> str:
    if query.purpose == "enrich":
        return _rule_text(query, options)
    judged = timing(query, options.every).slice
    return _brief(
        label_query(query, field_map("sentinel"), _table(options), judged, unexplained=True)
    )


def _table(options: Options) -> str:
    return options.table or "AWSCloudTrail"


def _settle_jobs(
    jobs: Iterable[Job], rule: Options | None = None, text: _Text = _rule_text
) -> Iterable[Job]:
    """The jobs with the queries that are rendered; for a `rule` with these options, which runs this `text`."""
    for job in jobs:
        found = _settled(job.query) if rule is None else _for_rule(job.query, rule, text)
        yield replace(job, query=found[0])


def _file_name(query: Query) -> str:
    return pascal_name(query.cascade.removeprefix("aws."))


# rule


def _render_rules(jobs: Sequence[Job], options: Options) -> Iterable[Artefact]:
    for job in _settle_jobs(jobs, options):
        query = job.query
        text = _rule_text(query, options)
        if query.purpose == "enrich":
            document = hunting_query(query, f"Explained: {query.title}", "labelled", text)
            yield _document(HUNTING, "Labelled", document, job, RULE, options)
            continue
        document = scheduled_rule(
            query,
            f"Not explained: {query.title}",
            "unexplained",
            text,
            timing(query, options.every),
            {"AwsEventId": "EventId", "AwsAction": "Action"},
        )
        yield _document(DETECTIONS, "Unexplained", document, job, RULE, options)
        yield _silenced_hunting(job, RULE, options)


def _silenced_hunting(job: Job, style: Style, options: Options) -> Artefact:
    text = silenced_query(job.query, field_map("sentinel"), _table(options), _day(job.query))
    title = f"Silenced as explained: {job.query.title}"
    document = hunting_query(job.query, title, "silenced", text)
    return _document(HUNTING, "Silenced", document, job, style, options)


def _document(
    folder: PurePosixPath,
    suffix: str,
    document: Mapping[str, Any],
    job: Job,
    style: Style,
    options: Options,
) -> Artefact:
    lines = header(job, TARGET, style, options)
    if document.get("kind") == "Scheduled":
        lines = (*lines, timing(job.query, options.every).said(options.lateness))
    text = to_yaml(document, lines)
    return Artefact(folder / f"{_file_name(job.query)}{suffix}.yaml", text)


# query


def _render_queries(jobs: Sequence[Job], options: Options) -> Iterable[Artefact]:
    for job in _settle_jobs(jobs):
        name = _file_name(job.query)
        fields, table = field_map("sentinel"), _table(options)
        if job.query.purpose == "enrich":
            text = label_query(job.query, fields, table, _day(job.query))
            yield _kql(f"{name}Labelled.kql", text, job, QUERY, options)
            continue
        text = alert_query(job.query, fields, table, _day(job.query))
        yield _kql(f"{name}Unexplained.kql", text, job, QUERY, options)
        text = silenced_query(job.query, fields, table, _day(job.query))
        yield _kql(f"{name}Silenced.kql", text, job, QUERY, options)


def _kql(path: str, text: str, job: Job, style: Style, options: Options) -> Artefact:
    lines = [comment_line(line) for line in header(job, TARGET, style, options)]
    return Artefact(PurePosixPath(path), "\n".join(lines) + "\n\n" + text)


# watchlist


def _render_watchlists(jobs: Sequence[Job], options: Options) -> Iterable[Artefact]:
    folder = PurePosixPath("Watchlists") / watchlists.EXPLAINED
    empty = watchlists.rows(watchlists.EXPLAINED_COLUMNS, ())
    yield Artefact(folder / f"{watchlists.EXPLAINED}.csv", empty)
    about = "CloudTrail events that a cascade explains, by event id"
    yield watchlists.template(watchlists.EXPLAINED, about, "AwsEventId", empty, options)
    for job in _settle_jobs(jobs):
        name = _file_name(job.query)
        text = label_query(job.query, field_map("sentinel"), _table(options), _day(job.query))
        expires = text_literal(options.expires.isoformat())
        text += (
            "// As rows of the watchlist.\n"
            "| project AwsEventId = EventId, Cascade, Relation, OriginEventId = OriginId, "
            f"Expires = {expires}\n"
        )
        yield _kql(f"{folder}/{name}Fill.kql", text, job, WATCHLIST, options)
        text = watchlists.listed_events(job.query, _table(options))
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


# allow-list


def _render_controllers(jobs: Sequence[Job], options: Options) -> Iterable[Artefact]:
    folder = PurePosixPath("Watchlists") / watchlists.CONTROLLERS
    expires = options.expires.isoformat()
    rows = watchlists.rows(
        ("Arn", "Name", "Note", "Expires"),
        [(each.arn, each.name, each.note or "", expires) for each in options.controllers],
    )
    yield Artefact(folder / f"{watchlists.CONTROLLERS}.csv", rows)
    yield watchlists.template(
        watchlists.CONTROLLERS, "Principals known to cause cascades", "Arn", rows, options
    )
    for job in _settle_jobs(jobs):
        name = _file_name(job.query)
        listed = (
            f"let Controllers = _GetWatchlist({text_literal(watchlists.CONTROLLERS)})\n"
            "    | where isnotempty(Arn) and todatetime(Expires) > now()\n"
            "    | project Arn = tostring(Arn);\n"
            "// In place of these lines: your own rule.\n"
        )
        text = listed + watchlists.own_rule(job.query, _table(options))
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
    for job in _settle_jobs(jobs, options, _labelled_text):
        query = job.query
        document = scheduled_rule(
            query,
            f"Explained or not: {query.title}",
            "labelled",
            _labelled_text(query, options),
            timing(query, options.every),
            # No value that a caller can choose: the automation rule looks at those of all details.
            {"AwsEventId": "EventId", "CascadeExplained": "CascadeExplained"},
        )
        yield _document(DETECTIONS, "Labelled", document, job, AUTOMATION, options)
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
        comment=" ".join(
            [
                f"Explained by {query.cascade}: {query.title}.",
                f"Owner of this rule: {options.owner or 'nobody yet'}.",
                *(f"{line}." for line in overlay_lines(options)),
            ]
        ),
        expires=options.expires,
    )


# verdict


def _render_verdicts(jobs: Sequence[Job], options: Options) -> Iterable[Artefact]:
    for job in jobs:
        lines = header(job, TARGET, VERDICT, options)
        text = to_yaml(verdicts.document(job.query, options), lines)
        yield Artefact(verdicts.FOLDER / f"{_file_name(job.query)}Verdict.yaml", text)


_CAN = Capabilities(number_keys=True, repeated_actions=True, between=False, undated=False)
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

VERDICT = Style(
    name="verdict",
    summary="analytics rule on the verdicts of cascade watch, in a table of their own",
    kind="query",
    capabilities=EVERYTHING,
    render=_render_verdicts,
    losses=watch_losses,
    waits="watch",
)


def _detect(wanted: Sequence[Detection], style: str, options: Options) -> Iterable[Artefact]:
    for detection in wanted:
        lines = about(detection, TARGET.title, TARGET.verification, options.overlay)
        if style == QUERY.name:
            yield detections.bare_query(detection, lines, _table(options), options)
        else:
            yield detections.document(detection, lines, _table(options), options)


TARGET = Target(
    name="sentinel",
    detections=_detect,
    title="Microsoft Sentinel",
    styles=(RULE, QUERY, WATCHLIST, AUTOMATION, ALLOW_LIST, VERDICT),
    verification="parsed",
    verified_by="Microsoft's Kusto language service, with the table's schema",
)
