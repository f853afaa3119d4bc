"""Sekoia.io: a SOL rule over the time around what a run judges, and alert filters that mute what the controllers did.

`ago` counts back from the moment of the query: https://docs.sekoia.io/xdr/features/investigate/sol_ref_functions/
"""

from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

import yaml

from ...catalog.terms import format_duration
from ..capabilities import Capabilities, Direction, Loss
from ..errors import Refused
from ..field_maps import field_map
from ..header import header
from ..languages.sol import comment, one_of, quoted
from ..query import Node, Query
from ..schedule import overlap, require_minutes, tellings
from ..sigma.detection import literal
from ..target import Artefact, Job, Options, Style, Target

NAME = "sekoia"
_JSON = "aws.cloudtrail.flattened.request_parameters"


def _rules(jobs: Sequence[Job], options: Options) -> Iterator[Artefact]:
    for job in jobs:
        head = comment(header(job, TARGET, STYLES[0], options))
        for node in job.query.subjects:
            name = f"{job.query.cascade}.{node.pattern.event_name}.sol"
            yield Artefact(PurePosixPath(NAME, name), f"{head}{rule(job.query, node, options)}\n")


def rule(query: Query, node: Node, options: Options) -> str:
    """The rule: the effect is in the slice that is due, and the origin nowhere around it, for one actor and one key."""
    require_minutes(options.every, "Sekoia's scheduler", most=24 * 60)
    fields = field_map(NAME)
    action, account = fields.field("eventName"), fields.field("recipientAccountId")
    actor = fields.field("userIdentity.principalId")
    effect, origin = quoted(node.pattern.event_name), quoted(query.root.event_name)
    member = node.edge.join[0].own.paths[0].removeprefix("requestParameters.")
    sources = dict.fromkeys([node.pattern.event_source, query.root.event_source])
    since = query.hold + options.every + overlap(options.every, options.lateness)
    due = f"timestamp >= ago({since}s) and timestamp < ago({query.hold}s)"
    return "\n".join(
        [
            "events",
            f"| where timestamp >= ago({since + node.edge.after}s)",
            f"| where {one_of(fields.field('eventSource'), list(sources))}",
            f"| where {fields.success.field} == {quoted(fields.success.values[0])}",
            f"| where {action} == {effect} or {action} == {origin}",
            f"| select timestamp, {action}, {account}, {actor}, parameters = parse_json({_JSON})",
            "| aggregate",
            f"    effects = countif({action} == {effect} and {due}),",
            f"    origins = countif({action} == {origin})",
            f"    by {account}, {actor}, target = tolower(parameters.{member})",
            "| where effects > 0 and origins == 0",
        ]
    )


def _filters(jobs: Sequence[Job], options: Options) -> Iterator[Artefact]:
    """Alert filters: what matches is muted, the opposite of a Sigma Filter for pySigma."""
    fields = field_map(NAME)
    for job in jobs:
        query = job.query
        arns = [literal(controller.arn) for controller in options.controllers]
        names = [node.pattern.event_name for node in query.subjects]
        written = {
            "name": f"{query.cascade}: controllers",
            "description": "\n".join(header(job, TARGET, STYLES[1], options)),
            "expiration_date": options.expires.isoformat(),
            "detection": {
                "selection": {
                    fields.field("eventSource"): list(
                        dict.fromkeys(node.pattern.event_source for node in query.subjects)
                    ),
                    fields.field("eventName"): names,
                    fields.success.field: list(fields.success.values),
                    fields.field("userIdentity.sessionContext.sessionIssuer.arn"): arns,
                },
                "condition": "selection",
            },
        }
        text = yaml.safe_dump(written, sort_keys=False, allow_unicode=True, width=100)
        yield Artefact(PurePosixPath(NAME, "filters", f"{query.cascade}.yml"), text)


def _rule_losses(query: Query, options: Options) -> Iterator[Loss]:
    for node in query.subjects:
        paths = {key.paths[0] for pair in node.edge.join for key in (pair.own, pair.parent)}
        if len(node.edge.join) != 1 or len(paths) != 1 or not _is_parameter(*paths):
            raise Refused(
                "a rule groups by one member of requestParameters, the same for both events"
            )
    since = query.hold + options.every + overlap(options.every, options.lateness)
    widest = max(node.edge.after for node in query.subjects)
    yield Loss(
        Direction.CLOSED,
        f"an origin anywhere in the {format_duration(since + widest)} that a run reads explains, before its effect as "
        "well as after",
    )
    runs = tellings(options.every, options.lateness)
    yield Loss(
        Direction.OPEN,
        f"slices overlap and nothing drops what was told before: a call alerts in up to {runs} runs",
    )
    yield Loss(Direction.CLOSED, "two sessions of one name are one actor, whoever assumed the role")
    yield Loss(Direction.UNCOVERED, f"failed calls of {', '.join(query.actions)}")


def _is_parameter(path: str) -> bool:
    return path.startswith("requestParameters.") and path.count(".") == 1


def _filter_losses(query: Query, options: Options) -> Iterator[Loss]:
    if not options.controllers:
        raise Refused("cascade.toml names no controllers: there is nobody to filter")
    yield Loss(Direction.CLOSED, "a filter sees one alert: whoever has the role needs no origin")


_CAN = Capabilities(
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
    conditions=frozenset(),
    actor="session",
    same_role=False,
    service_actor=False,
    any_account=False,
    any_window=False,
    expiry=False,
)
STYLES = (
    Style(
        name="rule",
        summary="SOL rules over the time around what a run judges",
        kind="query",
        capabilities=_CAN,
        render=_rules,
        losses=_rule_losses,
    ),
    Style(
        name="filter",
        summary="alert filters of the controllers of cascade.toml",
        kind="suppression",
        capabilities=Capabilities(actor="none", conditions=frozenset(), expiry=True),
        render=_filters,
        losses=_filter_losses,
    ),
)
TARGET = Target(
    name=NAME,
    title="Sekoia.io",
    verification="unverified",
    verified_by="no engine or parser of SOL can be had; the tests hold the rules' form",
    styles=STYLES,
)
