"""Sigma rules written anew: a detection more and `and not` of it, or a rule beside it. The rest stays byte for byte."""

import re
from collections.abc import Callable, Iterator, Sequence
from uuid import NAMESPACE_URL, uuid5

import yaml

from ....exporters.explained_table import TABLE
from ....exporters.sigma.detection import literal
from ...errors import NoFix, NotJudged
from ...members import is_member
from ...rule import Exclusion, Patch, Rule, Source
from . import conditions
from .documents import BYTE_ORDER_MARK, Document, child, documents, items
from .rules import Own

_LOWER = {"critical": "low", "high": "low", "medium": "low", "low": "informational"}
_PLACEHOLDER = (
    f"%{TABLE}% is a placeholder: a pipeline fills it in with the platform's lookup of that table "
    "(https://sigmahq-pysigma.readthedocs.io/en/latest/Processing_Pipelines.html)"
)
Edit = tuple[int, int, str]


def exclude(rule: Rule, exclusions: Sequence[Exclusion]) -> Patch:
    """The file in which the rule no longer fires where an exclusion holds; of a correlation the rules it counts.

    Raises:
        NoFix: the layout or an exclusion does not allow it.
    """
    own = _own(rule)
    if own.shared:
        raise NoFix(own.shared)
    edits: list[Edit] = []
    for document in own.counted or (own.document,):
        edits += _excluding(document, exclusions)
    mark = BYTE_ORDER_MARK if rule.source.text.startswith(BYTE_ORDER_MARK) else ""
    return Patch(mark + _edited(own.document.source.text, edits), note=_note(exclusions))


def label(rule: Rule, exclusions: Sequence[Exclusion]) -> Patch:
    """The file in which the rule leaves the exclusions out, and a second rule of a low level finds them.

    Raises:
        NoFix: the layout or an exclusion does not allow it, or the level is the lowest already.
    """
    own = _own(rule)
    if own.counted:
        raise NoFix("a correlation has no second level: exclude from the rules it counts")
    if own.filtered:
        raise NoFix("a filter is applied to it, and would not be to a rule beside it")
    level = _LOWER.get((rule.severity or "").lower())
    if level is None:
        raise NoFix("it has no level that could be lower")
    text = exclude(rule, exclusions).text
    ending = "\r\n" if "\r\n" in text else "\n"
    gap = "" if text.endswith("\n") else ending
    beside = _beside(own.document, exclusions, level)
    return Patch(f"{text}{gap}---{ending}{beside}", note=_note(exclusions))


def _own(rule: Rule) -> Own:
    if not isinstance(rule.own, Own):
        raise NoFix("it was not read as a Sigma rule")
    return rule.own


def _note(exclusions: Sequence[Exclusion]) -> str | None:
    return _PLACEHOLDER if any(each.explained for each in exclusions) else None


def _excluding(document: Document, exclusions: Sequence[Exclusion]) -> Iterator[Edit]:
    body = _body(document)
    written = _conditions(body)
    parsed = [_parsed(each) for each in written]
    names, adopted = _named(body, parsed, exclusions)
    yield _selections(document, body, names, exclusions)
    if not adopted:
        more = "".join(f" and not {name}" for name in names)
        for node, condition in zip(written, parsed, strict=True):
            yield from _joined(document, node, condition, more)


def _beside(document: Document, exclusions: Sequence[Exclusion], level: str) -> str:
    """A copy of the document that finds what the exclusions leave out."""
    text = document.source.text
    start, end = document.node.start_mark.index, document.node.end_mark.index
    ending = "\r\n" if "\r\n" in text else "\n"
    copied = text[start:end].rstrip() + ending
    (own,) = documents(Source(document.source.path, copied))
    body = _body(own)
    written = _conditions(body)
    parsed = [_parsed(each) for each in written]
    names = _free(body, parsed, exclusions, ("selection_", "explained_", "_selection_"))
    found = names[0] if len(names) == 1 else f"({' or '.join(names)})"
    edits = [_selections(own, body, names, exclusions)]
    for node, condition in zip(written, parsed, strict=True):
        edits += _joined(own, node, condition, f" and {found}")
    edits += _identity(own, names, level, ending)
    return _edited(copied, edits)


