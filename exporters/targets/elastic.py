"""Elastic Security: ES|QL rules, EQL sequences where they are sound, and an exception list of explained events."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import tomli_w

from ..capabilities import PLAIN_CONDITIONS, Capabilities, Direction, Loss
from ..errors import Refused
from ..explained_table import EVERYTHING, table_losses
from ..field_maps import FieldMap, field_map
from ..header import header
from ..languages.esql import Where, column, esql, quoted, written
from ..languages.esql_query import EXPLAINED, is_one_of, pipeline, refuse_repeats
from ..languages.spl import Field, both, call
from ..query import Pattern, Query
from ..target import Artefact, Job, Options, Style, Target

NAME = "elastic"
INDEX = "logs-aws.cloudtrail-*"
VALUE_LIST = "cascade-explained"


def _fields() -> FieldMap:
    return field_map("ecs")


def search(query: Query, options: Options, explained: bool) -> str:
    """The whole query, without a header."""
    fields = _fields()
    moment = column(fields.field("eventTime"))
    back = query.hold + options.every
    known = call("IS NOT NULL" if explained else "IS NULL", Field(EXPLAINED))
    lines = [
        f"FROM {_index(options)} METADATA _id, _version, _index",
        f"| WHERE {moment} >= NOW() - {back + query.reach_before} seconds",
        f"| WHERE {written(is_one_of(query.all_actions(), fields))}",
        *map(esql, pipeline(query, fields)),
        esql(Where(both(known, is_one_of(query.actions, fields)))),
        f"| WHERE {moment} >= NOW() - {back} seconds AND {moment} < NOW() - {query.hold} seconds",
    ]
    if explained:
        return "\n".join(
            [*lines, f"| STATS events = COUNT(*) BY {EXPLAINED}, event.action, account, actor"]
        )
    shown = (
        "_id",
        "_version",
        "_index",
        "@timestamp",
        "event.id",
        "event.provider",
        "event.action",
    )
    return "\n".join([*lines, f"| KEEP {', '.join(shown)}, account, actor"])


def _index(options: Options) -> str:
    name = options.index or INDEX
    if not all(char.isalnum() or char in "-_.*:" for char in name):
        raise Refused(f"an index pattern has no such characters: {name!r}")
    return name


def _esql(jobs: Sequence[Job], options: Options) -> Iterator[Artefact]:
    rules = []
    for job in jobs:
        head = "".join(f"// {line}\n" for line in header(job, TARGET, STYLES[0], options))
        alert = search(job.query, options, False)
        folder = PurePosixPath(NAME, "esql")
        yield Artefact(folder / f"{job.query.cascade}.alert.esql", f"{head}{alert}\n")
        counted = search(job.query, options, True)
        yield Artefact(folder / f"{job.query.cascade}.silenced.esql", f"{head}{counted}\n")
        rules.append(_rule(job, options, STYLES[0], job.query.title, "esql", alert))
    yield _ndjson("rules.ndjson", rules)


def _eql(jobs: Sequence[Job], options: Options) -> Iterator[Artefact]:
    rules = []
    for job in jobs:
        for node in job.query.subjects:
            text = _sequence(
                job.query, node.pattern, node.edge.before, node.edge.join[0].own.paths[0]
            )
            name = f"{node.pattern.action} without {job.query.root.action}"
            rules.append(_rule(job, options, STYLES[1], name, "eql", text))
    yield _ndjson("eql-rules.ndjson", rules)


def _sequence(query: Query, effect: Pattern, seconds: int, path: str) -> str:
    fields = _fields()
    by = [fields.field("recipientAccountId"), fields.field("userIdentity.principalId")]
    by += [fields.field("userIdentity.accessKeyId"), _eql_key(path) or fields.field(path)]
    first, second = (_eql_event(pattern, fields) for pattern in (effect, query.root))
    return f"sequence by {', '.join(by)} with maxspan={seconds}s\n  [{first}]\n  ![{second}]"


def _eql_key(path: str) -> str | None:
    """The field of its own that the integration gives a key: EQL joins on no part of a flattened field."""
    return {"requestParameters.userName": "user.target.name"}.get(path) or _fields().fields.get(
        path
    )


def _eql_event(pattern: Pattern, fields: FieldMap) -> str:
    tests = [
        f"{fields.field('eventSource')} == {quoted(pattern.event_source)}",
        f"{fields.field('eventName')} == {quoted(pattern.event_name)}",
        f"{fields.success.field} == {quoted(fields.success.values[0])}",
    ]
    return f"any where {' and '.join(tests)}"


def _rule(
    job: Job, options: Options, style: Style, name: str, language: str, query: str
) -> dict[str, Any]:
    """A rule as Kibana's import reads it; it is off until somebody turns it on."""
    identity = f"cloudcascade:elastic:{style.name}:{job.query.cascade}:{name}"
    back = job.query.hold + options.every + job.query.reach_before
    rule: dict[str, Any] = {
        "rule_id": str(uuid5(NAMESPACE_URL, identity)),
        "name": f"Not explained: {name}",
        "description": "\n".join(header(job, TARGET, style, options)),
        "type": language,
        "language": language,
        "query": query,
        "interval": f"{max(1, options.every // 60)}m",
        "from": f"now-{-(-back // 60)}m",
        "risk_score": 47,
        "severity": "medium",
        "enabled": False,
        "author": [options.owner] if options.owner else [],
        "references": list(job.query.references),
        "tags": ["cloudcascade", job.query.cascade, *job.query.techniques],
        "version": 1,
    }
    if language == "eql":
        rule["index"] = [_index(options)]
    return rule


