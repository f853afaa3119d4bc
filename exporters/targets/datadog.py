"""Datadog Cloud SIEM: https://docs.datadoghq.com/api/latest/security-monitoring/

A rule judges on arrival, or on a schedule what lies in a window that ends with the run; it has no delay and no step for
what is absent. So the rule that is right alerts on the verdicts of `cascade watch`. One that asks a reference table of
explained event ids alerts before the window is over; the threshold rule that everybody writes first is made on
request, and says what it hides. A scheduled rule reads what is indexed:
https://docs.datadoghq.com/security/cloud_siem/detect_and_monitor/custom_detection_rules/create_rule/scheduled_rule/
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import PurePosixPath
from typing import Any

from ..capabilities import Capabilities, Direction, Loss
from ..explained_table import EVERYTHING, TABLE, by_source, calls_of, empty_files, unidentified
from ..field_maps import FieldMap, field_map
from ..header import header
from ..languages.datadog import any_of, attribute, one_of, pattern, quoted, success
from ..query import Query
from ..schedule import overlap, require_minutes, spread
from ..target import Artefact, Job, Options, Style, Target
from ..verdict import EXPLAINED, SILENT, SOURCE, UNEXPLAINED, verdict_losses

NAME = "datadog"
# The evaluation windows that the API takes, in seconds.
WINDOWS = (60, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400)
DAY = 86_400


def _fields() -> FieldMap:
    return field_map("datadog")


def _verdicts(jobs: Sequence[Job], options: Options) -> Iterable[Artefact]:
    for job in jobs:
        query = _log_query("verdicts", _told(job.query), ["account", "actor"], SOURCE)
        rule = _rule(
            job,
            options,
            VERDICT,
            f"Not explained: {job.query.title}",
            [query],
            "verdicts > 0",
            "medium",
        )
        yield _json(f"rules/{job.query.cascade}.verdict.json", rule)


def _told(query: Query) -> str:
    """The final verdicts on the subjects' actions, but for those that may be silenced."""
    unexplained = one_of("@verdict", UNEXPLAINED)
    labelled = f"({one_of('@verdict', [EXPLAINED])} -{one_of('@policy', [SILENT])})"
    return f"@final:true ({unexplained} OR {labelled}) {one_of('@action', query.actions)}"


def _rules(jobs: Sequence[Job], options: Options) -> Iterable[Artefact]:
    for job in jobs:
        for silenced in (False, True):
            rule = _table_rule(job, options, silenced)
            kind = "silenced" if silenced else "unexplained"
            yield _json(f"rules/{job.query.cascade}.{kind}.json", rule)
    yield from empty_files(PurePosixPath(NAME, "reference_tables"), options)


