"""What a review comes to, for a terminal: the counts, then each rule with what is to be done about it."""

import io
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from rich.console import Console, RenderableType
from rich.text import Text

from ..review import Fired, Reviewed, SideEffect
from ..review.finding import LEVELS, Level
from ..review.report import NOT_JUDGED, Report, Told
from .shown import shown
from .tables import ENDLESS, Column, Paragraph, Table, line_width, table

_FINDINGS = 6  # of one rule, unless it is looked at closely
_ACTIONS = 3
_REASONS = 8
_STYLES: dict[Level, str] = {"error": "bold red", "warning": "yellow", "note": "cyan"}
_TREATMENTS = (
    ("suppress", "may be silenced"),
    ("annotate", "may be labelled"),
    ("never", "must never be silenced"),
)


def write_table(
    out: BinaryIO, report: Report, *, limit: int = 40, wide: bool = False, closely: bool = False
) -> None:
    """Write at most `limit` rules; colours only where `out` is a terminal. `closely`: all that is known of each."""
    text = io.TextIOWrapper(out, "utf-8", errors="backslashreplace", write_through=True)
    width = ENDLESS if wide else line_width(text.isatty())
    console = Console(file=text, width=width, soft_wrap=True, highlight=False)
    parts = _closely(report) if closely else _overview(report, limit)
    try:
        for part in parts:
            console.print(part)
    finally:
        text.detach()


def _overview(report: Report, limit: int) -> Iterator[RenderableType]:
    yield from _summary(report)
    told = [(of, some) for of, all_ in report.by_rule if (some := _to_tell(all_))]
    told.sort(key=lambda pair: LEVELS.index(pair[1][0].finding.level))
    loud = [pair for pair in told if pair[1][0].finding.level != "note"]
    for of, some in loud[:limit]:
        yield from _rule(of, some)
    if (more := len(loud) - limit) > 0:
        yield _dim(f"… and {_many(more, 'more rule')}: --limit shows more, -o review.html all")
    if quiet := len(told) - len(loud):
        have = "has" if quiet == 1 else "have"
        yield _dim(
            f"{_many(quiet, 'rule')} {have} notes only: -f ndjson or -o review.html tells them"
        )
    yield Text("")
    yield from _reasons(report)
    yield from _against(report)
    if loud:
        first = shown(loud[0][0].rule.id)
        yield _dim(
            f"One rule closely: --rule {first}"
            if " " not in first
            else f"One rule closely: --rule {first!r}"
        )


def _to_tell(told: Sequence[Told]) -> list[Told]:
    return [each for each in told if each.new and each.finding.kind != NOT_JUDGED]


def _summary(report: Report) -> Iterator[RenderableType]:
    counts = report.counts
    others = (
        f", and {_many(report.found.others, 'rule')} of other logs left out"
        if report.found.others
        else ""
    )
    files = _many(report.found.files, "file")
    yield Paragraph(Text(f"{_many(counts.rules, 'rule')} about CloudTrail in {files}{others}"))
    if len(report.by_format) > 1:
        rows = _counts_table()
        for name, each in report.by_format.items():
            rows.add_row(name, *_numbers(each))
        rows.add_row("all", *_numbers(counts))
        yield rows
    else:
        yield Paragraph(_figures(report))
        yield Text("")


def _counts_table() -> Table:
    names = (
        "rules",
        "executed",
        "not judged",
        "fire on a side effect",
        "attested only",
        "bypassable",
    )
    return table("format", *(Column(name, justify="right") for name in names))


def _numbers(counts: object) -> tuple[str, ...]:
    names = ("rules", "executed", "not_judged", "firing", "attested_only", "bypassable")
    return tuple(f"{getattr(counts, name):,}" for name in names)


def _figures(report: Report) -> Text:
    counts = report.counts
    return Text.assemble(
        f"{counts.executed:,} executed, ",
        (f"{counts.not_judged:,} not judged", "cyan" if counts.not_judged else ""),
        ", ",
        (f"{counts.firing:,} fire on a side effect", "bold" if counts.firing else ""),
        f" ({counts.attested_only:,} only where AWS attests the caller)",
        (f", {counts.bypassable:,} bypassable", "bold" if counts.bypassable else "")
        if report.bypass_tried
        else "; ways past them were not tried (--bypass)",
    )


def _rule(of: Reviewed, told: Sequence[Told]) -> Iterator[RenderableType]:
    yield Paragraph(Text(shown(of.rule.title), style="bold"), 0, 2)
    yield Paragraph(Text(shown(_place(of)), style="dim"), 2, 2)
    effects = [each for each in told if each.finding.kind == "side-effect"]
    others = [each for each in told if each.finding.kind != "side-effect"]
    rows = _findings_table()
    lines = [(each.finding.level, _words(each)) for each in others[:_FINDINGS]]
    if effects:
        lines.append((effects[0].finding.level, _folded(of, effects)))
    for level, words in sorted(lines, key=lambda line: LEVELS.index(line[0])):
        rows.add_row(Text(level, style=_STYLES[level]), words)
    if (more := len(others) - _FINDINGS) > 0:
        rows.add_row("", Text(f"… and {_many(more, 'more finding')}", style="dim"))
    yield rows
    if of.log is not None:
        yield _dim(f"in the log: {_in_log(of.log)}", 2)
    yield Text("")


def _in_log(log: Fired) -> str:
    return f"fired {log.events:,} times, {log.explained:,} explained, {log.silent:,} of these may be silenced"


def _findings_table() -> Table:
    return Table((Column("level", whole=True), Column("finding", least=20)), heads=False)


