"""Reads Elastic's rules out of TOML and NDJSON."""

import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Any

from ....errors import Place
from ....exporters.languages.elastic.exceptions import VALUE_LIST
from ...errors import NotJudged, Unreadable
from ...expression import Call, Expression, Field, Literal, both, negated
from ...format import Repository
from ...languages.elastic import dsl, ecs, eql, esql, kql
from ...languages.elastic.eql_functions import FUNCTIONS as EQL_FUNCTIONS
from ...languages.elastic.esql_functions import FUNCTIONS as ESQL_FUNCTIONS
from ...languages.elastic.parsing import SyntaxProblem
from ...rule import EXPLAINED, Predicate, Rule, Source
from ...severity import BUILDING_BLOCK
from .texts import (
    Written,
    json_members,
    json_string,
    line_of,
    line_starts,
    toml_members,
    toml_string,
)

Json = Mapping[str, Any]

EXPLAINED_LIST = "cloudcascade"
"""The exception list of explained events, as `cascade export elastic` names it."""
UNEXPLAINED_LIST = "cloudcascade-unexplained"
"""The exception list of all other events, for a rule that is to find explained ones alone."""
FUNCTIONS = {**EQL_FUNCTIONS, **ESQL_FUNCTIONS, **dsl.FUNCTIONS}
_DATASETS = re.compile(r"aws\.cloudtrail|\bamazonaws\.com", re.IGNORECASE)
_STREAM = "logs-aws.cloudtrail-default"


@dataclass(frozen=True, slots=True)
class Own:
    """What it takes to write a rule anew: its data, and its query in the file, None where it cannot be edited there.

    `begin` is where its JSON object begins, None in TOML.
    """

    data: Json
    query: Written | None
    begin: int | None = None


@dataclass(frozen=True, slots=True)
class _Filter:
    condition: Expression
    counts: str | None = None
    group_by: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


def claims(source: Source) -> bool:
    """Whether the file is a rule of a rules repository, or Kibana's export of rules."""
    if source.path.lower().endswith(".toml"):
        return re.search(r"^\s*\[rule\]\s*(?:#.*)?$", source.text, re.MULTILINE) is not None
    return any('"rule_id"' in line and '"type"' in line for line in source.text.split("\n", 200))


def read(source: Source, repository: Repository) -> Iterable[Rule]:
    """The rules in the file.

    Raises:
        Unreadable: it is no TOML, or no NDJSON, or a rule in it has no form.
    """
    if source.path.lower().endswith(".toml"):
        yield _toml_rule(source)
    else:
        yield from _exported_rules(source)


def _toml_rule(source: Source) -> Rule:
    try:
        data = tomllib.loads(source.text)
    except ValueError as error:
        found = re.search(r"line (\d+), column (\d+)", str(error))
        line, column = (int(found[1]), int(found[2])) if found else (1, 1)
        raise Unreadable(Place(source.path, line, column), f"it is no TOML: {error}") from None
    except RecursionError:
        raise Unreadable(Place(source.path), "it is nested too deeply") from None
    rule = data.get("rule")
    if not isinstance(rule, dict):
        raise Unreadable(Place(source.path, 1, 1), "[rule] is no table")
    written = None
    for member in toml_members(source.text):
        if (member.table, member.key) == ("rule", "query"):
            written = toml_string(source.text, member.begin)
    metadata = data.get("metadata")
    tags = metadata.get("integration", []) if isinstance(metadata, dict) else []
    return _rule(source, rule, written, None, {}, f"{rule.get('tags', '')} {tags}")


def _exported_rules(source: Source) -> Iterator[Rule]:
    objects: list[tuple[int, Json]] = []
    place = 0
    # A line feed alone ends a line: within a string other separators of lines may stand.
    for number, line in enumerate(source.text.split("\n"), 1):
        if line.strip():
            try:
                parsed = json.loads(line)
            except (ValueError, RecursionError) as error:
                column = getattr(error, "colno", 1)
                raise Unreadable(
                    Place(source.path, number, column), f"the line is no JSON: {error}"
                ) from None
            if not isinstance(parsed, dict):
                raise Unreadable(Place(source.path, number, 1), "the line is no JSON object")
            objects.append((place + len(line) - len(line.lstrip()), parsed))
        place += len(line) + 1
    items: dict[str, list[Json]] = {}
    for _, each in objects:
        if "rule_id" not in each and isinstance(each.get("list_id"), str):
            held = items.setdefault(each["list_id"], [])
            if "entries" in each:
                held.append(each)
    for begin, each in objects:
        if "rule_id" in each and "type" in each:
            written = None
            for member in json_members(source.text, begin):
                if member.key == "query":
                    written = json_string(source.text, member.begin)
            yield _rule(source, each, written, begin, items, str(each.get("tags", "")))