def _table_rule(job: Job, options: Options, silenced: bool) -> dict[str, Any]:
    """A rule on the subjects' actions that leaves out, or counts, what the table explains."""
    query = job.query
    require_minutes(options.every, "Datadog's scheduler", most=DAY // 60)
    title = "Explained" if silenced else "Not explained"
    # Every run reads again what those before it read. A group for each event makes one signal of that.
    grouping = [*_grouping(query), _fields().field("eventID")]
    rule = _rule(
        job,
        options,
        TABLED,
        f"{title}: {query.title}",
        [_log_query("effects", _calls(query), grouping)],
        "effects > 0",
        "info" if silenced else "medium",
    )
    rule["referenceTables"] = [
        {
            "tableName": TABLE,
            "columnName": "event_id",
            "logFieldPath": _fields().field("eventID"),
            "checkPresence": silenced,
            "ruleQueryName": "effects",
        }
    ]
    start = datetime.combine(options.created, time())
    start += timedelta(minutes=spread(query.cascade, options.every))
    rule["schedulingOptions"] = {
        "rrule": f"FREQ=MINUTELY;INTERVAL={options.every // 60}",
        "start": start.isoformat(),
        "timezone": "UTC",
    }
    window = _window(_reach(query, options))
    # Datadog keeps a signal open while it is matched again within the keep-alive, which is no narrower than the window.
    rule["options"] |= {"evaluationWindow": window, "keepAlive": max(window, 3_600)}
    return rule


def _reach(query: Query, options: Options) -> int:
    """How many seconds back a run reads: what it judges, and what skipped runs and late events left to it."""
    return query.hold + options.every + overlap(options.every, options.lateness)


def _thresholds(jobs: Sequence[Job], options: Options) -> Iterable[Artefact]:
    for job in jobs:
        query = job.query
        for node in query.subjects:
            keys = [attribute(_fields().field(pair.own.paths[0]))[1:] for pair in node.edge.join]
            grouping = list(dict.fromkeys((*_actor_fields(), *keys)))
            rule = _rule(
                job,
                options,
                THRESHOLD,
                f"{node.pattern.action} without {query.root.action}",
                [
                    _log_query("effect", pattern(node.pattern, _fields()), grouping),
                    _log_query("origin", pattern(query.root, _fields()), grouping),
                ],
                "effect > 0 && origin == 0",
                "medium",
            )
            rule["options"]["evaluationWindow"] = _window(max(node.edge.before, node.edge.after))
            name = f"rules/{query.cascade}.{node.pattern.event_name}.json"
            yield _json(name, rule)


def _threshold_losses(query: Query, options: Options) -> Iterator[Loss]:
    yield Loss(
        Direction.CLOSED,
        "the window has no direction: an origin before the effect silences as long as one after it",
    )
    yield Loss(
        Direction.CLOSED,
        "calls without a principal, an access key or a key count as one: theirs explain each other",
    )
    yield Loss(
        Direction.OPEN, "an effect at the edge of a window alerts although its origin follows"
    )
    for node in query.subjects:
        if not node.pattern.may_fail:
            yield Loss(Direction.UNCOVERED, f"failed calls of {node.pattern.action}")
        paths = [(pair.own.paths[0], pair.parent.paths[0]) for pair in node.edge.join]
        if any(own != parent for own, parent in paths):
            yield Loss(
                Direction.OPEN,
                f"{node.pattern.action} names its key elsewhere than its origin does: it always alerts",
            )
        if node.pattern.where:
            fields = ", ".join(condition.path for condition in node.pattern.where)
            yield Loss(
                Direction.UNCOVERED,
                f"{node.pattern.action} where {fields} is not as the cascade has it",
            )


def _suppressions(jobs: Sequence[Job], options: Options) -> Iterable[Artefact]:
    fields = _fields()
    for job in jobs:
        for controller in options.controllers:
            issuer = fields.field("userIdentity.sessionContext.sessionIssuer.arn")
            names = [issuer, fields.field("userIdentity.arn")]
            actor = any_of(f"{attribute(name)}:{quoted(controller.arn)}" for name in names)
            body = {
                "data": {
                    "type": "suppressions",
                    "attributes": {
                        "name": f"{job.query.cascade} by {controller.name}",
                        "description": "\n".join(header(job, TARGET, SUPPRESSION, options)),
                        "enabled": True,
                        "rule_query": "source:cloudtrail",
                        "suppression_query": f"{actor} {_silenced(job.query)}",
                        "expiration_date": _milliseconds(options.expires),
                        "tags": _tags(job.query, options),
                    },
                }
            }
            name = f"suppressions/{job.query.cascade}.{_file_name(controller.name)}.json"
            yield _json(name, body)


def _suppression_losses(query: Query, options: Options) -> Iterator[Loss]:
    yield Loss(
        Direction.CLOSED,
        "a suppression sees one signal: whoever has the role may do the same without any origin",
    )
    if not options.controllers:
        yield Loss(Direction.UNCOVERED, "cascade.toml names no controllers: nothing is suppressed")


def _calls(query: Query) -> str:
    """All calls of the subjects' actions."""
    return _any_of(_called(source, names) for source, names in calls_of(query))


def _silenced(query: Query) -> str:
    """The successful calls of the subjects' actions, and failed ones where those may be silenced."""
    return _any_of(
        _called(source, names) if may_fail else f"{_called(source, names)} {success(_fields())}"
        for source, names, may_fail in by_source(query)
    )


def _called(source: str, names: Iterable[str]) -> str:
    fields = _fields()
    listed = one_of(attribute(fields.field("eventName")), names)
    return f"{attribute(fields.field('eventSource'))}:{quoted(source)} {listed}"


def _any_of(found: Iterable[str]) -> str:
    terms = list(found)
    return any_of(terms) if len(terms) == 1 else any_of(f"({term})" for term in terms)


def _grouping(query: Query) -> list[str]:
    fields = _fields()
    return [fields.field("recipientAccountId"), fields.field("userIdentity.principalId")]


def _actor_fields() -> list[str]:
    fields = _fields()
    paths = ("recipientAccountId", "userIdentity.principalId", "userIdentity.accessKeyId")
    return [fields.field(path) for path in paths]


def _log_query(
    name: str, search: str, grouping: Sequence[str], source: str = "cloudtrail"
) -> dict[str, Any]:
    return {
        "name": name,
        "query": f"source:{source} {search}",
        "aggregation": "count",
        "distinctFields": [],
        "groupByFields": [f"@{field}" for field in grouping],
        # Without it a call by nobody, or of a console session without access key, would never alert.
        "hasOptionalGroupByFields": True,
    }


def _rule(
    job: Job,
    options: Options,
    style: Style,
    name: str,
    queries: list[dict[str, Any]],
    condition: str,
    status: str,
) -> dict[str, Any]:
    return {
        "name": name,
        "type": "log_detection",
        "isEnabled": True,
        "queries": queries,
        "cases": [{"name": "", "status": status, "condition": condition, "notifications": []}],
        "options": {
            "detectionMethod": "threshold",
            "evaluationWindow": 900,
            "keepAlive": 3_600,
            "maxSignalDuration": DAY,
        },
        "message": "\n".join(header(job, TARGET, style, options)),
        "tags": _tags(job.query, options),
        "filters": [],
    }


def _tags(query: Query, options: Options) -> list[str]:
    tags = [
        "source:cloudtrail",
        f"cascade:{query.cascade}",
        f"expires:{options.expires.isoformat()}",
    ]
    if options.owner:
        tags.append(f"owner:{options.owner}")
    return [*tags, *(f"technique:{technique}" for technique in query.techniques)]


def _window(seconds: int) -> int:
    """The narrowest window of the API that is at least this wide; a day where none is."""
    return next((window for window in WINDOWS if window >= seconds), DAY)


def _milliseconds(day: date) -> int:
    return int(datetime.combine(day, time(), UTC).timestamp() * 1_000)


def _file_name(name: str) -> str:
    return "".join(char if char.isascii() and char.isalnum() else "-" for char in name)


def _json(path: str, body: dict[str, Any]) -> Artefact:
    text = json.dumps(body, indent=2, ensure_ascii=False) + "\n"
    return Artefact(PurePosixPath(NAME) / path, text)


def _table_losses(query: Query, options: Options) -> Iterator[Loss]:
    yield unidentified()
    yield Loss(Direction.UNCOVERED, "logs that no index keeps: a scheduled rule reads indexes")
    reach = _reach(query, options)
    if query.hold + options.every > DAY:
        yield Loss(Direction.UNCOVERED, "the rule reads a day back, and the cascade takes longer")
    elif reach > DAY:
        text = "the rule reads a day back, which leaves skipped runs and late events less than their due"
        yield Loss(Direction.UNCOVERED, text)


VERDICT = Style(
    name="verdict",
    summary="rules on the verdicts of cascade watch, which waits where Datadog cannot",
    kind="query",
    capabilities=EVERYTHING,
    render=_verdicts,
    losses=verdict_losses,
    waits="watch",
)
TABLED = Style(
    name="rule",
    summary="rules that ask a reference table of explained event ids",
    kind="query",
    capabilities=EVERYTHING,
    render=_rules,
    losses=_table_losses,
    waits="never",
)
THRESHOLD = Style(
    name="threshold",
    summary="threshold rules: the effect is there and the origin is not",
    kind="query",
    capabilities=Capabilities(
        hold=False,
        hop=False,
        spoilers=False,
        ensembles=False,
        rivals=False,
        vetoes=False,
        between=False,
        unreadable_spoilers=False,
        copies=False,
        undated=False,
        root_keys=False,
        log_ends=False,
        list_keys=False,
        distinct_keys=False,
        first_of=False,
        arn_name=False,
        tool_family=False,
        case_fold=False,
        same_role=False,
        service_actor=False,
        any_account=False,
        any_window=False,
        max_window=DAY,
    ),
    render=_thresholds,
    losses=_threshold_losses,
)
SUPPRESSION = Style(
    name="suppression",
    summary="suppressions of signals by the controllers of cascade.toml",
    kind="suppression",
    capabilities=Capabilities(actor="none", spoilers=True, expiry=True),
    render=_suppressions,
    losses=_suppression_losses,
)
STYLES = (VERDICT, TABLED, THRESHOLD, SUPPRESSION)
TARGET = Target(
    name=NAME,
    title="Datadog Cloud SIEM",
    verification="parsed",
    verified_by="the models of Datadog's own API client",
    styles=STYLES,
)
