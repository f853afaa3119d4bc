"""A format of rules for tests: a JSON list of rules in CloudTrail's own spelling.

A rule is `{"id", "severity", "all": [[path, value, ...], ...], "unless": [...], "explained": bool}`: every line of
`all` and none of `unless` holds. `*` stands for any text, a line without values for a missing member.
"""

import json
from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Any

from cloudcascade.errors import Place
from cloudcascade.review import (
    EXPLAINED,
    Exclusion,
    Format,
    Patch,
    Predicate,
    Repository,
    Rule,
    Source,
    Spelling,
    Unreadable,
)
from cloudcascade.review.expression import Call, Expression, Field, Literal, both, negated


def _value(record: Any, name: str) -> Any:
    if name == EXPLAINED:
        return record.get(EXPLAINED)
    for part in name.split("."):
        record = record.get(part) if isinstance(record, dict) else None
    return record


def _matches(value: Any, *patterns: str) -> bool:
    if not patterns:
        return value is None
    return isinstance(value, str) and any(fnmatchcase(value, pattern) for pattern in patterns)


RAW = Spelling("raw", _value, lambda name: name)
FUNCTIONS = {"matches": _matches, "present": lambda value: value is True}


def line(path: str, *values: str) -> Expression:
    """One line of a rule."""
    return Call("matches", (Field(path), *(Literal(value) for value in values)))


def rule(
    all_of: Sequence[Sequence[str]],
    unless: Sequence[Sequence[str]] = (),
    *,
    explained: bool = False,
    source: Source | None = None,
    **changed: Any,
) -> Rule:
    """A rule of these lines."""
    condition = both(*(line(*each) for each in all_of), *(negated(line(*each)) for each in unless))
    if explained:
        condition = both(condition, negated(Call("present", (Field(EXPLAINED),))))
    given: dict[str, Any] = {
        "id": "toy",
        "title": "Toy",
        "format": "toy",
        "source": source or Source("toy.json", "[]"),
        "place": Place("toy.json", 1, 1),
        "test": Predicate(condition, RAW, FUNCTIONS),
    }
    return Rule(**{**given, **changed})


def read(source: Source, repository: Repository) -> list[Rule]:
    """The rules of a file."""
    try:
        listed = json.loads(source.text)
    except ValueError as error:
        raise Unreadable(Place(source.path, 1, 1), str(error)) from error
    return [
        rule(
            each["all"],
            each.get("unless", ()),
            explained=each.get("explained", False),
            source=source,
            id=each["id"],
            severity=each.get("severity"),
            place=Place(source.path, 1, 1),
            about_cloudtrail=each.get("about", "cloudtrail") == "cloudtrail",
        )
        for each in listed
    ]


def exclude(rule: Rule, exclusions: Sequence[Exclusion]) -> Patch:
    """The file with the exclusions: each is one line of `unless`, and only of one term."""
    listed = json.loads(rule.source.text)
    mine = next(each for each in listed if each["id"] == rule.id)
    for each in exclusions:
        if each.explained:
            mine["explained"] = True
        else:
            term = next(term for term in each.terms if term.path == "userIdentity.invokedBy")
            mine.setdefault("unless", []).append([term.path, *term.values])
    return Patch(json.dumps(listed))


TOY = Format(
    name="toy",
    title="Toy",
    suffixes=(".json",),
    claims=lambda source: '"all"' in source.text,
    read=read,
    exclude=exclude,
)
