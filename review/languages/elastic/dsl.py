"""Elasticsearch's queries as JSON, as filters of a rule hold them, and the entries of Kibana's exceptions.

https://www.elastic.co/docs/reference/query-languages/querydsl ,
https://www.elastic.co/docs/api/doc/kibana/operation/operation-createexceptionlistitem
"""

from collections.abc import Mapping, Sequence
from typing import Any

from ...errors import NotJudged
from ...expression import Call, Expression, Field, Function, Literal, both, either, negated
from ...rule import EXPLAINED
from . import ecs, kql
from .matching import escaped, wildcard
from .parsing import executable, texts

_MOST = 40

FUNCTIONS: Mapping[str, Function] = {
    **kql.FUNCTIONS,
    "dsl:wildcard": lambda value, pattern: any(wildcard(pattern)(text) for text in texts(value)),
}
"""What such expressions call."""


def filtered(filters: Sequence[Any]) -> Expression:
    """What the filters of a rule ask together.

    Raises:
        NotJudged: a filter is of a kind that is not modelled.
    """
    tests = []
    for each in filters:
        meta = each.get("meta") if isinstance(each, Mapping) else None
        meta = meta if isinstance(meta, Mapping) else {}
        if meta.get("disabled"):
            continue
        query = each.get("query", each) if isinstance(each, Mapping) else each
        if isinstance(query, Mapping):
            query = {name: value for name, value in query.items() if name not in ("meta", "$state")}
        test = _query(query, 0)
        tests.append(negated(test) if meta.get("negate") else test)
    condition = both(*tests)
    executable(condition, FUNCTIONS)
    return condition


def _query(query: Any, depth: int) -> Expression:
    if not isinstance(query, Mapping) or len(query) != 1 or depth > _MOST:
        raise NotJudged("a filter of the rule is not modelled")
    (name, body), *_ = query.items()
    match name:
        case "match_all":
            return Literal(True)
        case "bool" if isinstance(body, Mapping):
            return _bool(body, depth)
        case "exists" if isinstance(body, Mapping):
            return Call("kql:exists", (Field(str(body.get("field"))),))
    if not isinstance(body, Mapping) or len(body) != 1:
        raise NotJudged(f"the filter {name} is not modelled")
    (field, value), *_ = body.items()
    if isinstance(value, Mapping):
        value = value.get("value", value.get("query"))
    match name:
        case "term" | "match_phrase" | "match":
            return is_one_of(field, [value])
        case "terms" if isinstance(value, list):
            return is_one_of(field, value)
        case "prefix" if isinstance(value, str):
            return Call("dsl:wildcard", (_keyword(field), Literal(f"{escaped(value)}*")))
        case "wildcard" if isinstance(value, str):
            return Call("dsl:wildcard", (_keyword(field), Literal(value)))
    raise NotJudged(f"the filter {name} is not modelled")


def _bool(body: Mapping[str, Any], depth: int) -> Expression:
    def each(name: str) -> list[Expression]:
        parts = body.get(name, [])
        return [_query(part, depth + 1) for part in (parts if isinstance(parts, list) else [parts])]

    needed = [*each("must"), *each("filter")]
    choices = each("should")
    least = body.get("minimum_should_match", 0 if needed else 1)
    if least not in (0, 1, "0", "1"):
        raise NotJudged("a filter that asks for several of its choices is not modelled")
    if choices and str(least) == "1":
        needed.append(either(*choices))
    return both(*needed, *(negated(part) for part in each("must_not")))


def _keyword(field: str) -> Field:
    if ecs.kind(field) not in ("keyword",):
        raise NotJudged(f"a wildcard in {field} is not modelled")
    return Field(field)


def is_one_of(field: str, values: Sequence[Any]) -> Expression:
    """The field holds one of the values.

    Raises:
        NotJudged: the field or a value is not modelled.
    """
    kind = ecs.kind(field)
    if kind == "date" or not all(isinstance(each, str | bool | int) for each in values):
        raise NotJudged(f"a filter on {field} is not modelled")
    name = "kql:address" if kind == "ip" else "kql:is"
    plain = ["".join(texts(each)) for each in values]
    return either(*(Call(name, (Field(field), Literal(each))) for each in plain))


def excepted(entries: Sequence[Any], explained: str) -> Expression | None:
    """What an exception item leaves out; None where a value list decides that is not known.

    `explained` is the name of the value list of explained event ids.

    Raises:
        NotJudged: an entry is of a kind that is not modelled.
    """
    tests = []
    for entry in entries:
        kind, field, value = str(entry.get("type")), str(entry.get("field")), entry.get("value")
        match kind:
            case "match":
                test = is_one_of(field, [value])
            case "match_any" if isinstance(value, list):
                test = is_one_of(field, value)
            case "exists":
                test = Call("kql:exists", (Field(field),))
            case "wildcard" if isinstance(value, str):
                test = Call("dsl:wildcard", (_keyword(field), Literal(value)))
            case "list":
                asked = entry.get("list")
                known = isinstance(asked, Mapping) and asked.get("id") == explained
                known = known and field == "event.id"
                if not known:
                    return None
                test = Call("kql:is", (Field(EXPLAINED), Literal("true")))
            case _:
                raise NotJudged(f"an exception of type {kind} is not modelled")
        tests.append(negated(test) if entry.get("operator") == "excluded" else test)
    condition = both(*tests) if tests else Literal(False)
    executable(condition, FUNCTIONS)
    return condition