def _origins(jobs: Sequence[Job], options: Options) -> Iterator[Artefact]:
    """Alerts on the origin itself: each time, and when its caller has not done so in two weeks."""
    rules = []
    for job in jobs:
        text = kuery(job.query.root)
        name = f"{job.query.root.action} ({job.query.cascade})"
        each_time = _rule(job, options, STYLES[3], name, "query", text)
        first_seen = _rule(job, options, STYLES[3], f"{name} by a new caller", "new_terms", text)
        for rule in (each_time, first_seen):
            rule["language"] = "kuery"
            rule["index"] = [_index(options)]
            rule["name"] = rule["name"].removeprefix("Not explained: ")
        first_seen["new_terms_fields"] = [_fields().field("userIdentity.principalId")]
        first_seen["history_window_start"] = "now-14d"
        rules += [each_time, first_seen]
        for rule, suffix in ((each_time, ""), (first_seen, "_new_caller")):
            written = {"metadata": _metadata(options), "rule": {**rule, "enabled": True}}
            file = job.query.cascade.replace(".", "_").replace("-", "_") + suffix
            path = PurePosixPath("rules", "integrations", "aws", f"{file}.toml")
            yield Artefact(path, tomli_w.dumps(written, multiline_strings=True))
    yield _ndjson("origin-rules.ndjson", rules)


def _metadata(options: Options) -> dict[str, Any]:
    day = options.created.strftime("%Y/%m/%d")
    return {
        "creation_date": day,
        "updated_date": day,
        "integration": ["aws"],
        "maturity": "development",
    }


def kuery(pattern: Pattern) -> str:
    """Kibana's query for the successful events of the pattern's action.

    https://www.elastic.co/docs/reference/query-languages/kql : inside quotation marks only `"` and `\\` are special.
    """
    fields = _fields()
    tests = [
        f"{fields.field('eventSource')}: {quoted(pattern.event_source)}",
        f"{fields.field('eventName')}: {quoted(pattern.event_name)}",
        f"{fields.success.field}: {quoted(fields.success.values[0])}",
    ]
    return " and ".join(tests)


