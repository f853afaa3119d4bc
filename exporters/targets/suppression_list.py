"""A list for pipelines of one's own: what may be silenced, and everything it takes to be sure, as data.

`data/suppression-list.schema.json` describes the JSON and YAML forms; the CSV form is for readers.
"""

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any

import yaml

from ...catalog.terms import format_duration
from ..capabilities import EVERY_CONDITION, Capabilities
from ..query import (
    SAME_TOOL,
    Condition,
    Denied,
    Edge,
    Key,
    KeyPair,
    Node,
    Pattern,
    Purpose,
    Query,
    Spoiler,
)
from ..target import Artefact, Job, Options, Style, Target

SCHEMA = "https://cloudcascade.dev/schema/suppression-list-2.json"
PURPOSES: frozenset[Purpose] = frozenset({"alert", "enrich"})
NAME = "suppression-list"
# What a spreadsheet takes for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def document(jobs: Sequence[Job], options: Options) -> dict[str, Any]:
    """The list as data, in the form that the schema describes."""
    return {
        "$schema": SCHEMA,
        # Of version 1, which knew no vetoes, a reader would silence too much of this.
        "version": 2,
        "catalogue": options.catalog_version,
        "created": options.created.isoformat(),
        "expires": options.expires.isoformat(),
        "owner": options.owner,
        **({"overlay": options.overlay} if options.overlay else {}),
        "entries": [entry for job in jobs for entry in _entries(job.query)],
        "vetoes": _vetoes(jobs),
    }


def _vetoes(jobs: Sequence[Job]) -> list[dict[str, Any]]:
    """What explains by a stricter policy, each once."""
    vetoes = dict.fromkeys(replace(veto, lateness=0) for job in jobs for veto in job.query.vetoes)
    return [entry for veto in vetoes for entry in _entries(veto)]


def _entries(query: Query) -> Iterator[dict[str, Any]]:
    if query.root_is_subject:
        yield _entry(
            query, query.root, (), query.root_relation or "companion", query.root_techniques
        )
    for node in query.subjects:
        yield _entry(query, node.pattern, query.chain(node), node.relation, node.techniques)


def _entry(
    query: Query,
    pattern: Pattern,
    chain: Sequence[Node],
    relation: str,
    techniques: Sequence[str],
) -> dict[str, Any]:
    parents = [*(step.pattern for step in chain[1:]), *([query.root] if chain else [])]
    return {
        "cascade": query.cascade,
        "title": query.title,
        "policy": query.subject_policy,
        "relation": relation,
        "techniques": list(techniques),
        "effect": _event(pattern),
        "steps": [
            {**_edge(step.edge), "parent": _event(parent)}
            for step, parent in zip(chain, parents, strict=True)
        ],
        "members": [
            {"event": _event(member.pattern), **_edge(member.edge)} for member in query.members()
        ],
        "spoilers": [_spoiler(spoiler) for spoiler in query.spoilers],
        "root_keys": [_key(key) for key in query.root_keys],
        "root_account": query.root_account,
        "hold_seconds": query.hold,
        "residual_risk": query.residual_risk,
        "references": list(query.references),
    }


def _event(pattern: Pattern) -> dict[str, Any]:
    return {
        "eventSource": pattern.event_source,
        "eventName": pattern.event_name,
        "may_fail": pattern.may_fail,
        "conditions": [_condition(condition) for condition in pattern.where],
    }


def _condition(condition: Condition) -> dict[str, Any]:
    if isinstance(condition, Denied):
        inner = [_condition(test) for test in condition.tests]
        return {"path": condition.path, "operator": "not", "conditions": inner}
    return {
        "path": condition.path,
        "operator": condition.operator,
        "values": list(condition.values),
    }


def _edge(edge: Edge) -> dict[str, Any]:
    return {
        "join": [_pair(pair) for pair in edge.join if pair != SAME_TOOL],
        "distinct": [_pair(pair) for pair in edge.distinct],
        "before_seconds": edge.before,
        "after_seconds": edge.after,
        "actor": edge.actor,
        "service": edge.service,
        "same_account": edge.same_account,
        "same_tool": SAME_TOOL in edge.join,
    }


