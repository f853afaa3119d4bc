"""What a Sigma document looks for, as an expression: rules with the filters that are applied to them, correlations.

https://sigmahq.io/sigma-specification/specification/sigma-correlation-rules-specification.html
https://sigmahq.io/sigma-specification/specification/sigma-filters-specification.html
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import yaml

from ...errors import NotJudged, Unreadable
from ...expression import Call, Expression, both, either, excluded
from ...members import is_member, leaves, member
from ...rule import EXPLAINED, Predicate, Rule, Spelling
from . import conditions
from .detections import EVERYTHING, detection
from .documents import Document, Index, at, child, items, text_of, texts_of
from .matching import FUNCTIONS

NAME = "sigma"
_MOST_CORRELATED = 8
_MOST_DETECTIONS = 2_000


def _value(record: Mapping[str, Any], name: str) -> Any:
    if name == EVERYTHING:
        return leaves({key: value for key, value in record.items() if key != EXPLAINED})
    return record.get(EXPLAINED) if name == EXPLAINED else member(record, name)


SPELLING = Spelling(name="sigma", value=_value, path=lambda name: name if is_member(name) else None)
"""Sigma's CloudTrail rules name the members as CloudTrail does."""


@dataclass(frozen=True, slots=True)
class Own:
    """What writing a rule anew takes: its document, and of a correlation the documents that it counts.

    `shared` is why changing them would change more than the rule, and `filtered` whether filters are applied to it.
    """

    document: Document
    counted: tuple[Document, ...] = ()
    shared: str | None = None
    filtered: bool = False


def rule_of(document: Document, index: Index) -> Rule:
    """The rule that a document with a detection or a correlation is.

    Raises:
        Unreadable: it breaks the format.
    """
    is_correlation = document.kind == "correlation"
    body = child(document.node, "correlation" if is_correlation else "detection")
    where = child(body, "condition")
    counted = tuple(_counted(document, index)) if is_correlation else ()
    own = Own(
        document,
        counted,
        _shared(document, counted, index),
        any(_applies(each, document) for each in index.filters),
    )
    mine = own.counted if is_correlation else (document,)
    shown = child(document.node, "correlation") if is_correlation else body
    rule = Rule(
        id=document.text("id") or document.text("name") or document.title,
        title=document.title,
        format=NAME,
        source=document.source,
        place=document.place(where or body),
        severity=document.text("level"),
        query=_text(document, shown),
        about_cloudtrail=any(_is_cloudtrail(each) for each in mine),
        own=own,
    )
    if is_correlation and not _references(document):
        raise Unreadable(document.place(body), "the correlation names no rules")
    if is_correlation and not own.counted:
        names = ", ".join(_references(document))
        return replace(rule, not_judged=f"it counts {names}, which the files hold no rule for")
    if not rule.about_cloudtrail:
        return rule
    return _correlation(rule, own, index) if is_correlation else _plain(rule, own, index)


def _plain(rule: Rule, own: Own, index: Index) -> Rule:
    document = own.document
    filters = [each for each in index.filters if _applies(each, document)]
    remarks = [_filter_remark(each) for each in filters]
    counts = None
    counting = [each for each in index.correlations if _counts_alone(each, document, index)]
    if counting:
        counts = f"alerts only where the correlation {counting[0].title!r} does, which counts it"
    try:
        condition = both(
            condition_of(document, "detection"), *(condition_of(each, "filter") for each in filters)
        )
    except NotJudged as refused:
        return replace(rule, not_judged=str(refused), counts=counts, remarks=tuple(remarks))
    remarks += [
        f"the filter {each.title!r} keeps what its condition finds; to leave that out it must say `not`"
        for each in filters
        if not _is_negative(condition_of(each, "filter"))
    ]
    test = Predicate(condition, SPELLING, FUNCTIONS)
    return replace(rule, test=test, counts=counts, remarks=tuple(remarks))


def _correlation(rule: Rule, own: Own, index: Index) -> Rule:
    document = own.document
    rule = replace(rule, counts=_counting(document), group_by=_group_by(document))
    known = [each for each in own.counted if _is_cloudtrail(each)]
    remarks: list[str] = []
    if len(known) < len(own.counted):
        remarks.append("it counts rules of other logs, too")
    missing = [name for name in _references(document) if index.find(name, document) is None]
    if missing:
        reason = f"it counts {missing[0]}, which the files hold no rule for"
        return replace(rule, not_judged=reason)
    parts: list[Expression] = []
    for each in known:
        base = _plain(replace(rule, counts=None), Own(each), index)
        if not isinstance(base.test, Predicate):
            return replace(rule, not_judged=f"of {each.title!r}: {base.not_judged}")
        parts.append(base.test.condition)
        remarks += base.remarks
    test = Predicate(either(*parts), SPELLING, FUNCTIONS)
    return replace(rule, test=test, remarks=tuple(dict.fromkeys(remarks)))


def condition_of(document: Document, key: str) -> Expression:
    """What the detections of `detection` or `filter` ask for, put together by their condition.

    Raises:
        NotJudged: something in it is not modelled.
        Unreadable: it breaks the format.
    """
    body = child(document.node, key)
    if not isinstance(body, yaml.MappingNode):
        raise Unreadable(document.place(body), f"`{key}` is no map")
    where = child(body, "condition")
    written = texts_of(where)
    if not written:
        raise Unreadable(document.place(where or body), f"`{key}` has no condition")
    named = {
        name: value
        for name, _, value in items(body)
        if name not in ("condition", "rules", "timeframe")
    }
    try:
        return either(*(_resolved(each, named) for each in written))
    except conditions.Unparsable as error:
        raise Unreadable(document.place(where), str(error)) from None


