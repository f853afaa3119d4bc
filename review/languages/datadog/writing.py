"""Datadog rules written anew: a term more in a query, a filter, a reference table. The rest stays as it is."""

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from ....exporters.errors import CannotEncode
from ....exporters.explained_table import COLUMNS, TABLE
from ....exporters.languages.datadog import attribute, one_of
from ...errors import NoFix
from ...rule import Exclusion, Patch, Rule
from . import logs
from .json_text import Node
from .rules import Own

Edit = tuple[int, int, str]

_LOWER = {"critical": "low", "high": "low", "medium": "low", "low": "info"}
_SUFFIX = "cascade_labelled"


def exclude(rule: Rule, exclusions: Sequence[Exclusion]) -> Patch:
    """The file in which the rule no longer fires where an exclusion holds.

    Where the rule has filters, an exclusion is one; otherwise it is a term of the queries whose logs make a signal.

    Raises:
        NoFix: Datadog cannot say an exclusion, or the rule is not known well enough.
    """
    own = rule.own
    if not isinstance(own, Own) or not own.deciding:
        raise NoFix("it was not read well enough to be changed")
    text = rule.source.text
    searches = [_search(each) for each in exclusions if not each.explained]
    edits: list[Edit] = []
    filters = own.node.get("filters")
    if searches and filters is not None and filters.value and not own.prevented:
        entries = [_json({"action": "suppress", "query": each}) for each in searches]
        edits.append(_appended(text, filters, entries))
    elif searches:
        more = "".join(f" -({each})" for each in searches)
        for query in own.deciding:
            edits += _narrowed(query.node.get("query"), query.text, more)
    if any(each.explained for each in exclusions):
        edits.append(_tables(text, own))
    note = "JSON holds no comments: say in the rule's message what is left out, and why"
    return Patch(_edited(text, edits), note=note)


def label(rule: Rule, exclusions: Sequence[Exclusion]) -> Patch:
    """The file in which the rule leaves the exclusions out, and a new one whose rule, of lower severity, finds them.

    Raises:
        NoFix: Datadog cannot say an exclusion, the rule is not known well enough, or its severity is the lowest.
    """
    own = rule.own
    if not isinstance(own, Own) or not own.deciding:
        raise NoFix("it was not read well enough to be changed")
    if rule.severity not in _LOWER:
        raise NoFix("its cases have no status that could be lower")
    silent = exclude(rule, exclusions)
    text, explained = rule.source.text, [each for each in exclusions if each.explained]
    if explained and len(explained) < len(exclusions):
        raise NoFix("terms and the table of explained events are no condition of one rule")
    edits = list(_milder(own.node))
    if explained:
        edits.append(_tables(text, own, present=True))
    else:
        searches = [f"({_search(each)})" for each in exclusions]
        more = f" ({' OR '.join(searches)})" if len(searches) > 1 else f" {searches[0]}"
        for query in own.deciding:
            edits += _narrowed(query.node.get("query"), query.text, more)
    start, end = own.node.start, own.node.end
    moved = [(first - start, last - start, new) for first, last, new in edits]
    name = f"{Path(rule.source.path).stem}_{_slug(rule.id)}_{_SUFFIX}.json"
    copy = _edited(text[start:end], moved) + ("\r\n" if "\r\n" in text else "\n")
    return Patch(silent.text, {name: copy}, silent.note)


def _milder(node: Node) -> Iterator[Edit]:
    """Another name and id, and a lower status in every case."""
    name, identity = node.get("name"), node.get("id")
    if name is None or not isinstance(name.value, str):
        raise NoFix("it has no name")
    yield name.start, name.end, _json(f"{name.value} (explained by cloudcascade)")
    if identity is not None and isinstance(identity.value, str):
        derived = uuid5(NAMESPACE_URL, f"{identity.value}#{_SUFFIX}")
        yield identity.start, identity.end, _json(str(derived))
    for case in node.items("cases"):
        status = case.get("status")
        lower = _LOWER.get(case.text("status") or "", "info")
        if status is None:
            raise NoFix("a case of it has no status")
        yield status.start, status.end, _json(lower)


def _slug(identity: str) -> str:
    return re.sub(r"\W+", "_", identity.lower(), flags=re.ASCII).strip("_")[:60] or "rule"


def _search(exclusion: Exclusion) -> str:
    if not exclusion.terms:
        raise NoFix("an exclusion has no terms")
    found = []
    for term in exclusion.terms:
        name = logs.attribute_of(term.path.replace("[]", ""))
        if name is None:
            raise NoFix(f"Datadog keeps no attribute for {term.path}")
        try:
            written = attribute(name)
            found.append(one_of(written, term.values) if term.values else f"-{written}:*")
        except CannotEncode as error:
            raise NoFix(str(error)) from None
    return " ".join(found)


def _narrowed(node: Node | None, query: str, more: str) -> list[Edit]:
    if node is None:
        raise NoFix("a query has no text")
    start, end = node.start + 1, node.end - 1
    if not query.strip():
        return [(start, end, _json(f"*{more}")[1:-1])]
    # OR binds less than terms side by side.
    wrapped = re.search(r"\bOR\b", query) is not None
    added = f"){more}" if wrapped else more
    edits = [(end, end, _json(added)[1:-1])]
    return [(start, start, "("), *edits] if wrapped else edits


def _tables(text: str, own: Own, *, present: bool = False) -> Edit:
    entries = [
        _json(
            {
                "tableName": TABLE,
                "columnName": COLUMNS[0],
                "logFieldPath": logs.attribute_of("eventID"),
                "checkPresence": present,
                "ruleQueryName": query.name,
            }
        )
        for query in own.deciding
    ]
    listed = own.node.get("referenceTables")
    if listed is not None and isinstance(listed.value, list):
        return _appended(text, listed, entries)
    if listed is not None:
        raise NoFix("its referenceTables are no list")
    last = max(each.end for each in own.node.value.values())
    return last, last, f",{_gap(text, own.node)}{_json('referenceTables')}: [{', '.join(entries)}]"


def _appended(text: str, listed: Node, entries: Sequence[str]) -> Edit:
    if not listed.value:
        return listed.start, listed.end, f"[{', '.join(entries)}]"
    last = listed.value[-1].end
    gap = _gap(text, listed) or " "
    return last, last, "".join(f",{gap}{each}" for each in entries)


def _gap(text: str, node: Node) -> str:
    """What stands between a bracket and the first that it holds."""
    inside = text[node.start + 1 : node.end]
    return inside[: len(inside) - len(inside.lstrip(" \t\r\n"))]


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _edited(text: str, edits: Sequence[Edit]) -> str:
    for start, end, new in sorted(edits, key=lambda each: each[:2], reverse=True):
        text = text[:start] + new + text[end:]
    return text