def _spoiler(spoiler: Spoiler) -> dict[str, Any]:
    return {
        "event": _event(spoiler.pattern),
        "join": [_pair(pair) for pair in spoiler.join],
        "before_seconds": spoiler.before,
        "after_seconds": spoiler.after,
        "same_account": spoiler.same_account,
        "between": spoiler.between,
        "reason": spoiler.reason,
    }


def _pair(pair: KeyPair) -> dict[str, Any]:
    return {"name": pair.own.name, "own": _key(pair.own), "parent": _key(pair.parent)}


def _key(key: Key) -> dict[str, Any]:
    return {"paths": list(key.paths), "arn_name": key.arn_name, "ignore_case": key.fold}


def _as_json(jobs: Sequence[Job], options: Options) -> str:
    return json.dumps(document(jobs, options), indent=2, ensure_ascii=False) + "\n"


def _as_yaml(jobs: Sequence[Job], options: Options) -> str:
    written: str = yaml.safe_dump(
        document(jobs, options), sort_keys=False, allow_unicode=True, width=100
    )
    return written


def _as_csv(jobs: Sequence[Job], options: Options) -> str:
    out = io.StringIO()
    columns = (
        "cascade,effect,policy,relation,joined_by,window,actor,origin,members,voided_by,"
        "vetoed_by,techniques,hold_seconds,residual_risk,owner,expires,overlay"
    )
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(columns.split(","))
    for job in jobs:
        for entry in _entries(job.query):
            row = [
                *_row(entry, job.query),
                options.owner or "",
                options.expires.isoformat(),
                options.overlay or "",
            ]
            writer.writerow([_harmless(str(cell)) for cell in row])
    return out.getvalue()


def _row(entry: dict[str, Any], query: Query) -> list[object]:
    steps = entry["steps"]
    first = steps[0] if steps else None
    return [
        entry["cascade"],
        f"{entry['effect']['eventSource']} {entry['effect']['eventName']}",
        entry["policy"],
        entry["relation"],
        " then ".join(", ".join(pair["name"] for pair in step["join"]) for step in steps),
        " then ".join(
            f"{format_duration(step['before_seconds'])} before to "
            f"{format_duration(step['after_seconds'])} after"
            for step in steps
        ),
        (first["service"] or first["actor"]) if first else "",
        query.root.action,
        " ".join(query.required),
        " ".join(spoiler.pattern.action for spoiler in query.spoilers),
        " ".join(dict.fromkeys(veto.cascade for veto in query.vetoes)),
        " ".join(entry["techniques"]),
        entry["hold_seconds"],
        entry["residual_risk"],
    ]


def _harmless(cell: str) -> str:
    """The cell, with an apostrophe in front of what a spreadsheet would run."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _style(name: str, summary: str, write: Callable[[Sequence[Job], Options], str]) -> Style:
    def render(jobs: Sequence[Job], options: Options) -> Iterable[Artefact]:
        yield Artefact(PurePosixPath(NAME, f"suppressions.{name}"), write(jobs, options))

    return Style(
        name=name,
        summary=summary,
        kind="list",
        purposes=PURPOSES,
        render=render,
        capabilities=Capabilities(
            actor="initial-principal",
            conditions=EVERY_CONDITION,
            nested_lists=True,
            list_conditions=True,
            number_keys=True,
            repeated_actions=True,
            finished_log=True,
            expiry=True,
        ),
    )


TARGET = Target(
    name=NAME,
    title="A list for pipelines of your own",
    verification="executed",
    verified_by="a consumer in the tests that reads nothing but the list, against the reference semantics",
    styles=(
        _style("json", "JSON, with a schema", _as_json),
        _style("yaml", "YAML of the same content", _as_yaml),
        _style("csv", "a table for readers, without the conditions", _as_csv),
    ),
)