def _identity(document: Document, names: Sequence[str], level: str, ending: str) -> Iterator[Edit]:
    old = document.text("id")
    changes: dict[str, Callable[[str], str]] = {
        "title": lambda was: f"{was} (What a Cascade Explains)",
        "name": lambda was: f"{was}_explained",
        "id": lambda was: str(uuid5(NAMESPACE_URL, f"{was}#{'+'.join(names)}")),
        "level": lambda was: level,
    }
    for key, change in changes.items():
        node = child(document.node, key)
        if isinstance(node, yaml.ScalarNode) and document.text(key):
            start, end = _content(document, key, node)
            yield start, end, change(document.source.text[start:end])
    node = child(document.node, "id")
    if old and node is not None and child(document.node, "related") is None:
        at_end = document.source.text.find("\n", node.end_mark.index) + 1
        derived = f"related:{ending}    - id: {old}{ending}      type: derived{ending}"
        yield at_end, at_end, derived


def _body(document: Document) -> yaml.MappingNode:
    body = child(document.node, "detection")
    if not isinstance(body, yaml.MappingNode) or body.flow_style:
        raise NoFix("its detection is written in one line: write it as a block of YAML")
    return body


def _conditions(body: yaml.MappingNode) -> list[yaml.ScalarNode]:
    where = child(body, "condition")
    listed = where.value if isinstance(where, yaml.SequenceNode) else [where]
    found = [each for each in listed if isinstance(each, yaml.ScalarNode)]
    if len(found) < len(listed):
        raise NoFix("its condition is no text")
    return found


def _parsed(node: yaml.ScalarNode) -> conditions.Condition:
    try:
        return conditions.parse(str(node.value))
    except (conditions.Unparsable, NotJudged) as error:
        raise NoFix(str(error)) from None


def _named(
    body: yaml.MappingNode, parsed: Sequence[conditions.Condition], exclusions: Sequence[Exclusion]
) -> tuple[list[str], bool]:
    """What the new detections are called, and whether every condition has a `not 1 of filter_*` that finds them."""
    for prefix in ("filter_main_", "filter_"):
        names = _unused(body, prefix, exclusions)
        if all(_adopts(each, names) for each in parsed):
            return names, True
    return _free(
        body, parsed, exclusions, ("filter_main_", "filter_", "exclude_", "_filter_main_")
    ), False


def _free(
    body: yaml.MappingNode,
    parsed: Sequence[conditions.Condition],
    exclusions: Sequence[Exclusion],
    prefixes: Sequence[str],
) -> list[str]:
    """Names that no pattern of the conditions finds by accident."""
    for prefix in prefixes:
        names = _unused(body, prefix, exclusions)
        if not any(
            _selects(each, names) for condition in parsed for each in conditions.names(condition)
        ):
            return names
    raise NoFix("its condition asks for detections of any name")


def _unused(body: yaml.MappingNode, prefix: str, exclusions: Sequence[Exclusion]) -> list[str]:
    taken = {name for name, _, _ in items(body)}
    names: list[str] = []
    for each in exclusions:
        name, number = f"{prefix}{each.name}", 1
        while name in taken:
            number += 1
            name = f"{prefix}{each.name}_{number}"
        taken.add(name)
        names.append(name)
    return names


def _selects(each: conditions.Name | conditions.Selector, names: Sequence[str]) -> bool:
    return isinstance(each, conditions.Selector) and any(each.selects(name) for name in names)


def _adopts(condition: conditions.Condition, names: Sequence[str]) -> bool:
    """Whether `not 1 of` a pattern that finds all the names must hold, and no other pattern finds one."""
    is_and = isinstance(condition, conditions.Joined) and condition.operator == "and"
    parts = condition.parts if is_and and isinstance(condition, conditions.Joined) else (condition,)
    finding = [each for each in conditions.names(condition) if _selects(each, names)]
    if len(finding) != 1 or not isinstance(found := finding[0], conditions.Selector):
        return False
    wanted = conditions.Joined("not", (found,))
    return not found.every and wanted in parts and all(found.selects(name) for name in names)


