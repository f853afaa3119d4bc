"""Datadog Cloud SIEM: https://docs.datadoghq.com/api/latest/security-monitoring/

A log rule judges on arrival and has no step for what is absent. So the rule that is right asks a
reference table of explained event ids, filled from `cascade classify` or an SQL export; the threshold rule
that everybody writes first is made on request, and says what it hides.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time
from pathlib import PurePosixPath
from typing import Any

from ..capabilities import Capabilities, Direction, Loss
from ..explained_table import EVERYTHING, TABLE, by_source, empty_table, table_losses
from ..field_maps import FieldMap, field_map
from ..header import header
from ..languages.datadog import any_of, attribute, pattern, quoted, success
from ..query import Query
from ..target import Artefact, Job, Options, Style, Target

NAME = "datadog"
# The evaluation windows that the API takes, in seconds.
WINDOWS = (60, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400)
DAY = 86_400


def _fields() -> FieldMap:
    return field_map("datadog")


def _rules(jobs: Sequence[Job], options: Options) -> Iterable[Artefact]:
    for job in jobs:
        for silenced in (False, True):
            rule = _table_rule(job, options, silenced)
            kind = "silenced" if silenced else "unexplained"
            yield _json(f"rules/{job.query.cascade}.{kind}.json", rule)
    yield Artefact(PurePosixPath(NAME, "reference_tables", f"{TABLE}.csv"), empty_table())


def _table_rule(job: Job, options: Options, silenced: bool) -> dict[str, Any]:
    """A rule on the subjects' actions that leaves out, or counts, what the table explains."""
    query = job.query
    title = "Explained" if silenced else "Not explained"
    rule = _rule(
        job,
        options,
        STYLES[0],
        f"{title}: {query.title}",
        [_log_query("effects", _actions(query), _grouping(query))],
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
    # A scheduled rule reads what lies back far enough to be in the table.
    rule["schedulingOptions"] = {
        "rrule": f"FREQ=MINUTELY;INTERVAL={max(1, -(-options.every // 60))}",
        "start": f"{options.created.isoformat()}T00:00:00",
        "timezone": "UTC",
    }
    rule["options"]["evaluationWindow"] = _window(query.hold + options.every)
    return rule


def _thresholds(jobs: Sequence[Job], options: Options) -> Iterable[Artefact]:
    for job in jobs:
        query = job.query
        for node in query.subjects:
            keys = [attribute(_fields().field(pair.own.paths[0]))[1:] for pair in node.edge.join]
            grouping = [*_actor_fields(), *keys]
            rule = _rule(
                job,
                options,
                STYLES[1],
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
                        "description": "\n".join(header(job, TARGET, STYLES[2], options)),
                        "enabled": True,
                        "rule_query": "source:cloudtrail",
                        "suppression_query": f"{actor} {_actions(job.query)}",
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


def _actions(query: Query) -> str:
    """The successful calls of the subjects' actions, and failed ones where those count."""
    fields = _fields()
    terms = []
    for source, names, may_fail in by_source(query):
        listed = any_of(f"{attribute(fields.field('eventName'))}:{quoted(name)}" for name in names)
        term = f"{attribute(fields.field('eventSource'))}:{quoted(source)} {listed}"
        terms.append(term if may_fail else f"{term} {success(fields)}")
    return any_of(terms) if len(terms) == 1 else any_of(f"({term})" for term in terms)


def _grouping(query: Query) -> list[str]:
    fields = _fields()
    return [fields.field("recipientAccountId"), fields.field("userIdentity.principalId")]


def _actor_fields() -> list[str]:
    fields = _fields()
    paths = ("recipientAccountId", "userIdentity.principalId", "userIdentity.accessKeyId")
    return [fields.field(path) for path in paths]


def _log_query(name: str, search: str, grouping: Sequence[str]) -> dict[str, Any]:
    return {
        "name": name,
        "query": f"source:cloudtrail {search}",
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
    yield from table_losses(query, options)
    if query.hold + options.every > DAY:
        yield Loss(Direction.OPEN, "the rule reads a day back, and the cascade takes longer")


STYLES = (
    Style(
        name="rule",
        summary="rules that ask a reference table of explained event ids",
        kind="query",
        capabilities=EVERYTHING,
        render=_rules,
        losses=_table_losses,
    ),
    Style(
        name="threshold",
        summary="threshold rules: the effect is there and the origin is not",
        kind="query",
        capabilities=Capabilities(
            hold=False,
            hop=False,
            spoilers=False,
            ensembles=False,
            rivals=False,
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
    ),
    Style(
        name="suppression",
        summary="suppressions of signals by the controllers of cascade.toml",
        kind="suppression",
        capabilities=Capabilities(actor="none", spoilers=True, expiry=True),
        render=_suppressions,
        losses=_suppression_losses,
    ),
)
TARGET = Target(
    name=NAME,
    title="Datadog Cloud SIEM",
    verification="parsed",
    verified_by="the models of Datadog's own API client",
    styles=STYLES,
)