def _place(of: Reviewed) -> str:
    place = of.rule.place
    return f"{place.file}:{place.line}" if place.line else place.file


def _words(told: Told) -> Text:
    finding = told.finding
    words = Text(shown(finding.message))
    if finding.remedy:
        words.append("\n→ ", style="dim").append(shown(finding.remedy), style="green")
    return words


def _folded(of: Reviewed, told: Sequence[Told]) -> Text:
    """The side effects of a rule in a sentence: how many, what may be done about them, and some of their names."""
    wanted = {each.finding.about for each in told}
    effects = [each for each in of.side_effects if each.action in wanted]
    names = ", ".join(shown(each.finding.about) for each in told[:_ACTIONS])
    more = f" and {len(told) - _ACTIONS} more" if len(told) > _ACTIONS else ""
    head = f"fires on {_many(len(told), 'side effect')}: {names}{more}"
    words = Text("; ".join([head, _attested(effects), _treated(effects)]))
    words.append("\n→ ", style="dim")
    return words.append(shown(told[0].finding.remedy), style="green")


def _attested(effects: Sequence[SideEffect]) -> str:
    attested = sum(each.attested for each in effects)
    if attested == len(effects):
        return "AWS attests the caller"
    return f"AWS attests the caller of {attested}" if attested else "AWS attests no caller"


def _treated(effects: Sequence[SideEffect]) -> str:
    counted = [
        (count, words)
        for policy, words in _TREATMENTS
        if (count := sum(each.policy == policy for each in effects))
    ]
    if len(counted) == 1:
        return f"{'all' if len(effects) > 1 else 'it'} {counted[0][1]}"
    return ", ".join(f"{count} {words}" for count, words in counted)


def _reasons(report: Report) -> Iterator[RenderableType]:
    if not report.reasons:
        return
    rows = table(
        Column("rules", justify="right", whole=True),
        Column("reason", least=20),
        title="Not judged: of these nothing is said",
    )
    reasons = list(report.reasons.items())
    for reason, count in reasons[:_REASONS]:
        rows.add_row(f"{count:,}", shown(reason))
    if rest := reasons[_REASONS:]:
        rules = sum(count for _, count in rest)
        rows.add_row(f"{rules:,}", Text(_many(len(rest), "other reason"), style="dim"))
    yield rows


def _against(report: Report) -> Iterator[RenderableType]:
    if report.baseline is None:
        return
    known = len(report.told) - sum(report.new.values())
    new = ", ".join(_many(count, f"new {level}") for level, count in report.new.items() if count)
    said = f"{new or 'nothing new'}; {known:,} known from {shown(report.baseline.path)}; {len(report.fixed):,} fixed"
    yield Paragraph(Text(said, style="bold" if new else "green"), 0, 2)
    for held in report.fixed[:_REASONS]:
        yield _dim(f"fixed: {held.rule}: {held.kind} {held.about}", 2)
    if (more := len(report.fixed) - _REASONS) > 0:
        yield _dim(f"… and {more:,} more", 2)
    if report.not_seen:
        yield _dim(
            f"{_many(len(report.not_seen), 'finding')} of it are of rules that were not executed now"
        )


def _closely(report: Report) -> Iterator[RenderableType]:
    for of, told in report.by_rule:
        yield Paragraph(Text(shown(of.rule.title), style="bold"), 0, 2)
        facts = Table(
            (Column("name", whole=True, style="dim"), Column("value", least=20)), heads=False
        )
        for name, value in _facts(of):
            facts.add_row(name, shown(value))
        yield facts
        yield Text("")
        if of.side_effects:
            yield _effects(of.side_effects)
        rows = _findings_table()
        for each in told:
            if each.finding.kind not in ("side-effect", NOT_JUDGED):
                known = "" if each.new else " (known)"
                level = each.finding.level
                rows.add_row(Text(f"{level}{known}", style=_STYLES[level]), _words(each))
        if rows.rows:
            yield rows
            yield Text("")
        if of.side_effects:
            yield _dim(f"Why: cascade explains {of.side_effects[0].action}")


def _facts(of: Reviewed) -> Iterator[tuple[str, str]]:
    rule = of.rule
    yield "rule", rule.id
    yield "file", _place(of)
    yield "format", rule.format
    if rule.severity:
        yield "severity", rule.severity
    if rule.counts:
        yield "counts", rule.counts
    for remark in rule.remarks:
        yield "left out", remark
    if of.not_judged is not None:
        yield "not judged", of.not_judged
    else:
        yield (
            "fires on",
            f"{_many(of.actions, 'benign action')}, {len(of.side_effects)} of them side effects",
        )
    if of.aim in ("identity", "everything"):
        yield "about", of.aim
    if of.log is not None:
        yield "in the log", _in_log(of.log)


def _effects(effects: Sequence[SideEffect]) -> Table:
    rows = table(
        Column("side effect", whole=True),
        "policy",
        "attested",
        Column("attacks seen", justify="right", priority=1),
        Column("callers", priority=2, lines=2),
        Column("set off by", lines=8, least=20),
    )
    for each in effects:
        attested = "yes" if each.attested else "some" if each.attested_some else "no"
        policy = each.policy if each.policy == each.least else f"{each.policy} to {each.least}"
        rows.add_row(
            each.action, policy, attested, f"{each.seen} of {each.attacks}", ", ".join(each.profiles),
            ", ".join(each.cascades),
        )  # fmt: skip
    return rows


def _dim(text: str, lead: int = 0) -> Paragraph:
    return Paragraph(Text(shown(text), style="dim"), lead, 2)


def _many(count: int, one: str) -> str:
    return f"{count:,} {one}{'s' * (count != 1)}"