def _rule(
    source: Source,
    data: Json,
    written: Written | None,
    begin: int | None,
    items: Mapping[str, Sequence[Json]],
    tags: str,
) -> Rule:
    query = data.get("query")
    query = query if isinstance(query, str) else ""
    if written is not None and written.text != query:
        written = None
    starts = line_starts(source.text)
    first = line_of(starts, written.places[0] if written else begin or 0)
    about = _about_cloudtrail(data, query, tags)
    found: _Filter | None = None
    reason = None
    if about:
        try:
            # Within JSON a query is one line of the file, whatever lines it has.
            found = _filter(data, query, first, one_line=begin is not None)
            found = _excepted(found, data, items)
        except NotJudged as refused:
            reason, found = str(refused), None
        except SyntaxProblem as problem:
            reason = f"its query cannot be read: {problem.reason} in line {problem.line} of it, column {problem.column}"
    counted, fields = _counted(data)
    counts = "; ".join(each for each in (counted, found.counts if found else None) if each)
    return Rule(
        id=str(data.get("rule_id") or source.path),
        title=str(data.get("name") or data.get("rule_id") or source.path),
        format="elastic",
        source=source,
        place=Place(source.path, first, 1),
        severity=_severity(data),
        query=query,
        test=Predicate(found.condition, ecs.SPELLING, FUNCTIONS) if found else None,
        not_judged=reason,
        remarks=found.remarks if found else (),
        counts=counts or None,
        group_by=tuple(dict.fromkeys((*fields, *(found.group_by if found else ())))),
        about_cloudtrail=about,
        own=Own(data, written, begin),
    )


def _severity(data: Json) -> str | None:
    severity = data.get("severity")
    if not isinstance(severity, str):
        return None
    return f"{severity}, {BUILDING_BLOCK}" if data.get("building_block_type") else severity


def _about_cloudtrail(data: Json, query: str, tags: str) -> bool:
    index = data.get("index")
    indices = [str(each) for each in index] if isinstance(index, list) else []
    if data.get("language") == "esql" or data.get("type") == "esql":
        source = re.match(r"\s*(?:from|ts)\s+([^|]*)", query, re.IGNORECASE)
        found = re.split(r"\smetadata\b|//", source[1], flags=re.IGNORECASE)[0] if source else ""
        indices = [each.strip().strip('"') for each in found.split(",") if each.strip()]
    # An index of another cluster is read as well.
    indices = [each.rpartition(":")[2] for each in indices]
    if any("cloudtrail" in each and not each.startswith("-") for each in indices):
        return True
    if indices and not any(
        fnmatchcase(_STREAM, each) or each.startswith("filebeat") for each in indices
    ):
        return False
    if not query:
        told = f"{tags} {data.get('name', '')} {data.get('description', '')}"
        # The jobs for AWS read CloudTrail, whether their rules say so or not.
        learned = data.get("type") == "machine_learning" and "aws" in tags.lower()
        return learned or "cloudtrail" in told.lower()
    return _DATASETS.search(query) is not None


def _filter(data: Json, query: str, line: int, *, one_line: bool) -> _Filter:
    kind = data.get("type")
    language = data.get("language") or {"eql": "eql", "esql": "esql"}.get(str(kind), "kuery")
    if kind not in ("query", "eql", "esql", "threshold", "new_terms"):
        raise NotJudged(f"a rule of type {kind} is not executed")
    # A text of one line of the file has all its lines there.
    first = 1 if one_line else line
    found = _parsed(str(language), query, first, data)
    if one_line:
        found = _Filter(_moved(found.condition, line), found.counts, found.group_by, found.remarks)
    filters = data.get("filters")
    if isinstance(filters, list) and filters:
        condition = both(found.condition, dsl.filtered(filters))
        found = _Filter(condition, found.counts, found.group_by, found.remarks)
    return found