def _exceptions(jobs: Sequence[Job], options: Options) -> Iterator[Artefact]:
    """A list and one item: what the value list of explained event ids holds is no alert."""
    head = [line for job in jobs for line in header(job, TARGET, STYLES[2], options)]
    container = {
        "list_id": "cloudcascade",
        "name": "cloudcascade: explained events",
        "description": "\n".join(head),
        "type": "detection",
        "namespace_type": "single",
        "tags": ["cloudcascade"],
        "version": 1,
    }
    item = {
        "list_id": "cloudcascade",
        "item_id": "cloudcascade-explained",
        "name": "Explained by a cascade",
        "description": "Event ids that cascade classify, or a companion query, calls explained.",
        "type": "simple",
        "namespace_type": "single",
        "tags": ["cloudcascade", f"owner:{options.owner or 'nobody'}"],
        "comments": [],
        "expire_time": f"{options.expires.isoformat()}T00:00:00.000Z",
        "entries": [
            {
                "field": _fields().field("eventID"),
                "type": "list",
                "operator": "included",
                "list": {"id": VALUE_LIST, "type": "keyword"},
            }
        ],
    }
    yield _ndjson("exceptions.ndjson", [container, item])


def _ndjson(name: str, objects: Sequence[dict[str, Any]]) -> Artefact:
    text = "".join(json.dumps(each, ensure_ascii=False) + "\n" for each in objects)
    return Artefact(PurePosixPath(NAME, name), text)


def _esql_losses(query: Query, options: Options) -> Iterator[Loss]:
    refuse_repeats(query)
    yield Loss(
        Direction.OPEN,
        "two origins of one key in the look-back, one of them out of the window: alerts",
    )
    if any(each.spoilers for each in (query, *query.rivals)):
        yield Loss(
            Direction.OPEN, "what voids an explanation does so from anywhere in the look-back"
        )
    yield Loss(Direction.OPEN, "names with letters that are not ASCII's compare with case")


def _eql_losses(query: Query, options: Options) -> Iterator[Loss]:
    yield Loss(Direction.CLOSED, "an event that lacks a key is in no sequence, and never alerts")
    if any(len(node.edge.join) != 1 or not node.edge.same_account for node in query.subjects):
        raise Refused("an EQL sequence joins on one key, in one account")
    for node in query.subjects:
        for pair in node.edge.join:
            own, parent = (key.paths[0] for key in (pair.own, pair.parent))
            if own != parent or _eql_key(own) is None:
                raise Refused(
                    f"an EQL sequence joins on no part of a flattened field: {own} is one"
                )


def _origin_losses(query: Query, options: Options) -> Iterator[Loss]:
    if query.ensemble:
        raise Refused("no event begins the cascade, so there is none to alert on")
    yield Loss(Direction.UNCOVERED, f"{', '.join(query.actions)}: only the origin alerts")


_CAN = Capabilities(
    list_keys=False,
    distinct_keys=False,
    ensembles=False,
    arn_name=False,
    same_role=False,
    service_actor=False,
    conditions=PLAIN_CONDITIONS - {"exists", "absent", "denied"},
)
STYLES = (
    Style(
        name="esql",
        summary="ES|QL with INLINE STATS and FIELD_EXTRACT (Elasticsearch 9.5), and rules for Kibana's import",
        kind="query",
        capabilities=_CAN,
        render=_esql,
        losses=_esql_losses,
    ),
    Style(
        name="eql",
        summary="EQL sequences with a missing event, for Kibana's import",
        kind="query",
        capabilities=Capabilities(
            sides="effect-first",
            same_second=False,
            hop=False,
            spoilers=False,
            ensembles=False,
            rivals=False,
            list_keys=False,
            distinct_keys=False,
            first_of=False,
            arn_name=False,
            case_fold=False,
            conditions=frozenset(),
            same_role=False,
            service_actor=False,
        ),
        render=_eql,
        losses=_eql_losses,
    ),
    Style(
        name="exception",
        summary="an exception list by explained event ids, for Kibana's import",
        kind="suppression",
        capabilities=replace(EVERYTHING, expiry=True),
        render=_exceptions,
        losses=table_losses,
    ),
    Style(
        name="origin",
        summary="rules on the origin itself, each time and by a new caller, as NDJSON and TOML",
        kind="query",
        # Nothing is silenced: the effects are not asked for at all.
        capabilities=EVERYTHING,
        render=_origins,
        losses=_origin_losses,
    ),
)
TARGET = Target(
    name=NAME,
    title="Elastic Security",
    verification="parsed",
    verified_by="a parser of Elasticsearch 9.1's grammar, INLINE STATS read as STATS; the tests run the same commands",
    styles=STYLES,
)
