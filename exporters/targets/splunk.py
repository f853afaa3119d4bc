"""Splunk: searches in one pass, a filter for rules that exist, content, and the join that many begin with."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import PurePosixPath
from uuid import NAMESPACE_URL, uuid5

import yaml

from ..capabilities import Capabilities, Direction, Loss
from ..detections import Detection, about
from ..field_maps import FieldMap, field_map
from ..header import header
from ..languages.expressions import Expression, Field, Operation, Value, both, call, either, equal
from ..languages.splunk import conf
from ..languages.splunk.spl import Command, Where, comment, field_name, searched, spl
from ..languages.splunk.spl_detections import searches
from ..languages.splunk.spl_query import (
    EXPLAINED,
    is_action,
    is_one_of,
    marking,
    reading,
    some_may_fail,
)
from ..query import Pattern, Query
from ..target import Artefact, Job, Options, Style, Target

NAME = "splunk"
APP = PurePosixPath("cloudcascade")
LOOKUP = "cascade_explained"
SHOWN = "event_id, _time, eventSource, eventName, account, actor, principal"


def pipeline(query: Query) -> tuple[Command, ...]:
    """The commands after the base search: keys, and the mark of what explains an event."""
    fields = field_map(NAME)
    return (*reading(query, fields), *marking(query, fields))


def judged(query: Query, options: Options, explained: bool) -> Where:
    """Keeps the subjects' events of the slice that something explains, or that nothing does."""
    known = call("isnotnull" if explained else "isnull", Field(EXPLAINED))
    age = Operation("-", (call("now"), Field("_time")))
    waited = Operation(">", (age, Value(query.hold)))
    fresh = Operation("<=", (age, Value(query.hold + options.every)))
    return Where(both(known, _is_subject(query), waited, fresh))


def _is_subject(query: Query) -> Expression:
    if not some_may_fail(query):
        return is_one_of(query.actions)
    found = []
    for action in query.actions:
        parts = [is_action(action)]
        if action not in query.may_fail:
            parts.append(equal(Field("succeeded"), Value(1)))
        found.append(both(*parts))
    return either(*found)


def base_search(actions: Iterable[str], options: Options, fields: FieldMap) -> str:
    """The search that reads the events of these actions from the index, or by ESCU's macro."""
    source = f"index={searched(options.index)} " if options.index else "`cloudtrail` "
    by_service: dict[str, list[str]] = {}
    for action in actions:
        pattern = Pattern(action)
        by_service.setdefault(pattern.event_source, []).append(pattern.event_name)
    terms = [
        f"({field_name(fields.field('eventSource'))}={searched(service)} "
        f"{field_name(fields.field('eventName'))} IN ({', '.join(map(searched, names))}))"
        for service, names in by_service.items()
    ]
    listed = terms[0] if len(terms) == 1 else f"({' OR '.join(terms)})"
    return source + listed


def search(query: Query, options: Options) -> str:
    """The whole pipeline, up to the mark."""
    lines = [base_search(query.all_actions(), options, field_map(NAME))]
    return "\n".join([*lines, *map(spl, pipeline(query))])


def _app(jobs: Sequence[Job], options: Options) -> Iterator[Artefact]:
    macros: list[str] = []
    searches: list[str] = []
    for job in jobs:
        query = job.query
        name = _macro(query)
        macros.append(conf.comment(header(job, TARGET, STYLES[0], options)))
        macros.append(conf.stanza(name, [("definition", search(query, options))]))
        searches += _searches(query, name, options)
    yield _file("default/macros.conf", "\n".join([*macros, _filter_macro()]))
    yield _file("default/savedsearches.conf", "\n".join(searches))
    yield from _lookup()


