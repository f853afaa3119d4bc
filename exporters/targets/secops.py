"""Google SecOps: YARA-L 2.0 rules on the verdicts of `cascade watch`, rules that ask a data table, rules of their own
on absence, findings exclusions.

A rule of single events is evaluated within minutes of their arrival, also where it asks a data table, and no schedule
delays it; a rule of several has a settlement delay that is set where it is deployed, not in its text:
https://docs.cloud.google.com/chronicle/docs/detection/rule-execution-frequency
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from ..capabilities import Capabilities, Direction, Loss
from ..errors import Refused
from ..explained_table import EVERYTHING, TABLE, by_source, calls_of, empty_files, unidentified
from ..field_maps import field_map
from ..header import header
from ..languages.yaral import comment, one_of, one_of_lines, quoted, rule, starting_with
from ..query import Node, Query
from ..sql.names import snake_case
from ..target import Artefact, Job, Options, Style, Target
from ..verdict import EXPLAINED, SILENT, SOURCE, UNEXPLAINED, verdict_losses

NAME = "secops"


def _verdicts(jobs: Sequence[Job], options: Options) -> Iterator[Artefact]:
    """A rule on verdicts in the form that `cascade watch --format udm` gives them."""
    for job in jobs:
        name = f"{_rule_name(job.query)}_verdict"
        head = comment(header(job, TARGET, VERDICT, options))
        text = rule(
            name,
            _meta_of(job.query, "Not explained", "Medium", options),
            [
                (
                    "events",
                    [
                        f"$verdict.metadata.vendor_name = {quoted(SOURCE)}",
                        '$verdict.additional.fields["final"] = "true"',
                        *one_of_lines('$verdict.additional.fields["action"]', job.query.actions),
                        "(",
                        f"  {one_of('$verdict.metadata.product_event_type', UNEXPLAINED)} or",
                        f"  ({one_of('$verdict.metadata.product_event_type', [EXPLAINED])} and",
                        f'   $verdict.additional.fields["policy"] != {quoted(SILENT)})',
                        ")",
                    ],
                ),
                (
                    "outcome",
                    [
                        '$event_id = $verdict.additional.fields["event_id"]',
                        "$principal = $verdict.principal.user.userid",
                    ],
                ),
                ("condition", ["$verdict"]),
            ],
        )
        yield Artefact(PurePosixPath(NAME, "rules", f"{name}.yaral"), head + text)


def _rule_name(query: Query) -> str:
    return query.cascade.replace(".", "_").replace("-", "_")


def _meta_of(query: Query, title: str, severity: str, options: Options) -> list[tuple[str, str]]:
    return [
        ("author", options.owner or "cloudcascade"),
        ("description", f"{title}: {query.title}"),
        ("reference", next(iter(query.references), "")),
        ("severity", severity),
        ("technique", ", ".join(query.techniques)),
        ("expires", options.expires.isoformat()),
    ]


def _render(jobs: Sequence[Job], options: Options) -> Iterator[Artefact]:
    for job in jobs:
        name = _rule_name(job.query)
        head = comment(header(job, TARGET, TABLED, options))
        for part, explained in (("unexplained", False), ("silenced", True)):
            text = _rule(job.query, f"{name}_{part}", options, explained)
            yield Artefact(PurePosixPath(NAME, "rules", f"{name}_{part}.yaral"), head + text)
    yield from empty_files(PurePosixPath(NAME, "data_tables"), options)


def _rule(query: Query, name: str, options: Options, explained: bool) -> str:
    """A rule of single events: without a match section one that lacks its id is judged like any other."""
    fields = field_map("udm")
    event_id = f"$event.{fields.field('eventID')}"
    title, severity = ("Explained", "Informational") if explained else ("Not explained", "Medium")
    held = f"{event_id} in %{TABLE}.event_id"
    events = [
        '$event.metadata.log_type = "AWS_CLOUDTRAIL"',
        *_actions(query),
        held if explained else f"not {held}",
    ]
    principal = f"$event.{fields.field('userIdentity.principalId')}"
    return rule(
        name,
        _meta_of(query, title, severity, options),
        [
            ("events", events),
            ("outcome", [f"$event_id = {event_id}", f"$principal = {principal}"]),
            ("condition", ["$event"]),
        ],
    )


def _actions(query: Query) -> list[str]:
    """The lines that pick the subjects' events; more than one source takes an `or`."""
    fields = field_map("udm")
    source_field = f"$event.{fields.field('eventSource')}"
    name_field = f"$event.{fields.field('eventName')}"
    parts = [
        [one_of(source_field, [source]), *one_of_lines(name_field, names)]
        for source, names in calls_of(query)
    ]
    if len(parts) == 1:
        return parts[0]
    lines = ["("]
    for number, (source, *names) in enumerate(parts):
        lines += [f"  {'or ' if number else ''}({source} and", *(f"    {name}" for name in names)]
        lines[-1] += ")"
    return [*lines, ")"]


