"""Elastic Security: ES|QL rules, EQL sequences where they are sound, exception lists, rules on origins."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from ..capabilities import PLAIN_CONDITIONS, Capabilities
from ..detections import Detection, about
from ..errors import Refused
from ..explained_table import EVERYTHING
from ..field_maps import FieldMap, field_map
from ..header import header
from ..languages.elastic import exceptions, kibana, kuery, losses, rules_repository
from ..languages.elastic.eql_query import sequences
from ..languages.elastic.esql import comments
from ..languages.elastic.esql_search import begins, search
from ..languages.elastic.kuery_detections import detection_rule
from ..languages.elastic.slices import judged
from ..languages.one_pass import sayable
from ..query import Query
from ..target import Artefact, Job, Options, Style, Target
from ..verdict import EXPLAINED, SILENT, UNEXPLAINED, verdict_losses

NAME = "elastic"
INDEX = "logs-aws.cloudtrail-*"
STACK = "9.5.0"
# Where Filebeat's HTTP endpoint puts what a watch posts, and below which field.
# https://www.elastic.co/docs/reference/beats/filebeat/filebeat-input-http_endpoint
VERDICTS = "filebeat-*"
_VERDICT = "json"
_VERDICT_SETUP = (
    "Filebeat's HTTP endpoint must take in what cascade watch posts, below `json`. While no watch runs, nothing "
    "alerts: watch its /readyz."
)


def _fields() -> FieldMap:
    return field_map("ecs")


def _field(path: str) -> str:
    return _fields().field(path)


def _index(options: Options, default: str = INDEX) -> str:
    name = options.index or default
    if not all(char.isalnum() or char in "-_.*:" for char in name):
        raise Refused(f"an index pattern has no such characters: {name!r}")
    return name


def _dataset(options: Options) -> list[str]:
    """The test that only CloudTrail is asked; not of an index of the user's, which may lack the field."""
    if options.index is not None:
        return []
    return [kuery.equals("data_stream.dataset", "aws.cloudtrail")]


def _ndjson(name: str, objects: Sequence[kibana.Object]) -> Artefact:
    return Artefact(PurePosixPath(NAME, name), kibana.ndjson(objects))


def _rule(
    job: Job,
    options: Options,
    style: int,
    name: str,
    language: str,
    query: str,
    back: int,
    techniques: Sequence[str],
) -> kibana.Object:
    identity = f"{STYLES[style].name}:{job.query.cascade}:{name}"
    return kibana.rule(
        identity,
        name,
        f"{job.query.cascade}. {job.query.description}",
        header(job, TARGET, STYLES[style], options),
        language,
        query,
        every=options.every,
        back=back,
        author=[options.owner] if options.owner else [],
        references=list(job.query.references),
        tags=[
            "cloudcascade",
            job.query.cascade,
            f"expires:{options.expires.isoformat()}",
            *kibana.owner_tag(options.owner),
        ],
        techniques=techniques,
    )


def _techniques(query: Query) -> tuple[str, ...]:
    """What the effects are in an attacker's hands; where they have no name of their own, what the origin is."""
    return query.techniques or query.root_techniques


def _toml(
    rule: kibana.Object,
    cascade: str,
    techniques: Sequence[str],
    options: Options,
    suffix: str = "",
    stack: str | None = None,
) -> Artefact:
    owner = {"owner": options.owner} if options.owner else {}
    facts = {"cloudcascade": cascade, "expires": options.expires.isoformat(), **owner}
    text = rules_repository.toml(rule, techniques, options.created, facts, stack)
    return Artefact(rules_repository.path(cascade, suffix), text)