def _searches(query: Query, macro: str, options: Options) -> Iterator[str]:
    when = [
        ("cron_schedule", _cron(options.every)),
        ("dispatch.earliest_time", f"-{query.hold + options.every + query.reach_before}s"),
        ("dispatch.latest_time", "now"),
        ("enableSched", "1"),
    ]
    alert = f"`{macro}`\n{spl(judged(query, options, False))}\n| table {SHOWN}"
    described = ("description", f"owner {options.owner or 'nobody yet'}, expires {options.expires}")
    yield conf.stanza(
        _title(query, "not explained"),
        [
            ("search", alert),
            described,
            *when,
            ("counttype", "number of events"),
            ("relation", "greater than"),
            ("quantity", "0"),
            ("alert.track", "1"),
        ],
    )
    known = f"`{macro}`\n{spl(judged(query, options, True))}"
    counted = "| stats count min(_time) AS first_time max(_time) AS last_time BY cascade eventName account actor"
    yield conf.stanza(
        _title(query, "silenced"), [("search", f"{known}\n{counted}"), described, *when]
    )
    kept = (
        f"{known}\n| table event_id, cascade, _time, eventName\n| outputlookup append=true {LOOKUP}"
    )
    yield conf.stanza(_title(query, "explained"), [("search", kept), described, *when])


def _filter_macro() -> str:
    text = (
        f"lookup {LOOKUP} event_id AS eventID OUTPUT cascade AS explained_by\n"
        "| where isnull(explained_by)"
    )
    return conf.stanza(f"{LOOKUP}_filter", [("definition", text)])


def _lookup() -> Iterator[Artefact]:
    settings = [
        ("filename", f"{LOOKUP}.csv"),
        ("case_sensitive_match", "true"),
        ("max_matches", "1"),
    ]
    yield _file("default/transforms.conf", conf.stanza(LOOKUP, settings))
    yield _file(f"lookups/{LOOKUP}.csv", "event_id,cascade,_time,eventName\n")
    yield _file(
        "default/app.conf",
        conf.stanza("ui", [("is_visible", "false"), ("label", "cloudcascade")]),
    )
    yield _file(
        "metadata/default.meta", "[]\naccess = read : [ * ], write : [ admin ]\nexport = system\n"
    )


def _filter(jobs: Sequence[Job], options: Options) -> Iterator[Artefact]:
    """What a rule of one's own takes to leave out explained events, and the searches that fill the lookup."""
    macros: list[str] = []
    searches: list[str] = []
    for job in jobs:
        name = _macro(job.query)
        macros.append(conf.comment(header(job, TARGET, STYLES[1], options)))
        macros.append(conf.stanza(name, [("definition", search(job.query, options))]))
        searches += list(_searches(job.query, name, options))[1:]
    yield _file("default/macros.conf", "\n".join([*macros, _filter_macro()]))
    yield _file("default/savedsearches.conf", "\n".join(searches))
    yield from _lookup()


def _content(jobs: Sequence[Job], options: Options) -> Iterator[Artefact]:
    """Detections in the form of Splunk's security_content repository."""
    for job in jobs:
        query = job.query
        name = f"AWS {query.title} Not Explained"
        written = {
            "name": name,
            "id": str(uuid5(NAMESPACE_URL, f"cloudcascade:splunk:{query.cascade}")),
            "version": 1,
            "date": options.created.isoformat(),
            "author": options.owner or "cloudcascade",
            "status": "experimental",
            "type": "Anomaly",
            "description": f"{query.description} Alerts on what {query.root.action} does not explain.",
            "data_source": [
                f"AWS CloudTrail {Pattern(action).event_name}" for action in query.actions
            ],
            "search": f"{search(query, options)}\n{spl(judged(query, options, False))}\n| table {SHOWN}",
            "how_to_implement": "\n".join(header(job, TARGET, STYLES[2], options)),
            "known_false_positives": "Losses that fail open, above all an origin that came later than the window.",
            "references": list(query.references),
            "tags": {
                "analytic_story": ["AWS Cascades"],
                "asset_type": "AWS Account",
                "mitre_attack_id": list(query.techniques),
                "product": ["Splunk Enterprise", "Splunk Enterprise Security", "Splunk Cloud"],
                "security_domain": "cloud",
            },
        }
        text = yaml.safe_dump(written, sort_keys=False, allow_unicode=True, width=100)
        file = query.cascade.replace(".", "_").replace("-", "_")
        yield Artefact(PurePosixPath("detections", "cloud", f"{file}_not_explained.yml"), text)


