"""Sigma: base rules, correlations, filters, and what pySigma's backends make of them.

https://sigmahq.io/sigma-specification/ . Rules are read by pySigma before they are written.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any

from ...catalog.terms import format_duration
from ..capabilities import PLAIN_CONDITIONS, Capabilities, Direction, Loss
from ..errors import ExportError, Refused
from ..header import header
from ..query import Query, Test
from ..sigma import conversion, pipelines, regression
from ..sigma.detection import Map, literal, where_of
from ..sigma.rules import effect_id, group_of, rule_id, rules_of, write_rules
from ..sigma.text import to_yaml
from ..target import Artefact, Job, Options, Style, Target

NAME = "sigma"
RULES = PurePosixPath("rules", "cloud", "aws", "cloudtrail")
# Apart from the base rules, since many a backend takes no correlations and refuses the whole file.
CORRELATIONS = PurePosixPath("rules", "correlations", "cloud", "aws", "cloudtrail")
FILTERS = PurePosixPath("filters", "cloud", "aws", "cloudtrail")


def _render(jobs: Sequence[Job], options: Options, style: Style) -> Iterator[Artefact]:
    if options.backend is None:
        every = [_rules_of(job.query, options, style is ABSENCE) for job in jobs]
        yield from pipelines.pipelines([rule for rules in every for rule in rules])
    for job in jobs:
        head = header(job, TARGET, style, options)
        rules = _rules_of(job.query, options, style is ABSENCE)
        name = _file_name(job.query)
        if options.backend is None:
            if options.beside:
                absence = style is ABSENCE
                made = write_rules(job.query, options, absence, cased=absence)
                tried = regression.tried(made, job.query, job.records, name)
                rules = list(tried.rules)
                yield from tried.files
            conversion.read(to_yaml((), rules))
            base = [rule for rule in rules if "detection" in rule]
            together = [rule for rule in rules if "correlation" in rule]
            yield Artefact(RULES / f"{name}.yml", to_yaml(head, base))
            if together:
                yield Artefact(CORRELATIONS / f"{name}_correlation.yml", to_yaml(head, together))
            continue
        folder = PurePosixPath(NAME, options.backend, name)
        comment = conversion.comment(head, options.backend)
        if comment is None:
            yield Artefact(folder / "about.txt", "".join(f"{line}\n" for line in head))
        for rule in _convertible(rules, options.backend):
            text = conversion.converted(rule, rules, options.backend) + "\n"
            text = text if comment is None else f"{comment}\n{text}"
            yield Artefact(folder / f"{rule['name']}.txt", text)


def _rules_of(query: Query, options: Options, absence: bool) -> list[Map]:
    # Where nothing is silenced, a rule that every backend takes is worth more than one that compares case.
    cased = absence if options.backend is None else conversion.compares_case(options.backend)
    return rules_of(query, options, absence, cased)


def _convertible(rules: Sequence[Map], backend: str) -> list[Map]:
    return [rule for rule in rules if "correlation" not in rule or backend in conversion.TEMPORAL]


def _file_name(query: Query) -> str:
    return query.cascade.replace(".", "_").replace("-", "_")


def _rules(jobs: Sequence[Job], options: Options) -> Iterator[Artefact]:
    yield from _render(jobs, options, LABEL)


def _absence(jobs: Sequence[Job], options: Options) -> Iterator[Artefact]:
    yield from _render(jobs, options, ABSENCE)


def _filters(jobs: Sequence[Job], options: Options) -> Iterator[Artefact]:
    """Filters of the effects' base rules, which hold the cascade's conditions already.

    pySigma ANDs a filter's condition to the rule's, so that it must say `not selection`.
    """
    arns = [literal(controller.arn) for controller in options.controllers]
    for job in jobs:
        query = job.query
        written: dict[str, Any] = {
            "title": f"Controllers of {query.cascade}",
            "id": rule_id(query, "filter"),
            "description": f"Silences {', '.join(c.name for c in options.controllers)}. "
            f"Expires {options.expires.isoformat()}. {query.residual_risk}",
            "author": options.owner or "cloudcascade",
            "date": options.created,
            "logsource": {"product": "aws", "service": "cloudtrail"},
            "filter": {
                "rules": [effect_id(query, node) for node in query.subjects],
                "selection": [
                    {"userIdentity.arn|cased": arns},
                    {"userIdentity.sessionContext.sessionIssuer.arn|cased": arns},
                ],
                "condition": "not selection",
            },
        }
        rules = rules_of(query, options, absence=False, cased=True)
        # A filter is read only together with the rules that it names.
        conversion.read(to_yaml((), [*(rule for rule in rules if "detection" in rule), written]))
        text = to_yaml(header(job, TARGET, FILTER, options), [written])
        yield Artefact(FILTERS / f"mf_{_file_name(query)}.yml", text)


def _rules_losses(query: Query, options: Options) -> Iterator[Loss]:
    if options.sigma_version == "2.2":
        raise Refused("what specification 2.2 adds is in another style: --style absence")
    _refuse_its_own_origin(query)
    if query.purpose == "alert":
        yield Loss(
            Direction.OPEN,
            "specification 2.1 knows no absence: every call alerts, and the correlation merely labels",
        )
    yield Loss(
        Direction.OPEN,
        "the label is a hint: it does not wait, its span has no direction, nothing voids it, and no stricter cascade "
        "takes it back",
    )
    yield from _losses_of_comparison(query)
    if options.backend is None:
        if _compares_texts(query):
            yield Loss(
                Direction.OPEN,
                "conditions compare texts without case, which every backend can: the label may be given too often",
            )
        return
    _check_backend(query, options, absence=False)
    if options.backend not in conversion.TEMPORAL:
        fault = conversion.FAULTS.get(options.backend, "none is known to be right")
        if query.purpose == "enrich":
            raise Refused(f"nothing but a correlation labels, and of {options.backend}: {fault}")
        yield Loss(Direction.OPEN, f"nothing is labelled, for {options.backend}: {fault}")
    elif options.backend in conversion.BUCKETS:
        yield Loss(Direction.OPEN, "fixed buckets of time: a cascade across an edge has no label")


def _absence_losses(query: Query, options: Options) -> Iterator[Loss]:
    if options.sigma_version != "2.2":
        raise Refused("a condition with `not` is of specification 2.2: --sigma-version 2.2")
    _refuse_its_own_origin(query)
    backend = options.backend
    if backend is not None and backend not in conversion.ABSENCE:
        raise Refused(f"the backend {backend} has no right form of an absence")
    edges = [(node.pattern.action, node.edge) for node in query.subjects]
    spans: dict[int, list[str]] = {}
    for action, edge in edges:
        if edge.before != edge.after:
            spans.setdefault(max(edge.before, edge.after), []).append(action)
    for span, actions in spans.items():
        yield Loss(
            Direction.CLOSED,
            f"a span has no direction: an origin up to {format_duration(span)} before or after "
            f"{', '.join(dict.fromkeys(actions))} counts",
        )
    if backend != "splunk" and any(edge.after for _, edge in edges):
        yield Loss(Direction.OPEN, "SQLite looks ahead only: it sees no origin before its effect")
    if backend != "splunk" and any(
        edge.join or edge.actor in ("same", "same-role") for _, edge in edges
    ):
        yield Loss(
            Direction.CLOSED,
            "groups compare as the engine pleases: to SQLite Alice and alice are one, and so are true and 1",
        )
    if len(query.actions) < len(query.subjects):
        yield Loss(
            Direction.OPEN, "an effect that has two ways to its origin alerts unless both are"
        )
    where = [*query.root.where, *(test for node in query.subjects for test in where_of(node))]
    if where:
        yield Loss(
            Direction.CLOSED,
            "conditions compare texts, numbers and truth values as the engine pleases, and what an "
            "empty or flattened object holds is for it to say",
        )
    yield from _losses_of_comparison(query)
    if backend is not None:
        _check_backend(query, options, absence=True)
        if _compares_texts(query) and not conversion.compares_case(backend):
            yield Loss(Direction.CLOSED, f"{backend} compares conditions without case")


def _compares_texts(query: Query) -> bool:
    where = [*query.root.where, *(test for node in query.subjects for test in where_of(node))]
    return any(isinstance(test, Test) and test.operator != "exists" for test in where)


def _refuse_its_own_origin(query: Query) -> None:
    """A correlation never asks that its events differ."""
    if any(node.pattern.action == query.root.action for node in query.subjects):
        raise Refused(
            f"one {query.root.action} would explain itself: a correlation takes it for both"
        )


def _losses_of_comparison(query: Query) -> Iterator[Loss]:
    if any(node.edge.same_account for node in query.subjects):
        yield Loss(Direction.OPEN, "an event without recipientAccountId is of no account")
    if any(len(group_of(node)) > 1 for node in query.subjects):
        yield Loss(
            Direction.OPEN,
            "an IAM user or root is told by the access key, too: with two keys they are two",
        )
    if any(node.edge.actor == "service" for node in query.subjects):
        yield Loss(
            Direction.OPEN, "a service is told by invokedBy alone, not by its service-linked role"
        )


def _check_backend(query: Query, options: Options, absence: bool) -> None:
    """Refuse what the backend cannot convert.

    Raises:
        ExportError: there is no such backend.
        Refused: it gets the rules wrong, or refuses one itself.
    """
    backend = options.backend or ""
    known = conversion.backends()
    if backend not in known:
        raise ExportError(
            f"pySigma has no backend {backend!r} here; installed: {', '.join(sorted(known))}"
        )
    if backend in conversion.WRONG:
        raise Refused(f"the backend {backend} is wrong: {conversion.WRONG[backend]}")
    rules = _rules_of(query, options, absence)
    try:
        for rule in _convertible(rules, backend):
            conversion.converted(rule, rules, backend)
    except ExportError as error:
        raise Refused(str(error)) from error


def _filter_losses(query: Query, options: Options) -> Iterator[Loss]:
    if not options.controllers:
        raise Refused("cascade.toml names no controllers: there is nobody to filter")
    if options.backend is not None:
        raise Refused("a filter is converted with the rules it belongs to, by sigma-cli")
    yield Loss(
        Direction.CLOSED,
        "a filter sees one event: what a controller does needs no origin, and no stricter cascade has a say",
    )


_BOTH = Capabilities(
    hop=False,
    ensembles=False,
    rivals=False,
    list_keys=False,
    distinct_keys=False,
    first_of=False,
    arn_name=False,
    tool_family=False,
    conditions=PLAIN_CONDITIONS - {"denied"},
    same_role=False,
)
LABEL = Style(
    name="rules",
    summary="base rules, and correlations that recognise the cascade (specification 2.1)",
    kind="query",
    # Nothing is silenced, so nothing that voids an explanation can be missed.
    capabilities=_BOTH,
    render=_rules,
    losses=_rules_losses,
    heeds_vetoes=False,
    purposes=frozenset({"alert", "enrich"}),
)
ABSENCE = Style(
    name="absence",
    summary="base rules, and correlations `effect and not origin` (specification 2.2)",
    kind="query",
    capabilities=replace(
        _BOTH,
        hold=False,
        sliding=False,
        spoilers=False,
        between=False,
        unreadable_spoilers=False,
        copies=False,
        undated=False,
        root_keys=False,
        log_ends=False,
        vetoes=False,
        case_fold=False,
    ),
    render=_absence,
    losses=_absence_losses,
)
FILTER = Style(
    name="filter",
    summary="Sigma Filters of the controllers of cascade.toml for the base rules",
    kind="suppression",
    capabilities=replace(_BOTH, spoilers=False, actor="none", same_hand=False),
    render=_filters,
    losses=_filter_losses,
    heeds_vetoes=False,
)
TARGET = Target(
    name=NAME,
    title="Sigma",
    styles=(LABEL, ABSENCE, FILTER),
    verification="executed",
    verified_by="pySigma's parser and validators; SQLite through pysigma-backend-sqlite",
    backends=lambda: tuple(sorted(set(conversion.backends()) - set(conversion.WRONG))),
)
