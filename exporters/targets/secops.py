"""Google SecOps: YARA-L 2.0 rules that ask a data table of explained event ids."""

from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from ..capabilities import Capabilities, Direction, Loss
from ..errors import Refused
from ..explained_table import EVERYTHING, TABLE, by_source, empty_table, table_losses
from ..field_maps import field_map
from ..header import header
from ..languages.yaral import comment, one_of, quoted, rule
from ..query import Node, Query
from ..sql.names import snake_case
from ..target import Artefact, Job, Options, Style, Target

NAME = "secops"


def _render(jobs: Sequence[Job], options: Options) -> Iterator[Artefact]:
    for job in jobs:
        name = job.query.cascade.replace(".", "_").replace("-", "_")
        head = comment(header(job, TARGET, STYLES[0], options))
        for part, explained in (("unexplained", False), ("silenced", True)):
            text = _rule(job.query, f"{name}_{part}", options, explained)
            yield Artefact(PurePosixPath(NAME, "rules", f"{name}_{part}.yaral"), head + text)
    yield Artefact(PurePosixPath(NAME, "data_tables", f"{TABLE}.csv"), empty_table())


def _rule(query: Query, name: str, options: Options, explained: bool) -> str:
    fields = field_map("udm")
    event_id = f"$event.{fields.field('eventID')}"
    title = "Explained" if explained else "Not explained"
    meta = [
        ("author", options.owner or "cloudcascade"),
        ("description", f"{title}: {query.title}"),
        ("reference", next(iter(query.references), "")),
        ("severity", "Informational" if explained else "Medium"),
        ("technique", ", ".join(query.techniques)),
        ("expires", options.expires.isoformat()),
    ]
    held = f"{event_id} in %{TABLE}.event_id"
    events = [
        '$event.metadata.log_type = "AWS_CLOUDTRAIL"',
        *_actions(query),
        held if explained else f"not {held}",
        f"$event.{fields.field('userIdentity.principalId')} = $principal",
    ]
    return rule(
        name,
        meta,
        [
            ("events", events),
            ("match", ["$principal over 1h"]),
            (
                "outcome",
                [
                    f"$event_ids = array_distinct({event_id})",
                    "$count = count_distinct(" + event_id + ")",
                ],
            ),
            ("condition", ["$event"]),
        ],
    )


def _actions(query: Query) -> list[str]:
    """The lines that pick the subjects' events; more than one source takes an `or`."""
    fields = field_map("udm")
    parts = []
    for source, names, may_fail in by_source(query):
        tests = [
            one_of(f"$event.{fields.field('eventSource')}", [source]),
            one_of(f"$event.{fields.field('eventName')}", names),
        ]
        if not may_fail:
            result, value = fields.success.field, fields.success.values[0]
            tests.append(f"$event.{result} = {quoted(value)}")
        parts.append(tests)
    if len(parts) == 1:
        return parts[0]
    return ["(" + " or ".join("(" + " and ".join(tests) + ")" for tests in parts) + ")"]


def _correlated(jobs: Sequence[Job], options: Options) -> Iterator[Artefact]:
    """A rule for each effect: it is there, and within the window after it no origin is."""
    for job in jobs:
        query = job.query
        head = comment(header(job, TARGET, STYLES[1], options))
        for node in query.subjects:
            name = snake_case(f"{query.cascade}_{node.pattern.event_name}")
            text = _absence(query, node, f"{name}_without_origin", options)
            yield Artefact(
                PurePosixPath(NAME, "rules", f"{name}_without_origin.yaral"), head + text
            )


def _absence(query: Query, node: Node, name: str, options: Options) -> str:
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
    meta = [
        ("author", options.owner or "cloudcascade"),
        ("description", f"{node.pattern.event_name} without {query.root.event_name}"),
        ("severity", "Medium"),
        ("expires", options.expires.isoformat()),
    ]
    minutes = max(1, node.edge.before // 60)
    return rule(
        name,
        meta,
        [
            ("events", events[:-1]),
            ("match", [f"$account, $principal, $key over {minutes}m after $effect"]),
            ("condition", ["$effect and #origin = 0"]),
        ],
    )


def _correlated_losses(query: Query, options: Options) -> Iterator[Loss]:
    fields = field_map("udm")
    for node in query.subjects:
        for pair in node.edge.join:
            paths = (pair.own.paths[0], pair.parent.paths[0])
            if len(node.edge.join) != 1 or any(fields.find(path) is None for path in paths):
                raise Refused(f"the data model has no field for {', '.join(dict.fromkeys(paths))}")
    yield Loss(Direction.CLOSED, "two sessions of one name are one actor, whoever assumed the role")
    yield Loss(Direction.CLOSED, "an event without a user name is in no group, and never alerts")


STYLES = (
    Style(
        name="rule",
        summary="YARA-L rules that ask a data table of explained event ids",
        kind="query",
        capabilities=EVERYTHING,
        render=_render,
        losses=table_losses,
    ),
    Style(
        name="absence",
        summary="YARA-L rules: the effect is there, and no origin within the window after it",
        kind="query",
        capabilities=Capabilities(
            sides="effect-first",
            hold=False,
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
            any_account=False,
            max_window=48 * 3_600,
        ),
        render=_correlated,
        losses=_correlated_losses,
    ),
)
TARGET = Target(
    name=NAME,
    title="Google SecOps",
    verification="unverified",
    verified_by="Google's validator is online only; the tests hold the rules' form",
    styles=STYLES,
)