def _parsed(language: str, query: str, line: int, data: Json) -> _Filter:
    match language:
        case "kuery":
            return _Filter(kql.parsed(query, line))
        case "eql":
            category = data.get("event_category_override") or "event.category"
            events = eql.parsed(query, line, str(category))
            return _Filter(events.condition, events.counts, events.group_by, events.remarks)
        case "esql":
            rows = esql.parsed(query, line)
            return _Filter(rows.condition, rows.counts, rows.group_by, rows.remarks)
    raise NotJudged(f"queries in {language} are not executed")


def _moved(expression: Expression, line: int) -> Expression:
    """The expression, all of it in that line. It is not nested deeply."""
    match expression:
        case Literal(value):
            return Literal(value, line)
        case Field(name):
            return Field(name, line)
        case Call(function, arguments):
            return Call(function, tuple(_moved(each, line) for each in arguments), line)


def _counted(data: Json) -> tuple[str | None, tuple[str, ...]]:
    """What a threshold or new terms ask beyond the query, and by which fields."""
    if data.get("type") == "threshold" and isinstance(data.get("threshold"), dict):
        threshold = data["threshold"]
        fields = _names(threshold.get("field"))
        told = f"at least {threshold.get('value', 1)} events"
        told += f" with the same {', '.join(fields)}" if fields else ""
        cardinality = threshold.get("cardinality")
        for each in cardinality if isinstance(cardinality, list) else ():
            if isinstance(each, dict):
                told += f", of at least {each.get('value')} different {each.get('field')}"
        return told, fields
    if data.get("type") == "new_terms":
        nested = data.get("new_terms")
        terms = nested if isinstance(nested, dict) else {}
        fields = _names(data.get("new_terms_fields") or terms.get("value"))
        start = data.get("history_window_start") or terms.get("history_window_start")
        if isinstance(start, list) and start and isinstance(start[0], dict):
            start = start[0].get("value")
        return f"the first time of {', '.join(fields)} since {start}", fields
    return None, ()


def _names(found: Any) -> tuple[str, ...]:
    if isinstance(found, str):
        return (found,) if found else ()
    return tuple(str(each) for each in found) if isinstance(found, list) else ()


def _excepted(found: _Filter, data: Json, items: Mapping[str, Sequence[Json]]) -> _Filter:
    """The filter without what the rule's exceptions leave out."""
    tests: list[Expression] = []
    remarks = list(found.remarks)
    references = data.get("exceptions_list")
    for reference in references if isinstance(references, list) else ():
        list_id = reference.get("list_id") if isinstance(reference, dict) else None
        held = items.get(str(list_id))
        if held is None and list_id == EXPLAINED_LIST:
            tests.append(Call("kql:is", (Field(EXPLAINED), Literal("true"))))
        elif held is None and list_id == UNEXPLAINED_LIST:
            tests.append(negated(Call("kql:is", (Field(EXPLAINED), Literal("true")))))
        elif held is None:
            remarks.append(f"Its exception list {list_id} is not in the file, and is left out.")
        for item in held or ():
            entries = item.get("entries")
            if _expired(item.get("expire_time")) or not isinstance(entries, list):
                continue
            test = dsl.excepted([each for each in entries if isinstance(each, dict)], VALUE_LIST)
            if test is None:
                name = item.get("name") or item.get("item_id")
                remarks.append(
                    f"Its exception {name} asks a value list that is not in the file, and is left out."
                )
            else:
                tests.append(test)
    condition = both(found.condition, *(negated(test) for test in tests))
    return _Filter(condition, found.counts, found.group_by, tuple(remarks))


def _expired(moment: Any) -> bool:
    if not isinstance(moment, str):
        return False
    try:
        ends = datetime.fromisoformat(moment)
    except ValueError:
        return False
    return (ends if ends.tzinfo else ends.replace(tzinfo=UTC)) <= datetime.now(UTC)
