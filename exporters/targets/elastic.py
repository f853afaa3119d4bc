"""Elastic Security: ES|QL rules, EQL sequences where they are sound, exception lists, rules on origins."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from ..capabilities import PLAIN_CONDITIONS, Capabilities, Direction, Loss
from ..detections import Detection, about
from ..errors import Refused
from ..explained_table import EVERYTHING, table_losses
from ..field_maps import FieldMap, field_map
from ..header import header
from ..languages.elastic import exceptions, kibana, kuery
from ..languages.elastic.eql_query import refuse_unjoinable, sequences
from ..languages.elastic.esql import comment
from ..languages.elastic.esql_query import refuse_repeats
from ..languages.elastic.esql_search import search
from ..languages.elastic.kuery_detections import detection_rule
from ..query import Query
from ..target import Artefact, Job, Options, Style, Target

NAME = "elastic"
INDEX = "logs-aws.cloudtrail-*"
STACK = "9.5.0"


def _fields() -> FieldMap:
    return field_map("ecs")


def _field(path: str) -> str:
    return _fields().field(path)


def _index(options: Options) -> str:
    name = options.index or INDEX
    if not all(char.isalnum() or char in "-_.*:" for char in name):
        raise Refused(f"an index pattern has no such characters: {name!r}")
    return name


def _file(cascade: str, suffix: str = "") -> PurePosixPath:
    """Where a detection-rules checkout keeps a rule on AWS."""
    name = cascade.replace(".", "_").replace("-", "_")
    return PurePosixPath("rules", "integrations", "aws", f"{name}{suffix}.toml")


def _ndjson(name: str, objects: Sequence[kibana.Object]) -> Artefact:
    return Artefact(PurePosixPath(NAME, name), kibana.ndjson(objects))


def _rule(
    job: Job, options: Options, style: int, name: str, language: str, query: str, back: int
) -> kibana.Object:
    identity = f"{STYLES[style].name}:{job.query.cascade}:{name}"
    expires = f"expires:{options.expires.isoformat()}"
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
            expires,
            *kibana.owner_tag(options.owner),
            *job.query.techniques,
        ],
    )


def _esql(jobs: Sequence[Job], options: Options) -> Iterator[Artefact]:
    rules = []
    for job in jobs:
        query = job.query
        head = "".join(f"{comment(line)}\n" for line in header(job, TARGET, STYLES[0], options))
        alert = search(query, _fields(), _index(options), options.every, explained=False)
        folder = PurePosixPath(NAME, "esql")
        yield Artefact(folder / f"{query.cascade}.alert.esql", f"{head}{alert}\n")
        counted = search(query, _fields(), _index(options), options.every, explained=True)
        yield Artefact(folder / f"{query.cascade}.silenced.esql", f"{head}{counted}\n")
        back = query.hold + 2 * options.every + query.reach_before
        rule = _rule(job, options, 0, f"Not explained: {query.title}", "esql", alert, back)
        rules.append(rule)
        toml = kibana.toml(rule, options.created, STACK)
        yield Artefact(_file(query.cascade, "_not_explained"), toml)
    yield _ndjson("rules.ndjson", rules)


def _eql(jobs: Sequence[Job], options: Options) -> Iterator[Artefact]:
    rules = []
    for job in jobs:
        query = job.query
        for name, text in sequences(query, _fields()):
            back = query.hold + 2 * options.every
            rule = _rule(job, options, 1, f"{name} ({query.cascade})", "eql", text, back)
            rule |= {"index": [_index(options)], "filters": [_hold(query)]}
            rules.append(rule)
        # EQL cannot count, so ES|QL does; it looks at groups, so that its count comes near.
        head = "".join(f"{comment(line)}\n" for line in header(job, TARGET, STYLES[1], options))
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
        text = " and ".join(
            (
                kuery.equals(_field("eventSource"), root.event_source),
                kuery.equals(_field("eventName"), root.event_name),
                kuery.equals(success.field, *success.values),
            )
        )
        back = 2 * options.every + job.query.lateness
        name = f"{root.action} ({job.query.cascade})"
        first_seen = {
            "type": "new_terms",
            "new_terms_fields": [_field("userIdentity.principalId")],
            "history_window_start": "now-14d",
        }
        for suffix, label, more in (
            ("", name, {"type": "query"}),
            ("_new_caller", f"{name} by a new caller", first_seen),
        ):
            rule = _rule(job, options, 4, label, "kuery", text, back)
            rule |= {"index": [_index(options)], **more}
            rules.append(rule)
            yield Artefact(_file(job.query.cascade, suffix), kibana.toml(rule, options.created))
    yield _ndjson("origin-rules.ndjson", rules)


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
    refuse_unjoinable(query, _fields())
    if any(node.edge.actor != "any" for node in query.subjects):
        yield Loss(Direction.OPEN, "two access keys of one IAM user are two actors")


def _controller_losses(query: Query, options: Options) -> Iterator[Loss]:
    if not options.controllers:
        raise Refused("cascade.toml names no controllers: there is nobody to except")
    yield Loss(
        Direction.CLOSED,
        "an exception sees one event: whoever has the controller's role may do the same without any origin",
    )


def _origin_losses(query: Query, options: Options) -> Iterator[Loss]:
    if query.ensemble:
        raise Refused("no event begins the cascade, so there is none to alert on")
    if query.root.where:
        yield Loss(
            Direction.OPEN, f"any {query.root.action} alerts, whatever the cascade asks of it"
        )
    yield Loss(Direction.UNCOVERED, f"{', '.join(query.actions)}: only the origin alerts")


_CAN = Capabilities(
    list_keys=False,
    distinct_keys=False,
    ensembles=False,
    arn_name=False,
    tool_family=False,
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
            tool_family=False,
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
        name="controllers",
        summary="exceptions for the controllers of cascade.toml, for Kibana's import",
        kind="suppression",
        # It asks for no origin at all, which is one loss and said as one.
        capabilities=replace(EVERYTHING, expiry=True),
        render=_controllers,
        losses=_controller_losses,
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


def _detect(wanted: Sequence[Detection], style: str, options: Options) -> Iterator[Artefact]:
    rules = []
    for detection in wanted:
        note = about(detection, TARGET.title, TARGET.verification)
        rule = detection_rule(detection, _fields(), _index(options), note, options)
        rules.append(rule)
        yield Artefact(_file(detection.id), kibana.toml(rule, options.created))
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
