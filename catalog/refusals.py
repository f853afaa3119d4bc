"""What pydantic says of a document, in the words of the file format and at a place in the file."""

import re
from collections.abc import Iterable
from difflib import get_close_matches
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from .document import Document, Loc, nulls
from .findings import Finding
from .terms import (
    ACTION_PATTERN,
    ACTOR_PATTERN,
    CASCADE_ID_PATTERN,
    FIELD_PATH_PATTERN,
    KEY_NAME_PATTERN,
    NODE_NAME_PATTERN,
    TECHNIQUE_PATTERN,
)

# As many as help; a file of another kind altogether would have thousands.
MAX_REFUSALS = 50

ModelT = TypeVar("ModelT", bound=BaseModel)

# What a text looks like that matches.
_PATTERNS = {
    ACTION_PATTERN: "an action is `service:EventName`, such as iam:DeleteUser",
    ACTOR_PATTERN: "an actor is same, same-role, any, or service:<principal>",
    CASCADE_ID_PATTERN: "an id is provider.service.name in lower case, such as aws.iam.delete-user",
    FIELD_PATH_PATTERN: "a field path is names joined by dots, such as requestParameters.userName",
    KEY_NAME_PATTERN: "a key's name is lower case letters, digits and _",
    NODE_NAME_PATTERN: "a name is letters, digits and any of : _ -",
    TECHNIQUE_PATTERN: "a technique is an ATT&CK id, such as T1556.006",
}

_KINDS = {
    "string_type": "must be text",
    "tuple_type": "must be a list",
    "dict_type": "must be a mapping",
    "model_type": "must be a mapping",
    "int_type": "must be a duration, such as 60m",
    "bool_type": "must be true or false",
    "scalar_type": "must be text, a whole number, true or false",
    "less_than_equal": "is longer than 31d",
}


def validate(model: type[ModelT], document: Document) -> tuple[ModelT | None, list[Finding]]:
    """The document as a `model`, or else what keeps it from being one."""
    empty = set(nulls(document.data))
    findings = [
        _finding(document, loc, "empty-field", "has no value: give it one or leave it out")
        for loc in sorted(empty, key=str)[:MAX_REFUSALS]
    ]
    try:
        found = model.model_validate(document.data, by_alias=True, by_name=False)
    except ValidationError as refusal:
        errors = [error for error in refusal.errors() if _in_document(error, document) not in empty]
        return None, sorted([*findings, *_findings(model, document, errors[:MAX_REFUSALS])])
    return (None, sorted(findings)) if findings else (found, [])


def spell(loc: Iterable[str | int]) -> str:
    """How a person writes the path of a part: `effects[0].within.before`."""
    text = ""
    for part in loc:
        if isinstance(part, int):
            text += f"[{part}]"
        elif re.fullmatch(r"[\w-]+", part):
            text += f".{part}" if text else part
        else:
            text += f"[{part!r}]"
    return text


def meant(text: str, known: Iterable[str]) -> str:
    """`; did you mean 'x'?` where one of `known` is close to `text`, or else nothing."""
    matches = get_close_matches(text, sorted(known), n=1, cutoff=0.6)
    return f"; did you mean {matches[0]!r}?" if matches else ""


def _finding(document: Document, loc: Loc, code: str, words: str, *, key: bool = False) -> Finding:
    place = document.key_place(loc) if key else document.place(loc)
    name = spell(loc)
    message = f"{name}: {words}" if name else words
    return Finding(place.file, place.line, place.column, "error", code, message)


def _findings(
    model: type[BaseModel], document: Document, errors: Iterable[ErrorDetails]
) -> Iterable[Finding]:
    by_loc: dict[Loc, ErrorDetails] = {}
    for error in errors:
        # The branches of a union (text, number, true) report one by one: they are one error.
        by_loc.setdefault(_in_document(error, document), error)
    places = set(by_loc)
    for loc, error in by_loc.items():
        # A list whose items were refused is also said to be too short.
        if error["type"] == "too_short" and any(
            other[: len(loc)] == loc and len(other) > len(loc) for other in places
        ):
            continue
        yield _translate(model, document, loc, error)


def _in_document(error: ErrorDetails, document: Document) -> Loc:
    loc = error["loc"]
    if error["type"] == "missing":
        return loc
    part: Any = document.data
    kept: list[str | int] = []
    for step in loc:
        if step == "[key]":
            kept.append(step)
        in_list = isinstance(part, list) and isinstance(step, int) and step < len(part)
        if not in_list and not (isinstance(part, dict) and step in part):
            break
        part = part[step]
        kept.append(step)
    return tuple(kept)


def _translate(
    model: type[BaseModel], document: Document, loc: Loc, error: ErrorDetails
) -> Finding:
    kind, context = error["type"], error.get("ctx", {})
    if kind == "bool_type" and error["loc"] != loc:
        kind = "scalar_type"  # the first branch of text | whole number | true or false
    if kind == "extra_forbidden":
        unknown = str(loc[-1])
        words = f"unknown field {unknown!r}{meant(unknown, _fields(model, loc[:-1]))}"
        return _finding(document, loc[:-1], "unknown-field", words).at(document.key_place(loc))
    if kind == "missing":
        words = f"the field {str(loc[-1])!r} is missing"
        return _finding(document, loc[:-1], "missing-field", words)
    if loc and loc[-1] == "[key]":
        loc = loc[:-1]
        return _finding(document, loc, "bad-value", _words(kind, context, loc[-1]), key=True)
    return _finding(document, loc, "bad-value", _words(kind, context, error["input"]))


def _words(kind: str, context: dict[str, Any], value: object) -> str:
    if kind == "string_pattern_mismatch":
        pattern = context["pattern"]
        return f"{_shown(value)}: {_PATTERNS.get(pattern, f'must match {pattern}')}"
    if kind == "literal_error":
        known = re.findall(r"'([^']*)'", context["expected"])
        hint = meant(value, known) if isinstance(value, str) else ""
        return f"{_shown(value)} is none of {', '.join(known)}{hint}"
    if kind == "value_error":
        return str(context["error"])
    if kind == "too_short":
        least = context["min_length"]
        return f"needs at least {least} {'item' if least == 1 else 'items'}"
    if kind == "string_too_short":
        return "is empty"
    if kind == "string_too_long":
        return f"is longer than {context['max_length']} characters"
    return _KINDS.get(kind, f"cannot be {_shown(value)}")


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    text = repr(value) if isinstance(value, str) else str(value).lower()
    return text if len(text) <= 60 else f"{text[:57]}..."


def _fields(model: type[BaseModel], loc: Loc) -> list[str]:
    """The fields that the mapping at `loc` may have, as the file spells them."""
    found = _type_at(model, loc)
    if found is None:
        return []
    return [info.alias or name for name, info in found.model_fields.items()]


def _type_at(model: type[BaseModel], loc: Loc) -> type[BaseModel] | None:
    kind: Any = model
    for step in loc:
        kind = _bare(kind)
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            by_name = {info.alias or name: info for name, info in kind.model_fields.items()}
            if step not in by_name:
                return None
            kind = by_name[str(step)].annotation
        else:
            arguments = get_args(kind)
            kind = arguments[-1] if get_origin(kind) is dict else (arguments or (None,))[0]
    kind = _bare(kind)
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


def _bare(kind: Any) -> Any:
    """The type behind `Annotated` and `| None`."""
    while True:
        if get_origin(kind) is Annotated:
            kind = get_args(kind)[0]
        elif get_origin(kind) in (Union, UnionType):
            kind = next(part for part in get_args(kind) if part is not type(None))
        else:
            return kind