def _esql(jobs: Sequence[Job], options: Options) -> Iterator[Artefact]:
    rules = []
    for job in jobs:
        job = replace(job, query=sayable(job.query, _fields()))
        query = job.query
        head = comments(header(job, TARGET, STYLES[0], options))
        alert = search(query, _fields(), _index(options), options.every, explained=False)
        folder = PurePosixPath(NAME, "esql")
        yield Artefact(folder / f"{query.cascade}.alert.esql", f"{head}{alert}\n")
        counted = search(query, _fields(), _index(options), options.every, explained=True)
        yield Artefact(folder / f"{query.cascade}.silenced.esql", f"{head}{counted}\n")
        # The query's slice is by when the run is due, at most an interval before it starts.
        back = begins(query, options.every, explained=False) + query.reach_before + options.every
        rule = _rule(
            job,
            options,
            0,
            f"Not explained: {query.title}",
            "esql",
            alert,
            back,
            _techniques(query),
        )
        rules.append(rule)
        yield _toml(rule, query.cascade, _techniques(query), options, "_not_explained", STACK)
    yield _ndjson("rules.ndjson", rules)


def _eql(jobs: Sequence[Job], options: Options) -> Iterator[Artefact]:
    rules = []
    for job in jobs:
        query = job.query
        for name, text in sequences(query, _fields()):
            back = judged(query.hold, options.every, options.lateness)
            rule = _rule(
                job, options, 1, f"{name} ({query.cascade})", "eql", text, back, _techniques(query)
            )
            rule["index"] = [_index(options)]
            if text.startswith("sequence"):
                # A sequence is in the order of what happened, not of what arrived, and waits for the hold.
                del rule["timestamp_override"]
                rule["filters"] = [_hold(query)]
            rules.append(rule)
        # EQL cannot count, so ES|QL does; it looks at groups, so that its count comes near.
        head = comments(header(job, TARGET, STYLES[1], options))
        counted = search(query, _fields(), _index(options), options.every, explained=True)
        path = PurePosixPath(NAME, "eql", f"{query.cascade}.silenced.esql")
        yield Artefact(path, f"{head}{counted}\n")
    yield _ndjson("eql-rules.ndjson", rules)


def _hold(query: Query) -> kibana.Object:
    """A filter of the rule: an effect is looked at when its time to be explained is over.

    A sequence that misses its second event is complete at once, however little of `maxspan` has passed.
    """
    root = {
        _field("eventSource"): query.root.event_source,
        _field("eventName"): query.root.event_name,
    }
    origin = [{"term": {name: value}} for name, value in root.items()]
    old = {"range": {_field("eventTime"): {"lt": f"now-{query.hold}s"}}}
    return {
        "meta": {
            "alias": "effects after the hold, origins at once",
            "disabled": False,
            "negate": False,
            "type": "custom",
        },
        "query": {
            "bool": {"should": [old, {"bool": {"filter": origin}}], "minimum_should_match": 1}
        },
    }


def _exceptions(jobs: Sequence[Job], options: Options) -> Iterator[Artefact]:
    note = [line for job in jobs for line in header(job, TARGET, STYLES[2], options)]
    yield _ndjson("exceptions.ndjson", exceptions.explained_events(_fields(), note, options))


def _controllers(jobs: Sequence[Job], options: Options) -> Iterator[Artefact]:
    note = [line for job in jobs for line in header(job, TARGET, STYLES[3], options)]
    queries = [job.query for job in jobs]
    objects = exceptions.controllers(queries, _fields(), note, options)
    yield _ndjson("controllers.ndjson", objects)


def _origins(jobs: Sequence[Job], options: Options) -> Iterator[Artefact]:
    """Alerts on the origin itself: each time, and when its caller has not done so in two weeks."""
    rules = []
    for job in jobs:
        root = job.query.root
        success = _fields().success
        text = kuery.every_one(
            (
                *_dataset(options),
                kuery.equals(_field("eventSource"), root.event_source),
                kuery.equals(_field("eventName"), root.event_name),
                kuery.equals(success.field, *success.values),
            )
        )
        back = judged(options.lateness, options.every, options.lateness)
        name = f"{root.action} ({job.query.cascade})"
        techniques = job.query.root_techniques or job.query.techniques
        first_seen = {
            "type": "new_terms",
            "new_terms_fields": [_field("userIdentity.principalId")],
            "history_window_start": "now-14d",
        }
        for suffix, label, more in (
            ("", name, {"type": "query"}),
            ("_new_caller", f"{name} by a new caller", first_seen),
        ):
            rule = _rule(job, options, 4, label, "kuery", text, back, techniques)
            rule |= {"index": [_index(options)], **more}
            rules.append(rule)
            yield _toml(rule, job.query.cascade, techniques, options, suffix)
    yield _ndjson("origin-rules.ndjson", rules)


