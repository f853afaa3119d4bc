"""What a Datadog rule looks for, as an expression: its queries, put together by its cases, less what filters suppress.

https://docs.datadoghq.com/api/latest/security-monitoring/#create-a-detection-rule
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ....errors import Place
from ....exporters.explained_table import COLUMNS, TABLE
from ...errors import NotJudged, Unreadable
from ...expression import Call, Expression, Field, Literal, Value, both, either, negated, walk
from ...rule import EXPLAINED, Predicate, Rule, Source
from . import cases, logs, search
from .json_text import Node, line_of

NAME = "datadog"
_SEVERITIES = ("critical", "high", "medium", "low", "info")
_LOG_TYPES = (None, "log_detection")
_TELLING = frozenset({"eventSource", "eventName", "eventID", "recipientAccountId", "userIdentity"})
_METHODS = {
    "new_value": "the first time that {of} has a value",
    "anomaly_detection": "more logs than usual",
    "anomaly_threshold": "more logs than usual",
    "impossible_travel": "two places too far from each other for the time between",
    "sequence_detection": "its steps one after another",
}
_MEASURED = {"sum": "the sum of {of}", "max": "the largest {of}"}


@dataclass(frozen=True, slots=True)
class Query:
    """A query of a rule. `is_cloudtrail` is whether it may find a log of CloudTrail."""

    name: str
    node: Node
    is_cloudtrail: bool

    @property
    def text(self) -> str:
        """The search."""
        return self.node.text("query") or ""


@dataclass(frozen=True, slots=True)
class Own:
    """What writing a rule anew takes: its node, the queries whose logs make a signal, and whether others prevent it."""

    node: Node
    deciding: Sequence[Query]
    prevented: bool


def rules_in(root: Node) -> Iterator[Node]:
    """The rules in a file: one, a list, or what the API answers."""
    held = root.get("rules") or root.get("data")
    listed = root if held is None else held
    for each in listed.value if isinstance(listed.value, list) else [listed]:
        inner = each.get("attributes") or each
        if inner.get("queries") is not None and inner.get("cases") is not None:
            yield inner


def rule_of(source: Source, node: Node) -> Rule:
    """The rule.

    Raises:
        Unreadable: it breaks the format.
    """
    queries = _queries(source, node)
    first = next(iter(queries), None)
    at = first.node.get("query") if first else None
    rule = Rule(
        id=node.text("id") or node.text("name") or "",
        title=node.text("name") or node.text("id") or "",
        format=NAME,
        source=source,
        place=_place(source, at or node),
        severity=_severity(node),
        query="\n".join(each.text for each in queries),
        group_by=tuple(dict.fromkeys(name for each in queries for name in _grouping(each.node))),
        about_cloudtrail=node.text("type") in _LOG_TYPES
        and any(each.is_cloudtrail for each in queries),
        own=Own(node, (), False),
    )
    if not rule.about_cloudtrail:
        return rule
    try:
        return _judged(rule, node, queries)
    except NotJudged as refused:
        return replace(rule, not_judged=str(refused))


def _judged(rule: Rule, node: Node, queries: Sequence[Query]) -> Rule:
    method = node.get("options")
    kind = (method.text("detectionMethod") if method else None) or "threshold"
    if kind != "threshold" and kind not in _METHODS:
        raise NotJudged(f"the detection method {kind!r} is not modelled")
    if node.items("calculatedFields"):
        raise NotJudged("it reads calculated fields")
    remarks = _remarks(node, queries)
    if kind == "threshold":
        chosen, counts = _ways(node, queries)
    else:
        known = [each for each in queries if each.is_cloudtrail]
        chosen = [cases.Way({each.name: 1}) for each in known]
        of = ", ".join(name for each in known for name in _metrics(each.node)) or "a field"
        counts = _METHODS[kind].format(of=of)
    by_name = {each.name: each for each in queries}
    asked = {each.name: _query(rule.source, each, node) for each in queries}
    found = either(
        *(
            both(
                either(*(asked[name] for name in way.needs)),
                *(negated(asked[name]) for name in sorted(way.absent)),
            )
            for way in chosen
        )
    )
    test = Predicate(both(found, *_filters(rule.source, node)), logs.SPELLING, logs.FUNCTIONS)
    needed = dict.fromkeys(name for way in chosen for name in way.needs)
    deciding = [by_name[name] for name in needed if by_name[name].is_cloudtrail]
    own = Own(node, deciding, any(way.absent for way in chosen))
    return replace(rule, test=test, counts=counts, remarks=tuple(remarks), own=own)


def _queries(source: Source, node: Node) -> Sequence[Query]:
    listed = node.get("queries")
    if listed is None or not isinstance(listed.value, list) or not listed.value:
        raise Unreadable(_place(source, listed or node), "`queries` is no list with queries in it")
    found = []
    for number, each in enumerate(listed.value):
        if not isinstance(each.value, dict) or (
            each.text("query") is None and each.text("ruleId") is None
        ):
            raise Unreadable(_place(source, each), "a query has no text `query`")
        # Conditions call nameless queries by letters.
        name = each.text("name") or (chr(ord("a") + number) if number < 26 else f"query{number}")
        found.append(Query(name, each, _is_cloudtrail(each)))
    return found


def _is_cloudtrail(node: Node) -> bool:
    if (node.text("dataSource") or "logs") != "logs":
        return False
    text = node.text("query") or ""
    try:
        parsed = search.parse(text)
    except NotJudged:
        return (
            re.search(r"(?<![\w.@])(dd)?source:\s*\(?\s*\"?cloudtrail\b", text, re.IGNORECASE)
            is not None
        )
    told = [
        bool(logs.FUNCTIONS[each.function]("cloudtrail", *_values(each)))
        for each in walk(parsed)
        if isinstance(each, Call) and _asks(each, ("source", "ddsource"))
    ]
    if told:
        return any(told)
    paths = (logs.path_of(each.name) for each in walk(parsed) if isinstance(each, Field))
    return any(path.partition(".")[0] in _TELLING for path in paths if path)


def _values(call: Call) -> list[Value]:
    return [each.value for each in call.arguments if isinstance(each, Literal)]


def _asks(call: Call, names: Sequence[str]) -> bool:
    first = call.arguments[0] if call.arguments else None
    return isinstance(first, Field) and first.name in names


def _ways(node: Node, queries: Sequence[Query]) -> tuple[Sequence[cases.Way], str | None]:
    """The ways to a signal that take the fewest logs, and what they count; None where one log is enough."""
    by_name = {each.name: each for each in queries}
    found: list[tuple[cases.Way, str]] = []
    for case in node.items("cases"):
        condition = case.text("condition") or f"{queries[0].name} > 0"
        for way in cases.ways(condition):
            unknown = [name for name in (*way.needs, *way.absent) if name not in by_name]
            if unknown:
                raise NotJudged(f"a case counts {unknown[0]}, which is no query")
            if any(by_name[name].is_cloudtrail for name in way.needs):
                found.append((way, condition))
    if not found:
        raise NotJudged("no case takes a log of CloudTrail: it alerts on what is absent")
    one = [way for way, _ in found if way.takes_one and not _measure(by_name, way)]
    if one:
        return one, None
    told = list(dict.fromkeys(condition for _, condition in found))
    measured = [text for way, _ in found if (text := _measure(by_name, way))]
    what = "; ".join([*told, *dict.fromkeys(measured)])
    options = node.get("options")
    window = options.get("evaluationWindow") if options else None
    span = f" within {window.value:g} s" if window and isinstance(window.value, float) else ""
    return [way for way, _ in found], f"{what}{span}"


def _measure(by_name: dict[str, Query], way: cases.Way) -> str | None:
    for name in way.needs:
        node = by_name[name].node
        kind = node.text("aggregation") or "count"
        if kind in _MEASURED:
            return f"{name} is {_MEASURED[kind].format(of=', '.join(_metrics(node)) or 'a field')}"
    return None


def _metrics(node: Node) -> list[str]:
    found = [each.value for each in node.items("metrics") if isinstance(each.value, str)]
    metric = node.text("metric")
    return found or ([metric] if metric else [])


def _query(source: Source, query: Query, rule: Node) -> Expression:
    """What a query finds, its groups and its reference tables considered."""
    if not query.is_cloudtrail:
        return Literal(False)
    node = query.node
    written = node.get("query") or node
    line = line_of(source.text, written.start)
    parts = [search.parse(query.text, line)]
    if extension := node.text("customQueryExtension"):
        parts.append(search.parse(extension, line))
    if not node.flag("hasOptionalGroupByFields"):
        parts += [
            Call("exists", (Field(name, line),), line) for name in _grouping(node) if _is_kept(name)
        ]
    for table in rule.items("referenceTables"):
        if (table.text("ruleQueryName") or query.name) == query.name:
            parts.append(_table(source, table))
    found = both(*parts)
    _require(found)
    return found


def _table(source: Source, table: Node) -> Expression:
    name, column, field = (
        table.text(key) or "" for key in ("tableName", "columnName", "logFieldPath")
    )
    if (
        name != TABLE
        or column != COLUMNS[0]
        or field.removeprefix("@") != logs.attribute_of("eventID")
    ):
        raise NotJudged(f"it asks the reference table {name!r}")
    line = line_of(source.text, table.start)
    found = Call("explained", (Field(EXPLAINED, line),), line)
    return found if table.flag("checkPresence") else negated(found)


def _filters(source: Source, node: Node) -> Iterator[Expression]:
    for each in node.items("filters"):
        action, query = each.text("action"), each.get("query")
        if (
            query is None
            or not isinstance(query.value, str)
            or action not in ("require", "suppress")
        ):
            raise NotJudged(f"a filter of the action {action!r} is not modelled")
        found = search.parse(query.value, line_of(source.text, query.start))
        _require(found)
        yield found if action == "require" else negated(found)


def _require(expression: Expression) -> None:
    for each in walk(expression):
        if isinstance(each, Field):
            logs.require(each.name)


def _remarks(node: Node, queries: Sequence[Query]) -> list[str]:
    found = []
    enabled = node.get("isEnabled")
    if enabled is not None and enabled.value is False:
        found.append("it is switched off")
    if any(not each.is_cloudtrail for each in queries):
        found.append("it has queries of other logs, too")
    for each in queries:
        if each.is_cloudtrail and not each.node.flag("hasOptionalGroupByFields"):
            found += [
                f"it passes over logs without {name}, which is taken to be there"
                for name in _grouping(each.node)
                if not _is_kept(name)
            ]
    return list(dict.fromkeys(found))


def _grouping(node: Node) -> list[str]:
    return [each.value for each in node.items("groupByFields") if isinstance(each.value, str)]


def _is_kept(name: str) -> bool:
    return name in logs.CONSTANTS or logs.path_of(name) is not None


def _severity(node: Node) -> str | None:
    found = {each.text("status") for each in node.items("cases")}
    return next((each for each in _SEVERITIES if each in found), None)


def _place(source: Source, node: Node) -> Place:
    line = line_of(source.text, node.start)
    return Place(source.path, line, node.start - source.text.rfind("\n", 0, node.start))
