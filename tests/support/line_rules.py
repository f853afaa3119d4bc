"""A format of rules with one rule a line, so that what is told names lines, and texts may be hostile.

{"rules": [{"id": "r1", "title": "A user goes", "event": "DeleteUser", "source": "iam.amazonaws.com"}]}
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from cloudcascade.catalog import load_catalog
from cloudcascade.cli import review as command
from cloudcascade.errors import Place
from cloudcascade.review import (
    Exclusion,
    Format,
    NoFix,
    Patch,
    Predicate,
    Repository,
    Rule,
    Source,
    Spelling,
    Unreadable,
)
from cloudcascade.review.expression import Call, Field, Literal, both

EVIL = "</script><img src=x onerror=alert(1)> | `@octocat` #1 **x** $y$ \u202e\x1b[2J\x00\udc80'\"&<!-- https://evil.example"


def _value(record: Mapping[str, Any], name: str) -> Any:
    found: Any = record
    for part in name.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


SPELLING = Spelling("lines", _value, lambda name: name)
FUNCTIONS = {"is": lambda value, wanted: None if value is None else value == wanted}


def rule_of(path: str, text: str, line: int, given: Mapping[str, Any]) -> Rule:
    """A rule by what the file says of it. With `unjudged` it cannot be executed."""
    parts = [Call("is", (Field("eventName", line), Literal(given["event"], line)), line)]
    if "source" in given:
        parts.append(Call("is", (Field("eventSource", line), Literal(given["source"], line)), line))
    reason = given.get("unjudged")
    return Rule(
        id=given["id"],
        title=given["title"],
        format="lines",
        source=Source(path, text),
        place=Place(path, line, 1),
        severity=given.get("severity"),
        query=given["event"],
        test=None if reason else Predicate(both(*parts), SPELLING, FUNCTIONS),
        not_judged=reason,
        about_cloudtrail=given.get("cloudtrail", True),
    )


def _read(source: Source, repository: Repository) -> Iterable[Rule]:
    try:
        given = json.loads(source.text)["rules"]
    except json.JSONDecodeError as error:
        raise Unreadable(Place(source.path, error.lineno, error.colno), error.msg) from error
    lines = source.text.splitlines()
    for each in given:
        line = next(at for at, text in enumerate(lines, 1) if json.dumps(each["id"]) in text)
        yield rule_of(source.path, source.text, line, each)


def _exclude(rule: Rule, exclusions: Sequence[Exclusion]) -> Patch:
    raise NoFix("this format cannot")


LINES = Format(
    name="lines",
    title="Lines",
    suffixes=(".json",),
    claims=lambda source: '"rules"' in source.text,
    read=_read,
    exclude=_exclude,
)


def only_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have this be the one format that there is."""
    for module in ("reading", "registry"):
        monkeypatch.setattr(f"cloudcascade.review.{module}.formats", lambda: (LINES,))
    monkeypatch.setattr("cloudcascade.review.formats", lambda: (LINES,))


def write_rules(path: Path, *rules: Mapping[str, Any]) -> Path:
    """A file of rules, one a line."""
    lines = ",\n".join(json.dumps(each) for each in rules)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'{{"rules": [\n{lines}\n]}}\n')
    return path


SOME = ("aws.iam.delete-user", "aws.iam.mfa-replace-device", "aws.ec2.delete-vpc")


def small_catalogue(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have `cascade review` know three cascades, and no service models: half a minute becomes a part of a second."""
    whole = load_catalog()
    part = type(whole)(**{
        **{name: getattr(whole, name) for name in whole.__dataclass_fields__},
        "cascades": tuple(whole.get(each) for each in SOME),
    })  # fmt: skip
    monkeypatch.setattr(command, "open_catalog", lambda overlays: part)
    monkeypatch.setattr(command, "_models", lambda: None)
