"""Sigma's detections as expressions. pySigma applies the modifiers, and the YAML says on which line a value stands.

https://sigmahq.io/sigma-specification/specification/sigma-appendix-modifiers.html
"""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import yaml
from yaml.constructor import SafeConstructor

from ....exporters.explained_table import TABLE
from ...errors import NotJudged
from ...expression import Call, Expression, Field, Literal, Value, both, either, negated
from ...members import OBJECTS, is_member
from ...rule import EXPLAINED
from .matching import bounded

if TYPE_CHECKING:
    from sigma.types import SigmaType

EVERYTHING = "*"
"""The field of keywords: every value of a record."""
_MOST_VALUES = 20_000
_MOST_DASHES = 4
# What pySigma lets through of values that are not of the kind a modifier takes.
_REFUSED = (
    AttributeError,
    IndexError,
    OverflowError,
    RecursionError,
    TypeError,
    ValueError,
    re.error,
)


def detection(node: yaml.Node) -> Expression:
    """A detection: a map is all of its items, a list one of its own.

    Raises:
        NotJudged: it asks for something that is not in a record, or in a way that is not modelled.
    """
    if isinstance(node, yaml.MappingNode):
        if not node.value:
            raise NotJudged("a detection is empty")
        return both(*(_item(str(key.value), key, value) for key, value in node.value))
    if isinstance(node, yaml.SequenceNode) and not all(
        isinstance(each, yaml.ScalarNode) for each in node.value
    ):
        return either(*(detection(each) for each in node.value))
    return _item(None, node, node)


def _item(key: str | None, start: yaml.Node, node: yaml.Node) -> Expression:
    from sigma.conditions import ConditionAND
    from sigma.exceptions import SigmaError
    from sigma.rule import SigmaDetectionItem

    nodes: Sequence[yaml.Node] = node.value if isinstance(node, yaml.SequenceNode) else [node]
    if len(nodes) > _MOST_VALUES:
        raise NotJudged(f"a list of {len(nodes):,} values is too long")
    line = start.start_mark.line + 1
    if not nodes:
        if not key or "|" in key:
            raise NotJudged("a list of values is empty")
        return Call("is_null", (Field(_known(key), line),), line)
    constructor = SafeConstructor()
    values = [_plain(each, constructor) for each in nodes]
    if key and "windash" in key.split("|"):
        _require_few_dashes(values)
    try:
        item = SigmaDetectionItem.from_mapping(key, values)
    except (SigmaError, *_REFUSED) as error:
        raise NotJudged(f"pySigma refuses {key or 'a keyword'!r}: {error}") from None
    where = Field(_known(item.field), line) if item.field else Field(EVERYTHING, line)
    # A modifier makes one value of one, which may hold several.
    lines = [each.start_mark.line + 1 for each in nodes]
    if len(lines) != len(item.value):
        lines = [line] * len(item.value)
    parts = [_test(where, value, at) for value, at in zip(item.value, lines, strict=True)]
    found = both(*parts) if item.value_linking is ConditionAND else either(*parts)
    return negated(found) if item.negated else found


def _require_few_dashes(values: Sequence[Any]) -> None:
    """Every dash is five, in every combination."""
    if any(len(re.findall(r"\B[-/]\b", str(each))) > _MOST_DASHES for each in values):
        raise NotJudged(f"windash makes too many values of more than {_MOST_DASHES} dashes")


def _plain(node: yaml.Node, constructor: SafeConstructor) -> Any:
    if not isinstance(node, yaml.ScalarNode):
        raise NotJudged("a field's value holds a list or a map")
    try:
        value = constructor.construct_object(node)
    except (yaml.YAMLError, ValueError, OverflowError):
        raise NotJudged(f"{node.value[:80]!r} is no value") from None
    # A date or a time that nobody quoted.
    return value if isinstance(value, str | int | float | None) else str(node.value)


def _known(name: str) -> str:
    if not is_member(name):
        raise NotJudged(f"it reads the field {name}, which CloudTrail does not write")
    return name


def _test(where: Field, value: "SigmaType", line: int) -> Expression:
    from sigma import types

    keyword = where.name == EVERYTHING

    def call(function: str, *arguments: Value) -> Expression:
        return Call(function, (where, *(Literal(each, line) for each in arguments)), line)

    match value:
        case types.SigmaString():
            return _text(where, value, line)
        case types.SigmaBool():
            return call("equals_truth", value.boolean)
        case types.SigmaTimestampPart():
            raise NotJudged(f"it depends on the time of day or the date: {where.name}")
        case types.SigmaNumber():
            return (
                call("keyword", str(value.number))
                if keyword
                else call("equals_number", value.number)
            )
        case types.SigmaNull():
            return call("is_null")
        case types.SigmaExists():
            return call("exists") if value.exists else negated(call("exists"))
        case types.SigmaRegularExpression():
            _no_object(where)
            pattern = str(value.regexp.original or value.regexp.to_plain_regex())
            if any(isinstance(part, types.Placeholder) for part in value.regexp.s):
                raise NotJudged("a placeholder in a regular expression is filled in by a pipeline")
            flags = 0
            for flag in value.flags:
                flags |= int(value.sigma_to_python_flags[flag])
            bounded(pattern, flags)
            return call("re", pattern, flags)
        case types.SigmaCIDRExpression():
            return call("cidr", value.cidr)
        case types.SigmaCompareExpression():
            if isinstance(value.number, types.SigmaTimestampPart):
                raise NotJudged(f"it depends on the time of day or the date: {where.name}")
            return call(value.op.name.lower(), value.number.number)
        case types.SigmaFieldReference():
            other = Field(_known(value.field), line)
            flags_of = (Literal(value.starts_with), Literal(value.ends_with))
            return Call("fieldref", (where, other, *flags_of), line)
        case types.SigmaExpansion():
            return either(*(_test(where, each, line) for each in value.values))
    raise NotJudged(f"a value of the kind {type(value).__name__} is not modelled")


def _text(where: Field, value: Any, line: int) -> Expression:
    from sigma import types

    placeholders = [part.name for part in value.s if isinstance(part, types.Placeholder)]
    if placeholders:
        if placeholders == [TABLE] and len(value.s) == 1 and where.name == "eventID":
            return Call("explained", (Field(EXPLAINED, where.line),), line)
        raise NotJudged(f"the placeholder %{placeholders[0]}% is filled in by a pipeline")
    function = "keyword" if where.name == EVERYTHING else "matches"
    if isinstance(value, types.SigmaCasedString):
        function += "_cased"
    written = _written(value)
    if written and not _is_word(value):
        _no_object(where)
    return Call(function, (where, Literal(written, line)), line)


def _written(value: Any) -> str:
    from sigma import types

    wild = {types.SpecialChars.WILDCARD_MULTI: "*", types.SpecialChars.WILDCARD_SINGLE: "?"}
    return "".join(
        re.sub(r"([\\*?])", r"\\\1", part) if isinstance(part, str) else wild[part]
        for part in value.s
    )


def _is_word(value: Any) -> bool:
    """Whether it is `*word*`, which an object holds or not however it is written."""
    parts = value.s
    return (
        len(parts) == 3
        and isinstance(parts[1], str)
        and re.fullmatch(r"[\w./-]+", parts[1]) is not None
    )


def _no_object(where: Field) -> None:
    if where.name in OBJECTS:
        raise NotJudged(
            f"it compares the object {where.name} as a text, which every platform writes otherwise"
        )
