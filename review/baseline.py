"""Findings that are known already: a file of them, one a line, so that a difference of two versions reads well."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..errors import Place
from .errors import Unreadable
from .finding import LEVELS, Finding, Level

MOST_BYTES = 64 * 1024 * 1024
_VERSION = 1
_FINGERPRINT = re.compile("[0-9a-f]{20}")


@dataclass(frozen=True, slots=True, order=True)
class Held:
    """A finding that a baseline holds. The fingerprint alone says which one it is; the rest is for people."""

    rule: str
    kind: str
    about: str
    level: Level
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Baseline:
    """What a baseline file holds. A finding that two rules of one id have stands in it twice."""

    path: str
    held: tuple[Held, ...]


def read_baseline(path: Path) -> Baseline:
    """The baseline in a file.

    Raises:
        Unreadable: it is no baseline; the place is where that shows.
        OSError: the file cannot be read.
    """
    file = str(path)
    if path.stat().st_size > MOST_BYTES:
        raise Unreadable(Place(file), f"more than {MOST_BYTES:,} bytes are too many for a baseline")
    try:
        text = path.read_text(encoding="utf-8")
        document = json.loads(text)
    except UnicodeDecodeError as error:
        raise Unreadable(Place(file), f"it is no UTF-8 text: byte {error.start}") from None
    except json.JSONDecodeError as error:
        place = Place(file, error.lineno, error.colno)
        raise Unreadable(place, f"it is no JSON: {error.msg}") from None
    except RecursionError:
        raise Unreadable(Place(file), "it is nested too deeply") from None
    if not isinstance(document, dict) or not isinstance(document.get("findings"), list):
        raise Unreadable(
            Place(file, 1, 1), "it is no baseline; `cascade review --write-baseline` writes one"
        )
    if document.get("version") != _VERSION:
        raise Unreadable(
            Place(file, 1, 1),
            f"this program reads baselines of version {_VERSION}, and this one is of another: write it anew",
        )
    return Baseline(file, tuple(_held(document["findings"], text, file)))


def _held(entries: Sequence[Any], text: str, file: str) -> Iterator[Held]:
    for number, entry in enumerate(entries):
        fault = _fault(entry)
        if fault is not None:
            raise Unreadable(Place(file, _line(text, number), 1), fault)
        yield Held(**{name: entry[name] for name in Held.__dataclass_fields__})


def _fault(entry: Any) -> str | None:
    if not isinstance(entry, dict):
        return "a finding is an object"
    for name in Held.__dataclass_fields__:
        if not isinstance(entry.get(name), str):
            return f"a finding has a text {name!r}"
    if not _FINGERPRINT.fullmatch(entry["fingerprint"]):
        return "a fingerprint is 20 hexadecimal digits"
    if entry["level"] not in LEVELS:
        return f"a level is one of {', '.join(LEVELS)}"
    return None


def _line(text: str, number: int) -> int:
    """The line on which the element of that number in the list of findings begins."""
    at = text.index("[", text.index('"findings"')) + 1
    decoder = json.JSONDecoder()
    while True:
        at += len(text[at:]) - len(text[at:].lstrip(" \t\r\n,"))
        if not number:
            return text.count("\n", 0, at) + 1
        _, at = decoder.raw_decode(text, at)
        number -= 1


def baseline_text(findings: Iterable[Finding]) -> str:
    """A baseline of these findings, sorted, one a line."""
    held = sorted(
        Held(each.rule, each.kind, each.about, each.level, each.fingerprint) for each in findings
    )
    lines = ",\n".join(json.dumps(asdict(each)) for each in held)
    body = f"[\n{lines}\n]" if lines else "[]"
    return f'{{\n"version": {_VERSION},\n"findings": {body}\n}}\n'


def known(findings: Sequence[Finding], baseline: Baseline) -> list[bool]:
    """Of each finding whether the baseline holds it. It holds no more of a fingerprint than it has entries of it."""
    left = Counter(each.fingerprint for each in baseline.held)
    told = []
    for finding in findings:
        told.append(left[finding.fingerprint] > 0)
        left[finding.fingerprint] -= 1
    return told


def gone(findings: Sequence[Finding], baseline: Baseline) -> list[Held]:
    """What the baseline holds and is not among the findings."""
    left = Counter(each.fingerprint for each in findings)
    told = []
    for held in baseline.held:
        if not left[held.fingerprint]:
            told.append(held)
        else:
            left[held.fingerprint] -= 1
    return told