def _verdicts(jobs: Sequence[Job], options: Options) -> Iterator[Artefact]:
    """A rule a cascade on the final verdicts of `cascade watch`, but for those that may be silenced."""
    rules = []
    for job in jobs:
        query = job.query
        unexplained = kuery.equals(f"{_VERDICT}.verdict", *UNEXPLAINED)
        explained = kuery.equals(f"{_VERDICT}.verdict", EXPLAINED)
        silent = kuery.equals(f"{_VERDICT}.policy", SILENT)
        text = kuery.every_one(
            (
                f"{_VERDICT}.final: true",
                kuery.equals(f"{_VERDICT}.action", *query.actions),
                f"({unexplained} or ({explained} and not {silent}))",
            )
        )
        name = f"Not explained, by verdict: {query.title}"
        back = judged(0, options.every, 0)
        rule = _rule(job, options, 5, name, "kuery", text, back, _techniques(query))
        rule |= {"index": [_index(options, VERDICTS)], "type": "query", "setup": _VERDICT_SETUP}
        rules.append(rule)
    yield _ndjson("verdict-rules.ndjson", rules)


_CAN = Capabilities(
    between=False,
    copies=False,
    undated=False,
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
        losses=losses.esql,
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
            between=False,
            unreadable_spoilers=False,
            copies=False,
            undated=False,
            root_keys=False,
            log_ends=False,
            ensembles=False,
            rivals=False,
            vetoes=False,
            list_keys=False,
            distinct_keys=False,
            first_of=False,
            arn_name=False,
            tool_family=False,
            case_fold=False,
            conditions=frozenset(),
            same_role=False,
            service_actor=False,
        ),
        render=_eql,
        losses=losses.eql,
    ),
    Style(
        name="exception",
        summary="an exception list by explained event ids, for Kibana's import",
        kind="suppression",
        capabilities=replace(EVERYTHING, expiry=True),
        render=_exceptions,
        losses=losses.table,
    ),
    Style(
        name="controllers",
        summary="exceptions for the controllers of cascade.toml, for Kibana's import",
        kind="suppression",
        # It asks for no origin at all, which is one loss and said as one.
        capabilities=replace(EVERYTHING, expiry=True),
        render=_controllers,
        losses=losses.controller,
    ),
    Style(
        name="origin",
        summary="rules on the origin itself, each time and by a new caller, as NDJSON and TOML",
        kind="query",
        # Nothing is silenced: the effects are not asked for at all.
        capabilities=EVERYTHING,
        render=_origins,
        losses=losses.origin,
    ),
    Style(
        name="verdict",
        summary="rules on the verdicts of cascade watch, for Kibana's import",
        kind="query",
        capabilities=EVERYTHING,
        render=_verdicts,
        losses=verdict_losses,
        waits="watch",
    ),
)


def _detect(wanted: Sequence[Detection], style: str, options: Options) -> Iterator[Artefact]:
    rules = []
    for detection in wanted:
        note = about(detection, TARGET.title, TARGET.verification, options.overlay)
        index, first = _index(options), _dataset(options)
        rule = detection_rule(detection, _fields(), index, first, note, options)
        rules.append(rule)
        yield _toml(rule, detection.id, detection.techniques, options)
    yield _ndjson("detection-rules.ndjson", rules)


TARGET = Target(
    name=NAME,
    detections=_detect,
    title="Elastic Security",
    verification="parsed",
    verified_by="ES|QL: a parser of Elasticsearch 9.1's grammar, INLINE STATS read as STATS, and a model that runs "
    "the same commands; EQL: a model of its missing event; rules: Kibana's fields",
    styles=STYLES,
)
