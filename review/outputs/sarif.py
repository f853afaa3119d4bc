"""Findings as SARIF 2.1.0, within the limits of GitHub's code scanning.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning
"""

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec

from ...errors import Place
from ..finding import KINDS, LEVELS
from ..reading import Problem
from ..report import NOT_JUDGED, Report, Told
from .advice import ADVICE
from .text import cut, plain, sentence

Node = dict[str, Any]

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
ROOT = "%SRCROOT%"
MAX_RESULTS = 25_000
"""GitHub takes no more results of one run."""
MAX_BYTES = 20_000_000
"""A larger file is cut down to this: what is left out is told by a notification."""
MAX_MESSAGE = 1_000
"""GitHub shows no more letters of a message."""
MAX_NOTIFICATIONS = 5_000
_CUT = " … (cut: `cascade review --rule` tells all of it)"
_SPARE = 10_000  # for what says that something was left out
_UNREADABLE = "unreadable"
_LEFT_OUT = "left-out"


def sarif(report: Report, root: Path) -> str:
    """One run. Files below `root` are named from there, as the root of the repository; others by their whole path.

    A rule that was not judged and a file that could not be read is a notification, no result: nothing is known of it.
    """
    results = [each for each in report.told if each.finding.kind != NOT_JUDGED]
    run = _run(report)
    room = MAX_BYTES - len(_json(run)) - _SPARE
    kept, used = _fitting([_result(each, report, root) for each in results], results, room)
    notifications, shown = _notifications(report, root, room - used)
    left_out = [
        f"{count:,} {what} are left out, since the file would be too large; the other outputs have them"
        for what, count in (
            ("findings", len(results) - len(kept)),
            ("notifications", len(report.found.problems) + report.counts.not_judged - shown),
        )
        if count
    ]
    notifications += [_notification(_LEFT_OUT, "warning", words) for words in left_out]
    run["invocations"] = [
        {"executionSuccessful": True, "toolExecutionNotifications": notifications}
    ]
    run["results"] = kept
    return _json({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}) + "\n"


def _json(node: Node) -> str:
    return json.dumps(node, ensure_ascii=False, separators=(",", ":"))


def _run(report: Report) -> Node:
    return {
        "tool": {
            "driver": {
                "name": "cloudcascade",
                "version": report.version,
                "rules": [_descriptor(kind) for kind in KINDS if kind != NOT_JUDGED],
                "notifications": [
                    _descriptor(NOT_JUDGED),
                    _bare(_UNREADABLE, "The file could not be read as a rule."),
                    _bare(_LEFT_OUT, "Something is left out of this file."),
                ],
                "properties": {"catalog": report.catalog_version},
            }
        },
        "automationDetails": {"id": "cascade-review/"},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {
            ROOT: {"description": {"text": "The root of the repository, or the working directory."}}
        },
        "properties": {
            "counts": msgspec.to_builtins(report.counts),
            "fixed": [each.fingerprint for each in report.fixed],
        },
    }


def _bare(name: str, text: str) -> Node:
    return {"id": name, "shortDescription": {"text": text}}


def _descriptor(kind: str) -> Node:
    advice = ADVICE[kind]
    return {
        "id": kind,
        "name": advice.title,
        "shortDescription": {"text": f"{advice.title}."},
        "fullDescription": {"text": f"{KINDS[kind][0].upper()}{KINDS[kind][1:]}."},
        "help": {"text": advice.help},
        "properties": {"tags": ["detection-engineering", "cloudtrail"]},
    }


def _result(told: Told, report: Report, root: Path) -> Node:
    finding, rule = told.finding, told.of.rule
    kinds = [kind for kind in KINDS if kind != NOT_JUDGED]
    text = f"{plain(rule.title)}: {sentence(finding.message, finding.remedy)}"
    state = {} if report.baseline is None else {"baselineState": _state(told)}
    return {
        "ruleId": finding.kind,
        "ruleIndex": kinds.index(finding.kind),
        "level": finding.level,
        "message": {"text": cut(text, MAX_MESSAGE, _CUT)},
        "locations": [_location(finding.place, root)],
        # GitHub looks at the first alone: https://github.com/github/codeql-action/blob/main/src/fingerprints.ts
        "partialFingerprints": {
            "primaryLocationLineHash": told.key,
            "cloudcascadeFinding/v1": finding.fingerprint,
        },
        **state,
        "properties": {
            "rule": plain(finding.rule),
            "format": rule.format,
            "about": plain(finding.about),
            "remedy": plain(finding.remedy),
            **({"severity": plain(rule.severity)} if rule.severity else {}),
            **({"details": _builtins(finding.details)} if finding.details else {}),
        },
    }


def _builtins(details: object) -> Any:
    return msgspec.to_builtins(details, str_keys=True)


def _state(told: Told) -> str:
    return "new" if told.new else "unchanged"


def _location(place: Place, root: Path) -> Node:
    # GitHub refuses a location without a line; one of a whole file is told at its first.
    region = {"startLine": max(place.line, 1)}
    if place.line and place.column:
        region["startColumn"] = place.column
    return {"physicalLocation": {"artifactLocation": _artifact(place.file, root), "region": region}}


def _artifact(file: str, root: Path) -> Node:
    path = Path(os.path.abspath(file))
    try:
        return {"uri": quote(os.fsencode(path.relative_to(root.resolve()))), "uriBaseId": ROOT}
    except ValueError:
        return {"uri": path.as_uri()}


def _fitting(nodes: Sequence[Node], told: Sequence[Told], room: int) -> tuple[list[Node], int]:
    """What has room, in order, and the bytes it takes. New findings come first, and of these the gravest."""
    order = sorted(
        range(len(nodes)),
        key=lambda at: (not told[at].new, LEVELS.index(told[at].finding.level)),
    )
    kept: list[int] = []
    used = 0
    for at in order[:MAX_RESULTS]:
        size = _size(nodes[at])
        if used + size <= room:
            used += size
            kept.append(at)
    return [nodes[at] for at in sorted(kept)], used


def _size(node: Node) -> int:
    return len(_json(node).encode("utf-8", "backslashreplace")) + 1


def _notifications(report: Report, root: Path, room: int) -> tuple[list[Node], int]:
    kept: list[Node] = []
    for node in _all_notifications(report, root):
        room -= _size(node)
        if room < 0 or len(kept) == MAX_NOTIFICATIONS:
            break
        kept.append(node)
    return kept, len(kept)


def _all_notifications(report: Report, root: Path) -> Iterator[Node]:
    for problem in report.found.problems:
        yield _of_problem(problem, root)
    for of in report.reviewed:
        if of.not_judged is not None:
            text = f"{plain(of.rule.title)}: not judged: {plain(of.not_judged)}"
            yield _notification(NOT_JUDGED, "note", text, _location(of.rule.place, root))


def _of_problem(problem: Problem, root: Path) -> Node:
    text = f"not read: {plain(problem.reason)}"
    return _notification(_UNREADABLE, "warning", text, _location(problem.place, root))


def _notification(name: str, level: str, text: str, location: Node | None = None) -> Node:
    return {
        "descriptor": {"id": name},
        "level": level,
        "message": {"text": cut(text, MAX_MESSAGE, _CUT)},
        **({"locations": [location]} if location else {}),
    }
