"""Sekoia.io: a SOL rule by blocks of time, and alert filters that mute what the controllers did."""

from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

import yaml

from ..capabilities import Capabilities, Direction, Loss
from ..errors import Refused
from ..field_maps import field_map
from ..header import header
from ..languages.sol import comment, one_of, quoted
from ..query import Node, Query
from ..sigma.detection import literal
from ..target import Artefact, Job, Options, Style, Target

NAME = "sekoia"
_JSON = "aws.cloudtrail.flattened.request_parameters"


def _rules(jobs: Sequence[Job], options: Options) -> Iterator[Artefact]:
    for job in jobs:
        head = comment(header(job, TARGET, STYLES[0], options))
        for node in job.query.subjects:
            name = f"{job.query.cascade}.{node.pattern.event_name}.sol"
            yield Artefact(PurePosixPath(NAME, name), f"{head}{rule(job.query, node)}\n")


def rule(query: Query, node: Node) -> str:
    """The rule: in a block of time there is the effect, and not the origin, for one actor and one key."""
    fields = field_map(NAME)
    action, account = fields.field("eventName"), fields.field("recipientAccountId")
    actor = fields.field("userIdentity.principalId")
    effect, origin = quoted(node.pattern.event_name), quoted(query.root.event_name)
    member = node.edge.join[0].own.paths[0].removeprefix("requestParameters.")
    sources = dict.fromkeys([node.pattern.event_source, query.root.event_source])
    return "\n".join(
        [
            "events",
            "| where timestamp between (?time.start .. ?time.end)",
            f"| where {one_of(fields.field('eventSource'), list(sources))}",
            f"| where {fields.success.field} == {quoted(fields.success.values[0])}",
            f"| where {action} == {effect} or {action} == {origin}",
            f"| select {action}, {account}, {actor}, parameters = parse_json({_JSON})",
            f"| aggregate effects = countif({action} == {effect}), origins = countif({action} == {origin})",
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
                    fields.field("eventName"): names,
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
                "a block groups by one member of requestParameters, the same for both events"
            )
    yield Loss(
        Direction.CLOSED,
        "an origin anywhere in the block of time explains, before its effect as well as after",
    )
    yield Loss(Direction.CLOSED, "two sessions of one name are one actor, whoever assumed the role")


def _is_parameter(path: str) -> bool:
    return path.startswith("requestParameters.") and path.count(".") == 1


def _filter_losses(query: Query, options: Options) -> Iterator[Loss]:
    if not options.controllers:
        raise Refused("cascade.toml names no controllers: there is nobody to filter")
    yield Loss(Direction.CLOSED, "a filter sees one alert: whoever has the role needs no origin")


_CAN = Capabilities(
    sliding=False,
    hop=False,
    spoilers=False,
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
        summary="SOL rules by blocks of time",
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