def _join(jobs: Sequence[Job], options: Options) -> Iterator[Artefact]:
    """The search that everybody writes first, a file for each effect."""
    fields = field_map(NAME)
    for job in jobs:
        query = job.query
        for node in query.subjects:
            pair = node.edge.join[0]
            own, parent = (
                field_name(fields.field(key.paths[0])) for key in (pair.own, pair.parent)
            )
            width = max(node.edge.before, node.edge.after)
            origin = base_search([query.root.action], options, fields)
            lines = [
                comment(header(job, TARGET, STYLES[3], options)),
                base_search([node.pattern.action], options, fields),
                f"| eval target={own}",
                f"| join type=left target [ search {origin} earliest=-{width}s latest=+{width}s",
                f"    | eval target={parent}, origin=eventID | table target, origin ]",
                "| where isnull(origin)",
            ]
            name = f"{query.cascade}.{node.pattern.event_name}.spl"
            yield Artefact(PurePosixPath(NAME, "join", name), "\n".join(lines) + "\n")


def _join_losses(query: Query, options: Options) -> Iterator[Loss]:
    yield Loss(Direction.CLOSED, "anybody's origin explains, a failed one too, in any account")
    yield Loss(
        Direction.CLOSED, "the subsearch's window lies around the search's time, not the event's"
    )
    yield Loss(Direction.OPEN, "join drops what is beyond 50,000 rows or 60 seconds without a word")


def _losses(query: Query, options: Options) -> Iterator[Loss]:
    if any(key.fold for node in query.nodes for pair in node.edge.join for key in (pair.own,)):
        yield Loss(Direction.OPEN, "names with letters that are not ASCII's compare with case")


def _macro(query: Query) -> str:
    return "cascade_" + query.cascade.removeprefix("aws.").replace(".", "_").replace("-", "_")


def _title(query: Query, what: str) -> str:
    return f"Cascade - {query.cascade} - {what}"


def _cron(every: int) -> str:
    minutes = max(1, every // 60)
    return f"*/{minutes} * * * *" if minutes < 60 else f"0 */{min(23, minutes // 60)} * * *"


def _file(path: str, text: str) -> Artefact:
    return Artefact(APP / path, text)


_CAN = Capabilities(
    list_keys=False,
    distinct_keys=False,
    ensembles=False,
    same_role=False,
    service_actor=False,
)
STYLES = (
    Style(
        name="search",
        summary="an app: searches in one pass, their companions, and a lookup of explained events",
        kind="query",
        capabilities=_CAN,
        render=_app,
        losses=_losses,
    ),
    Style(
        name="filter",
        summary="a macro that keeps explained events out of rules that exist",
        kind="suppression",
        capabilities=_CAN,
        render=_filter,
        losses=_losses,
    ),
    Style(
        name="content",
        summary="detections as Splunk's security_content keeps them",
        kind="query",
        capabilities=_CAN,
        render=_content,
        losses=_losses,
    ),
    Style(
        name="join",
        summary="the join that everybody writes first, with its faults",
        kind="query",
        capabilities=Capabilities(
            hop=False,
            hold=False,
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
            actor="none",
            same_role=False,
            service_actor=False,
            any_account=False,
        ),
        render=_join,
        losses=_join_losses,
    ),
)


def _detect(wanted: Sequence[Detection], style: str, options: Options) -> Iterator[Artefact]:
    controllers = [controller.arn for controller in options.controllers]
    for detection in wanted:
        head = comment(about(detection, TARGET.title, TARGET.verification))
        for name, text in searches(detection, options.index, controllers):
            path = APP / "searches" / f"{detection.id}.{name}.spl"
            yield Artefact(path, f"{head}\n{text}\n")


TARGET = Target(
    name=NAME,
    detections=_detect,
    title="Splunk",
    verification="unverified",
    verified_by="no engine or parser of SPL can be had; the tests run the same commands by the reference's rules",
    styles=STYLES,
)
