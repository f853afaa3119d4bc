"""Findings as lines of JSON: one for each rule, then one that sums up. `cascade schema review` has the schema."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from ...errors import Place
from ..baseline import Held
from ..finding import Aim, Fired, Level, Reviewed, SideEffect
from ..report import Counts, Report, Told


@dataclass(frozen=True, slots=True)
class FindingLine:
    """A finding of a rule."""

    kind: str
    level: Level
    about: str
    message: str
    remedy: str
    line: int
    fingerprint: str
    new: bool
    details: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleDocument:
    """A rule that was reviewed."""

    document: Literal["rule"] = "rule"
    id: str
    title: str
    format: str
    file: str
    line: int
    severity: str | None
    not_judged: str | None
    aim: Aim | None
    actions: int
    counts: str | None
    remarks: Sequence[str]
    side_effects: Sequence[SideEffect]
    findings: Sequence[FindingLine]
    log: Fired | None


@dataclass(frozen=True, slots=True)
class ProblemLine:
    """A file that could not be read."""

    file: str
    line: int
    column: int
    reason: str


@dataclass(frozen=True, slots=True)
class LevelLine:
    """How many findings of a level there are, and how many of them are new."""

    findings: int
    new: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SummaryDocument:
    """What the review comes to: the last line."""

    document: Literal["summary"] = "summary"
    version: str
    catalog: str
    files: int
    other_rules: int
    baseline: str | None
    totals: Counts
    by_format: Mapping[str, Counts]
    not_judged: Mapping[str, int]
    levels: Mapping[Level, LevelLine]
    fixed: Sequence[Held]
    not_seen: Sequence[Held]
    problems: Sequence[ProblemLine]


def ndjson(report: Report) -> Iterator[str]:
    """The lines, each with its end."""
    for of, told in report.by_rule:
        yield _line(_rule(of, told))
    yield _line(_summary(report))


def _line(document: RuleDocument | SummaryDocument) -> str:
    data = msgspec.to_builtins(document, str_keys=True)
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")) + "\n"


def _rule(of: Reviewed, told: Sequence[Told]) -> RuleDocument:
    rule = of.rule
    return RuleDocument(
        id=rule.id,
        title=rule.title,
        format=rule.format,
        file=rule.place.file,
        line=rule.place.line,
        severity=rule.severity,
        not_judged=of.not_judged,
        aim=of.aim,
        actions=of.actions,
        counts=rule.counts,
        remarks=rule.remarks,
        side_effects=of.side_effects,
        findings=[_finding(each) for each in told],
        log=of.log,
    )


def _finding(told: Told) -> FindingLine:
    each = told.finding
    return FindingLine(
        each.kind, each.level, each.about, each.message, each.remedy, each.place.line, each.fingerprint,
        told.new, each.details,
    )  # fmt: skip


def _problem(place: Place, reason: str) -> ProblemLine:
    return ProblemLine(place.file, place.line, place.column, reason)


def _summary(report: Report) -> SummaryDocument:
    return SummaryDocument(
        version=report.version,
        catalog=report.catalog_version,
        files=report.found.files,
        other_rules=report.found.others,
        baseline=None if report.baseline is None else report.baseline.path,
        totals=report.counts,
        by_format=report.by_format,
        not_judged=report.reasons,
        levels={
            level: LevelLine(count, report.new[level]) for level, count in report.levels.items()
        },
        fixed=report.fixed,
        not_seen=report.not_seen,
        problems=[_problem(each.place, each.reason) for each in report.found.problems],
    )
