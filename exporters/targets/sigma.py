"""Sigma: base rules, correlations, filters, and what pySigma's backends make of them.

https://sigmahq.io/sigma-specification/ . Rules are read by pySigma before they are written.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_URL, uuid5

import yaml

from ...catalog.terms import format_duration
from ..capabilities import Capabilities, Direction, Loss
from ..errors import ExportError, Refused
from ..header import header
from ..query import Node, Pattern, Query
from ..sql.names import snake_case
from ..target import Artefact, Job, Options, Style, Target

if TYPE_CHECKING:
    from sigma.collection import SigmaCollection

NAME = "sigma"
FOLDER = PurePosixPath("rules", "cloud", "aws", "cloudtrail")
# Backends that convert a correlation to what it means, but for what `_backend_losses` says.
CORRELATING = ("esql", "loki", "splunk", "sqlite")
# What others do with it is wrong and looks right: queries without a window, without a difference between
# `and` and `and not`, or with a field's name for its value.
WRONG = {
    "kusto": "it turns dotted field names into texts, so that nothing ever matches",
    "open_search_ppl": "it writes the same query whatever the condition says",
}


def rules_of(job: Job, options: Options, absence: bool) -> list[dict[str, Any]]:
    """The base rules of the effects and the origin, and a correlation for each effect."""
    query = job.query
    origin = _base_rule(query, query.root, "Origin", query.root_techniques, options)
    found = [origin]
    for node in query.subjects:
        effect = _base_rule(query, node.pattern, "Effect", node.techniques, options)
        found += [effect, _correlation(query, node, effect, origin, absence)]
    return found


def _base_rule(
    query: Query, pattern: Pattern, part: str, techniques: Sequence[str], options: Options
) -> dict[str, Any]:
    detection: dict[str, Any] = {
        "selection": {"eventSource": pattern.event_source, "eventName": pattern.event_name}
    }
    condition = "selection"
    if not pattern.may_fail:
        detection["filter_main_failed"] = {"errorCode|exists": True}
        condition = "selection and not filter_main_failed"
    detection["condition"] = condition
    name = f"{snake_case(pattern.event_name)}_{snake_case(query.cascade)}"
    rule: dict[str, Any] = {
        "title": f"AWS {pattern.event_name}",
        "id": rule_id(query, pattern, part),
        "name": name,
        "status": "experimental",
        "description": f"{part} in the cascade {query.cascade}: {query.title}.",
        "references": list(query.references),
        "author": options.owner or "cloudcascade",
        "date": options.created.isoformat(),
        "tags": [f"attack.{technique.lower()}" for technique in techniques],
        "logsource": {"product": "aws", "service": "cloudtrail"},
        "detection": detection,
        "falsepositives": [f"{query.title}."],
        "level": "low",
    }
    return {name: value for name, value in rule.items() if value != []}


def _correlation(
    query: Query, node: Node, effect: dict[str, Any], origin: dict[str, Any], absence: bool
) -> dict[str, Any]:
    names = [effect["name"], origin["name"]]
    fields = ["recipientAccountId", "userIdentity.principalId", "userIdentity.accessKeyId"]
    aliases: dict[str, dict[str, str]] = {}
    for pair in node.edge.join:
        own, parent = pair.own.paths[0], pair.parent.paths[0]
        if own == parent:
            fields.append(own)
        else:
            aliases[pair.own.name] = dict(zip(names, (own, parent), strict=True))
            fields.append(pair.own.name)
    correlation: dict[str, Any] = {"type": "temporal", "rules": names, "group-by": fields}
    if aliases:
        correlation["aliases"] = aliases
    correlation["timespan"] = format_duration(max(node.edge.before, node.edge.after))
    effect_name, origin_name = node.pattern.event_name, query.root.event_name
    if absence:
        correlation["condition"] = f"{names[0]} and not {names[1]}"
    title = f"AWS {effect_name} {'Without' if absence else 'With'} {origin_name}"
    return {
        "title": title,
        "id": rule_id(query, node.pattern, "Absence" if absence else "Presence"),
        "name": f"{names[0]}_{'unexplained' if absence else 'explained'}",
        "status": "experimental",
        "description": query.description,
        "correlation": correlation,
        "falsepositives": [query.residual_risk],
        "level": "medium" if absence else "informational",
    }


def rule_id(query: Query, pattern: Pattern, part: str) -> str:
    """The id of a rule: the same for the same cascade and event, for good."""
    return str(uuid5(NAMESPACE_URL, f"cloudcascade:sigma:{query.cascade}:{pattern.action}:{part}"))


def literal(value: str) -> str:
    """A value that is compared as it is: no wildcard, no escape.

    https://sigmahq.io/sigma-specification/specification/sigma-rules-specification.html
    """
    return "".join(f"\\{char}" if char in "\\*?" else char for char in value)


def _read(rules: Sequence[dict[str, Any]]) -> "SigmaCollection":
    """The rules as pySigma reads them.

    Raises:
        ExportError: pySigma is not installed, or refuses them.
    """
    try:
        from sigma.collection import SigmaCollection
        from sigma.exceptions import SigmaError
    except ImportError as error:
        raise ExportError("Sigma takes pySigma: pip install 'cloudcascade[sigma]'") from error
    try:
        return SigmaCollection.from_dicts([*map(dict, rules)])
    except SigmaError as error:
        raise ExportError(f"pySigma refuses a rule: {error}") from error


def _render(jobs: Sequence[Job], options: Options, style: Style) -> Iterator[Artefact]:
    absence = style.name == "absence"
    for job in jobs:
        rules = rules_of(job, options, absence)
        _read(rules)
        name = job.query.cascade.replace(".", "_").replace("-", "_")
        if options.backend is None:
            yield Artefact(
                FOLDER / f"{name}.yml", _yaml(header(job, TARGET, style, options), rules)
            )
            continue
        for rule in rules:
            if "correlation" not in rule or options.backend in CORRELATING:
                path = PurePosixPath(NAME, options.backend, name, f"{rule['name']}.txt")
                yield Artefact(path, _converted(rule, rules, options.backend))


def _converted(rule: dict[str, Any], rules: Sequence[dict[str, Any]], backend: str) -> str:
    """What the backend makes of the rule; a correlation brings the rules it speaks of."""
    from sigma.exceptions import SigmaError

    named = rule.get("correlation", {}).get("rules", ())
    collection = _read([*(each for each in rules if each["name"] in named), rule])
    try:
        queries = _backends()[backend]().convert(collection)
    except SigmaError as error:
        raise ExportError(f"the backend {backend} refuses {rule['title']!r}: {error}") from error
    return "\n".join(map(str, queries)).rstrip("\n") + "\n"


def _yaml(head: Sequence[str], documents: Sequence[dict[str, Any]]) -> str:
    comment = "".join(f"# {line}\n" for line in head)
    written: str = yaml.safe_dump_all(
        documents, sort_keys=False, allow_unicode=True, width=100, indent=4
    )
    return comment + written


def _rules(jobs: Sequence[Job], options: Options) -> Iterator[Artefact]:
    yield from _render(jobs, options, STYLES[0])


def _absence(jobs: Sequence[Job], options: Options) -> Iterator[Artefact]:
    yield from _render(jobs, options, STYLES[1])


def _filters(jobs: Sequence[Job], options: Options) -> Iterator[Artefact]:
    """Filters for the base rules: pySigma ANDs the condition, so it must be `not selection`."""
    for job in jobs:
        query = job.query
        arns = [literal(controller.arn) for controller in options.controllers]
        written = {
            "title": f"Controllers May Cause {query.title}"[:256],
            "id": str(uuid5(NAMESPACE_URL, f"cloudcascade:sigma:{query.cascade}:filter")),
            "description": f"Expires {options.expires.isoformat()}. {query.residual_risk}",
            "author": options.owner or "cloudcascade",
            "date": options.created.isoformat(),
            "logsource": {"product": "aws", "service": "cloudtrail"},
            "filter": {
                "rules": [rule_id(query, node.pattern, "Effect") for node in query.subjects],
                "selection": {"userIdentity.sessionContext.sessionIssuer.arn": arns},
                "condition": "not selection",
            },
        }
        name = f"mf_{query.cascade.replace('.', '_').replace('-', '_')}.yml"
        text = _yaml(header(job, TARGET, STYLES[2], options), [written])
        yield Artefact(PurePosixPath("filters", "cloud", "aws", name), text)


def _backends() -> dict[str, Any]:
    try:
        from sigma.plugins import InstalledSigmaPlugins
    except ImportError as error:
        raise ExportError("Sigma takes pySigma: pip install 'cloudcascade[sigma]'") from error
    found = InstalledSigmaPlugins.autodiscover(include_pipelines=False, include_validators=False)
    return dict(found.backends)


def _backend_losses(query: Query, options: Options) -> Iterator[Loss]:
    if options.backend is None:
        return
    known = _backends()
    if options.backend not in known:
        raise ExportError(
            f"pySigma has no backend {options.backend!r} here; installed: {', '.join(sorted(known))}"
        )
    if options.backend in WRONG:
        raise Refused(f"the backend {options.backend} is wrong: {WRONG[options.backend]}")
    if options.backend not in CORRELATING:
        yield Loss(Direction.UNCOVERED, f"the correlation: {options.backend} cannot say it right")
    if options.backend in ("splunk", "esql"):
        yield Loss(Direction.OPEN, "fixed buckets of time: a cascade across an edge is not seen")


def _rules_losses(query: Query, options: Options) -> Iterator[Loss]:
    yield Loss(
        Direction.OPEN,
        "specification 2.1 knows no absence: the base rules alert, and the correlation merely labels, "
        "without waiting and without an eye for what voids it",
    )
    yield from _backend_losses(query, options)


def _absence_losses(query: Query, options: Options) -> Iterator[Loss]:
    if options.sigma_version != "2.2":
        raise Refused("a condition with `not` is of specification 2.2: --sigma-version 2.2")
    yield Loss(
        Direction.CLOSED,
        "an event that lacks a key of the group may be dropped, as the backend or the engine pleases",
    )
    yield from _backend_losses(query, options)


def _filter_losses(query: Query, options: Options) -> Iterator[Loss]:
    if not options.controllers:
        raise Refused("cascade.toml names no controllers: there is nobody to filter")
    if options.backend is not None:
        raise Refused("a filter is converted with the rules it belongs to, by sigma-cli")
    yield Loss(Direction.CLOSED, "a filter sees one event: whoever has the role needs no origin")


_SAID = Capabilities(
    hop=False,
    ensembles=False,
    list_keys=False,
    distinct_keys=False,
    first_of=False,
    arn_name=False,
    conditions=frozenset(),
    same_role=False,
    service_actor=False,
    any_account=False,
)
STYLES = (
    Style(
        name="rules",
        summary="base rules, and a correlation that recognises the cascade (specification 2.1)",
        kind="query",
        # Nothing is silenced, so nothing that voids an explanation can be missed.
        capabilities=_SAID,
        render=_rules,
        losses=_rules_losses,
    ),
    Style(
        name="absence",
        summary="base rules, and a correlation `effect and not origin` (specification 2.2)",
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
            conditions=frozenset(),
            same_role=False,
            service_actor=False,
            any_account=False,
            any_window=False,
        ),
        render=_absence,
        losses=_absence_losses,
    ),
    Style(
        name="filter",
        summary="Sigma Filters of the controllers of cascade.toml for the base rules",
        kind="suppression",
        capabilities=replace(_SAID, actor="none"),
        render=_filters,
        losses=_filter_losses,
    ),
)
TARGET = Target(
    name=NAME,
    title="Sigma",
    verification="executed",
    verified_by="pySigma's parser and validators; its SQLite backend on SQLite",
    styles=STYLES,
    backends=lambda: tuple(sorted(set(_backends()) - set(WRONG))),
)