def _joined(
    document: Document, node: yaml.ScalarNode, condition: conditions.Condition, more: str
) -> Iterator[Edit]:
    start, end = _content(document, "condition", node)
    if isinstance(condition, conditions.Joined) and condition.operator == "or":
        yield start, start, "("
        more = f"){more}"
    yield end, end, more


def _content(document: Document, key: str, node: yaml.ScalarNode) -> tuple[int, int]:
    """Where a scalar's content begins and ends in the text.

    Raises:
        NoFix: it is an anchor, which other places share, or an alias, which stands elsewhere.
    """
    text = document.source.text
    start, end = node.start_mark.index, node.end_mark.index
    holders = (document.node, child(document.node, "detection"))
    after = max(
        at_key.end_mark.index for each in holders for name, at_key, _ in items(each) if name == key
    )
    # An alias is composed as the node of its anchor, which comes before.
    if start < after or "&" in text[max(after, text.rfind("\n", 0, start)) : start + 1]:
        raise NoFix(f"its {key} is an anchor or an alias: write it out")
    if node.style in ("'", '"'):
        return start + 1, end - 1
    if node.style in ("|", ">"):
        start = text.find("\n", start) + 1
    inner = text[start:end]
    return start + len(inner) - len(inner.lstrip()), start + len(inner.rstrip())


def _selections(
    document: Document,
    body: yaml.MappingNode,
    names: Sequence[str],
    exclusions: Sequence[Exclusion],
) -> Edit:
    text = document.source.text
    key = next(key for name, key, _ in items(body) if name == "condition")
    mark = key.start_mark.index
    line = text.rfind("\n", 0, mark) + 1
    indent = text[line:mark]
    if (
        not indent
        or indent.strip(" ")
        or text[mark : key.end_mark.index].strip("'\"") != "condition"
    ):
        raise NoFix("its condition does not begin a line of its own")
    ending = "\r\n" if "\r\n" in text else "\n"
    lines = [
        f"{indent}{written}{ending}"
        for name, each in zip(names, exclusions, strict=True)
        for written in _selection(name, each, indent)
    ]
    return line, line, "".join(lines)


def _selection(name: str, exclusion: Exclusion, step: str) -> Iterator[str]:
    if not re.fullmatch(r"\w+", name, re.ASCII):
        raise NoFix(f"{name!r} is no name of a detection")
    yield (
        f"# {' '.join(exclusion.why.split())}"
        if exclusion.why.isprintable()
        else f"# {exclusion.name}"
    )
    yield f"{name}:"
    if exclusion.explained:
        yield f"{step}eventID|expand: '%{TABLE}%'"
        return
    paths = [term.path.replace("[]", "") for term in exclusion.terms]
    if not paths or len(set(paths)) < len(paths):
        raise NoFix("an exclusion has no terms, or two of the same member")
    for path, term in zip(paths, exclusion.terms, strict=True):
        if not is_member(path) or "|" in path:
            raise NoFix(f"Sigma has no field for {path}")
        key = path if re.fullmatch(r"[\w.]+", path, re.ASCII) else _scalar(path)
        if not term.values:
            yield f"{step}{key}: null"
        elif len(term.values) == 1:
            yield f"{step}{key}: {_scalar(literal(term.values[0]))}"
        else:
            yield f"{step}{key}:"
            yield from (f"{step}{step}- {_scalar(literal(value))}" for value in term.values)


def _scalar(text: str) -> str:
    if text.isprintable():
        return "'" + text.replace("'", "''") + "'"
    return yaml.safe_dump(text, default_style='"', width=2**31 - 1).strip()


def _edited(text: str, edits: Sequence[Edit]) -> str:
    for start, end, new in sorted(edits, key=lambda each: each[:2], reverse=True):
        text = text[:start] + new + text[end:]
    return text
