"""Writes an Elastic rule anew so that a second rule, a building block of low severity, takes what an exclusion names.

https://www.elastic.co/docs/solutions/security/detect-and-alert/about-building-block-rules
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from ....exporters.languages.elastic import kibana
from ...errors import NoFix
from ...rule import Exclusion, Patch, Rule
from .exclusions import (
    comment,
    exception_edits,
    exception_objects,
    exclude,
    query_edits,
    rule_members,
)
from .rules import EXPLAINED_LIST, UNEXPLAINED_LIST, Own
from .texts import Member, edited, json_members

Edit = tuple[int, int, str]

_MOST_RISK = 21
_NUMBER = re.compile(r"[+-]?\d[\d_.eE+-]*")
_SUFFIX = "cascade_labelled"
_NOTE = (
    "The exceptions ask the value list cascade-explained. Import the exception lists cloudcascade (cascade export "
    "elastic --style exception) and cloudcascade-unexplained (beside the rule) first: the second rule finds "
    "nothing but what stands in the value list."
)


def label(rule: Rule, exclusions: Sequence[Exclusion]) -> Patch:
    """The rule's file, in which the rule is silent where an exclusion holds, and a second rule that fires there.

    In TOML the second one stands in a file of its own, in an export behind the first.

    Raises:
        NoFix: the query cannot say it, its text cannot be edited, or the severity cannot be lower.
    """
    own = rule.own
    if not isinstance(own, Own):
        raise NoFix("the rule was not read from a file of Elastic's")
    changes = _changes(own.data)
    explained = [each for each in exclusions if each.explained]
    if explained and len(explained) < len(exclusions):
        raise NoFix("terms and the lookup of explained events are no condition of one rule")
    silent = exclude(rule, exclusions)
    if own.begin is not None:
        return _in_export(rule, own, exclusions, changes, silent)
    name = f"{Path(rule.source.path).stem}_{_SUFFIX}.toml"
    if explained:
        edits = [_inserted(each) for each in exception_edits(rule, own, UNEXPLAINED_LIST)]
        stem = name.removesuffix(".toml")
        beside = {f"{stem}_exceptions.ndjson": kibana.ndjson(exception_objects(UNEXPLAINED_LIST))}
    else:
        edits = _wanted(own, exclusions)
        beside = {}
    text, members = rule.source.text, rule_members(rule)
    edits.append(_inserted(comment(rule, exclusions)))
    edits += _replaced(text, members, changes)
    if "building_block_type" not in own.data:
        query = next(each for each in members if each.key == "query")
        edits.append((query.line, query.line, 'building_block_type = "default"\n'))
    return Patch(
        silent.text, {name: _edited(text, edits), **beside}, _NOTE if explained else silent.note
    )


def _changes(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """What is different in the second rule."""
    if data.get("severity_mapping") or data.get("risk_score_mapping"):
        raise NoFix("its severity comes from a field of the event (severity_mapping)")
    if data.get("severity") == "low" and data.get("building_block_type"):
        raise NoFix("it is a building block of low severity already")
    if not isinstance(data.get("severity"), str) or not isinstance(data.get("rule_id"), str):
        raise NoFix("it has no severity or no rule_id of its own")
    changes: dict[str, Any] = {
        "rule_id": _derived(data["rule_id"]),
        "name": f"{data.get('name') or 'Rule'} (explained by cloudcascade)",
        "severity": "low",
    }
    risk = data.get("risk_score")
    if isinstance(risk, int | float) and risk > _MOST_RISK:
        changes["risk_score"] = _MOST_RISK
    if isinstance(data.get("id"), str):
        changes["id"] = _derived(data["id"])
    return changes


def _derived(identity: str) -> str:
    return str(uuid5(NAMESPACE_URL, f"{identity}#{_SUFFIX}"))


def _wanted(own: Own, exclusions: Sequence[Exclusion]) -> list[Edit]:
    if own.query is None:
        raise NoFix("its query is no string that can be edited where it stands")
    return [_inserted(each) for each in query_edits(own, own.query, exclusions, wanted=True)]


def _inserted(edit: tuple[int, str]) -> Edit:
    place, text = edit
    return place, place, text


def _replaced(text: str, members: Sequence[Member], changes: Mapping[str, Any]) -> Iterator[Edit]:
    """The values of keys. A text of JSON is one of TOML, too, but for the character DEL."""
    held = {each.key: each for each in members}
    for key, value in changes.items():
        if key not in held:
            raise NoFix(f"its {key} does not stand where it can be edited")
        begin, end = held[key].begin, held[key].end
        # Behind a number a comment may follow.
        number = _NUMBER.match(text, begin)
        yield begin, number.end() if number else end, _json(value)


def _json(value: Any) -> str:
    return re.sub(r"\x7f", r"\\u007f", json.dumps(value, ensure_ascii=False))


def _edited(text: str, edits: Sequence[Edit]) -> str:
    """The text with the edits, of which none overlap; those of one place in their order."""
    newline = "\r\n" if "\r\n" in text else "\n"
    out, at = [], 0
    for start, end, new in sorted(edits, key=lambda each: each[0]):
        out += [text[at:start], new.replace("\n", newline)]
        at = end
    return "".join([*out, text[at:]])


def _in_export(
    rule: Rule,
    own: Own,
    exclusions: Sequence[Exclusion],
    changes: Mapping[str, Any],
    silent: Patch,
) -> Patch:
    text, begin = rule.source.text, own.begin or 0
    lookup = any(each.explained for each in exclusions)
    lists = (EXPLAINED_LIST, UNEXPLAINED_LIST) if lookup else ()
    if lookup:
        first, *_ = exception_edits(rule, own, UNEXPLAINED_LIST, lists=())
        edits = [_inserted(first)]
        others = list(exception_edits(rule, own, lists=lists))
    else:
        edits = _wanted(own, exclusions)
        others = list(query_edits(own, own.query, exclusions)) if own.query else []
    edits += _replaced(text, list(json_members(text, begin)), changes)
    if "building_block_type" not in own.data:
        edits.append((begin + 1, begin + 1, '"building_block_type": "default", '))
    end = text.find("\n", begin)
    stop = len(text) if end < 0 else end
    second = _edited(
        text[begin:stop].rstrip("\r"), [(a - begin, b - begin, new) for a, b, new in edits]
    )
    line = f"\n{second}" if end < 0 else f"{second}\n"
    place = stop if end < 0 else end + 1
    return Patch(edited(text, [*others, (place, line)]), note=_NOTE if lookup else silent.note)