def _correlated(jobs: Sequence[Job], options: Options) -> Iterator[Artefact]:
    """For each effect a rule that it stands there without an origin. A rule has one window, so where an
    origin counts on both sides, two rules look and a third one, of their detections, alerts."""
    for job in jobs:
        query = job.query
        head = comment(header(job, TARGET, ABSENCE, options))
        for node in query.subjects:
            stem = snake_case(f"{query.cascade}_{node.pattern.event_name}")
            sides = [
                (f"{stem}_without_origin_{side}", side, seconds)
                for side, seconds in (("after", node.edge.before), ("before", node.edge.after))
                if seconds
            ] or [(f"{stem}_without_origin_after", "after", 60)]
            texts = {
                name: _absence(query, node, name, side, seconds, options, alone=len(sides) == 1)
                for name, side, seconds in sides
            }
            if len(sides) > 1:
                name = f"{stem}_without_origin"
                texts[name] = _composite(query, node, name, tuple(texts), options)
            for name, text in texts.items():
                yield Artefact(PurePosixPath(NAME, "rules", f"{name}.yaral"), head + text)


def _absence(
    query: Query, node: Node, name: str, side: str, seconds: int, options: Options, *, alone: bool
) -> str:
    fields = field_map("udm")
    pair = node.edge.join[0]
    events = []
    for variable, pattern, key in (
        ("$effect", node.pattern, pair.own),
        ("$origin", query.root, pair.parent),
    ):
        places = {
            "$account": fields.field("recipientAccountId"),
            "$principal": fields.field("userIdentity.principalId"),
            "$key": fields.field(key.paths[0]),
        }
        result, value = fields.success.field, fields.success.values[0]
        events += [
            f'{variable}.metadata.log_type = "AWS_CLOUDTRAIL"',
            one_of(f"{variable}.{fields.field('eventSource')}", [pattern.event_source]),
            one_of(f"{variable}.{fields.field('eventName')}", [pattern.event_name]),
            f"{variable}.{result} = {quoted(value)}",
            *(f"{variable}.{place} = {held}" for held, place in places.items()),
            "",
        ]
    title = f"{node.pattern.event_name} without {query.root.event_name} {side} it"
    minutes = max(1, seconds // 60)
    return rule(
        name,
        _meta(title, "Medium" if alone else "Informational", options),
        [
            ("events", events[:-1]),
            ("match", [f"$account, $principal, $key over {minutes}m {side} $effect"]),
            ("outcome", [f"$event_id = array_distinct($effect.{fields.field('eventID')})"]),
            ("condition", ["$effect and #origin = 0"]),
        ],
    )


def _composite(
    query: Query, node: Node, name: str, producers: tuple[str, ...], options: Options
) -> str:
    """Alerts on an effect for which each of the `producers` has a detection."""
    title = f"{node.pattern.event_name} without {query.root.event_name} on either side"
    variables = [f"${producer.rpartition('_')[2]}" for producer in producers]
    events = []
    for variable, producer in zip(variables, producers, strict=True):
        events.append(f"{variable}.detection.detection.rule_name = {quoted(producer)}")
        events.append(f'{variable}.detection.detection.outcomes["event_id"] = $event_id')
    return rule(
        name,
        _meta(title, "Medium", options),
        [
            ("events", events),
            ("match", ["$event_id over 48h"]),
            ("condition", [" and ".join(variables)]),
        ],
    )


def _meta(description: str, severity: str, options: Options) -> list[tuple[str, str]]:
    return [
        ("author", options.owner or "cloudcascade"),
        ("description", description),
        ("severity", severity),
        ("expires", options.expires.isoformat()),
    ]


def _exclusions(jobs: Sequence[Job], options: Options) -> Iterator[Artefact]:
    """Bodies for `findingsRefinements.create`: curated rules do not alert on what the query matches.

    https://cloud.google.com/chronicle/docs/reference/rest/v1/FindingsRefinement
    """
    fields = field_map("udm")
    for job in jobs:
        query = job.query
        parts = []
        for source, names, may_fail in by_source(query):
            tests = [
                one_of(fields.field("eventSource"), [source]),
                one_of(fields.field("eventName"), names),
            ]
            if not may_fail:
                tests.append(f"{fields.success.field} = {quoted(fields.success.values[0])}")
            parts.append("(" + " and ".join(tests) + ")")
        who = [_is_controller(controller.arn) for controller in options.controllers]
        written = {
            "displayName": f"{query.cascade} by controllers, until {options.expires.isoformat()}",
            "type": "DETECTION_EXCLUSION",
            "query": f"({' or '.join(who)}) and ({' or '.join(parts)})",
        }
        about = header(job, TARGET, EXCLUSION, options)
        text = json.dumps({"about": about, "findingsRefinement": written}, indent=2)
        yield Artefact(PurePosixPath(NAME, "exclusions", f"{_rule_name(query)}.json"), f"{text}\n")


def _is_controller(arn: str) -> str:
    """The user with that ARN, or any session of the role with it: a session's ARN has no path."""
    partition, _, _, account, resource = arn.split(":", 5)[1:]
    kind, _, rest = resource.partition("/")
    if kind != "role":
        return f"principal.user.userid = {quoted(arn)}"
    prefix = f"arn:{partition}:sts::{account}:assumed-role/{rest.rpartition('/')[2]}/"
    return f"principal.user.userid = {starting_with(prefix)}"


def _correlated_losses(query: Query, options: Options) -> Iterator[Loss]:
    fields = field_map("udm")
    for node in query.subjects:
        for pair in node.edge.join:
            paths = (pair.own.paths[0], pair.parent.paths[0])
            if len(node.edge.join) != 1 or any(fields.find(path) is None for path in paths):
                raise Refused(f"the data model has no field for {', '.join(dict.fromkeys(paths))}")
    yield Loss(Direction.CLOSED, "two sessions of one name are one actor, whoever assumed the role")
    yield Loss(
        Direction.OPEN, "a late origin takes nothing back: what a run has found stays an alert"
    )
    yield Loss(Direction.CLOSED, "an event without a user name is in no group, and never alerts")
    yield Loss(Direction.UNCOVERED, f"failed calls of {', '.join(query.actions)}")


def _exclusion_losses(query: Query, options: Options) -> Iterator[Loss]:
    if not options.controllers:
        raise Refused("cascade.toml names no controllers: there is nobody to exclude")
    yield Loss(
        Direction.CLOSED,
        "an exclusion sees one event: whoever has the controller's role may do the same without any origin",
    )


def _table_losses(query: Query, options: Options) -> Iterator[Loss]:
    yield unidentified()


VERDICT = Style(
    name="verdict",
    summary="YARA-L rules on the verdicts of cascade watch, which waits where SecOps cannot",
    kind="query",
    capabilities=EVERYTHING,
    render=_verdicts,
    losses=verdict_losses,
    waits="watch",
)
TABLED = Style(
    name="rule",
    summary="YARA-L rules that ask a data table of explained event ids",
    kind="query",
    capabilities=EVERYTHING,
    render=_render,
    losses=_table_losses,
    waits="never",
)
ABSENCE = Style(
    name="absence",
    summary="YARA-L rules: the effect, and no origin within its windows; a rule for each side, and one of both",
    kind="query",
    capabilities=Capabilities(
        same_second=False,
        hold=False,
        hop=False,
        spoilers=False,
        between=False,
        unreadable_spoilers=False,
        copies=False,
        undated=False,
        root_keys=False,
        log_ends=False,
        vetoes=False,
        same_hand=False,
        error_message=False,
        ensembles=False,
        rivals=False,
        list_keys=False,
        distinct_keys=False,
        first_of=False,
        arn_name=False,
        same_tool=False,
        case_fold=False,
        conditions=frozenset(),
        same_role=False,
        service_actor=False,
        any_account=False,
        max_window=48 * 3_600,
    ),
    render=_correlated,
    losses=_correlated_losses,
)
EXCLUSION = Style(
    name="exclusion",
    summary="findings refinements that keep curated rules off the controllers of cascade.toml",
    kind="suppression",
    # It asks for no origin at all, which is one loss and said as one.
    capabilities=EVERYTHING,
    render=_exclusions,
    losses=_exclusion_losses,
)
STYLES = (VERDICT, TABLED, ABSENCE, EXCLUSION)
TARGET = Target(
    name=NAME,
    title="Google SecOps",
    verification="unverified",
    verified_by="Google's validator is online only; the tests hold the rules' form",
    styles=STYLES,
)