def _resolved(written: str, named: Mapping[str, yaml.Node]) -> Expression:
    made: dict[str, Expression] = {}
    left = _MOST_DETECTIONS

    def made_of(name: str) -> Expression:
        nonlocal left
        left -= 1
        if left < 0:
            raise NotJudged(f"its condition names detections more than {_MOST_DETECTIONS:,} times")
        if name not in made:
            made[name] = detection(named[name])
        return made[name]

    return conditions.resolved(conditions.parse(written), tuple(named), made_of)


def _is_cloudtrail(document: Document) -> bool:
    if document.kind == "correlation":
        return True
    source = child(document.node, "logsource")
    product, service = (text_of(child(source, key)) for key in ("product", "service"))
    if (product or "aws").lower() != "aws":
        return False
    if service is None:
        return product is not None and child(source, "category") is None
    return service.lower() == "cloudtrail"


def _applies(filter_: Document, document: Document) -> bool:
    """Whether a filter is applied to a rule: the log source fits, and it names the rule or any."""
    wanted = child(filter_.node, "logsource")
    own = child(document.node, "logsource")
    for key in ("category", "product", "service"):
        asked = text_of(child(wanted, key))
        if asked is not None and asked != text_of(child(own, key)):
            return False
    rules = at(filter_.node, "filter", "rules")
    names = texts_of(rules)
    if isinstance(rules, yaml.SequenceNode) and not names:
        return True
    if isinstance(rules, yaml.ScalarNode) and names and names[0].lower() == "any":
        return True
    return any(name in names for name in document.names)


def _filter_remark(filter_: Document) -> str:
    return f"the filter {filter_.title!r} of {filter_.source.path} is applied to it"


def _is_negative(condition: Expression) -> bool:
    return isinstance(condition, Call) and next(excluded(condition), None) is not None


def _references(document: Document) -> tuple[str, ...]:
    """What a correlation counts by name: its list, less what its condition wants to be absent."""
    body = child(document.node, "correlation")
    where = child(body, "condition")
    if isinstance(where, yaml.ScalarNode):
        try:
            parsed = conditions.parse(str(where.value))
        except conditions.Unparsable as error:
            raise Unreadable(document.place(where), str(error)) from None
        except NotJudged:
            return texts_of(child(body, "rules"))
        return tuple(dict.fromkeys(_present(parsed)))
    return texts_of(child(body, "rules"))


def _present(condition: conditions.Condition) -> Iterator[str]:
    waiting = [(condition, True)]
    while waiting:
        each, wanted = waiting.pop()
        if isinstance(each, conditions.Joined):
            turned = wanted if each.operator != "not" else not wanted
            waiting.extend((part, turned) for part in reversed(each.parts))
        elif isinstance(each, conditions.Name) and wanted:
            yield each.name


def _counted(document: Document, index: Index, seen: tuple[str, ...] = ()) -> list[Document]:
    """The rules that a correlation counts, those of correlations that it counts among them."""
    found: list[Document] = []
    for name in _references(document):
        each = index.find(name, document)
        if each is None or name in seen or len(seen) > _MOST_CORRELATED:
            continue
        if each.kind == "correlation":
            found += _counted(each, index, (*seen, name))
        else:
            found.append(each)
    return list({each.key: each for each in found}.values())


def _counts_alone(correlation: Document, document: Document, index: Index) -> bool:
    """Whether the correlation counts the rule, and converters leave out the rule itself."""
    if (correlation.text("correlation", "generate") or "").lower() == "true":
        return False
    listed = texts_of(at(correlation.node, "correlation", "rules")) or _references(correlation)
    return any(
        name in listed and index.find(name, correlation) is not None for name in document.names
    )


def _counting(document: Document) -> str:
    body = child(document.node, "correlation")
    kind = text_of(child(body, "type")) or "correlation"
    span = text_of(child(body, "timespan")) or "no time span"
    where = child(body, "condition")
    if isinstance(where, yaml.ScalarNode):
        return f"{kind} within {span}: {' '.join(str(where.value).split())}"
    told = " ".join(f"{key} {' '.join(texts_of(value))}" for key, _, value in items(where))
    return f"{kind} within {span}: {told}" if told else f"{kind} within {span} of all its rules"


def _group_by(document: Document) -> tuple[str, ...]:
    body = child(document.node, "correlation")
    aliases = child(body, "aliases")
    found: list[str] = []
    for name in texts_of(child(body, "group-by")):
        spelt = [text_of(value) for _, _, value in items(child(aliases, name))]
        found += [each for each in spelt if each] or [name]
    return tuple(dict.fromkeys(found))


def _text(document: Document, node: yaml.Node | None) -> str:
    if node is None:
        return ""
    text = document.source.text[node.start_mark.index : node.end_mark.index].rstrip()
    margin = " " * node.start_mark.column
    return "\n".join(line.removeprefix(margin) for line in text.splitlines())


def _shared(correlation: Document, counted: Sequence[Document], index: Index) -> str | None:
    """Why the rules that a correlation counts cannot be changed for its sake alone."""
    for each in counted:
        if each.source.path != correlation.source.path:
            return f"it counts {each.title!r} of {each.source.path}: change that rule"
        if not _counts_alone(correlation, each, index):
            return f"it counts {each.title!r}, which alerts beside it: change that rule"
        for other in index.correlations:
            if other.key != correlation.key and each.key in [
                one.key for one in _counted(other, index)
            ]:
                return f"it counts {each.title!r}, which {other.title!r} counts too"
    return None
