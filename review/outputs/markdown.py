"""Findings as Markdown for a comment on a pull request.

https://github.github.com/gfm/ says what is markup. Texts of rules are hostile: each letter that could be markup stands
as a character reference, and what GitHub makes into a link or a mention afterwards is broken up.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..finding import LEVELS
from ..report import NOT_JUDGED, Report, Told
from .text import cut, plain

MOST = 65_536
"""GitHub takes no longer comment."""
_TITLE, _MESSAGE, _REMEDY, _PLACE = 120, 500, 200, 200
_SPARE = 400  # for the sentence that says what was left out

_MARKUP = re.compile(r"[^\w\s,;/'()=?%-]|_")
# GitHub links these in what is rendered, where a character reference is a letter again.
_LINKED = re.compile(r"@|#|://|www\.|\bGH-", re.IGNORECASE)
_BREAK = "\u200b"


def safe(text: str, most: int) -> str:
    """A text that is only text in Markdown, also in the cell of a table, at most so many letters of it.

    >>> safe("a|b <b> `c` **d**", 80)
    'a&#124;b &#60;b&#62; &#96;c&#96; &#42;&#42;d&#42;&#42;'
    """
    broken = _LINKED.sub(lambda found: found[0] + _BREAK, cut(plain(text), most))
    return _MARKUP.sub(lambda found: f"&#{ord(found[0])};", broken)


@dataclass(frozen=True, slots=True)
class _Block:
    """Lines that stand only together with some of `rows`. `what` names the rows, of which one or many are left out."""

    head: Sequence[str]
    rows: Sequence[str]
    tail: Sequence[str]
    what: str


def markdown(report: Report, most: int = MOST) -> str:
    """The counts, then the findings, new ones first; at most so many characters, with what had no room counted."""
    lines = list(_head(report))
    left = most - _SPARE - _length(lines)
    missing: list[str] = []
    for block in _blocks(report):
        around = _length(block.head) + _length(block.tail)
        room, kept = left - around, 0
        while kept < len(block.rows) and room >= len(block.rows[kept]) + 1:
            room -= len(block.rows[kept]) + 1
            kept += 1
        if kept:
            lines += [*block.head, *block.rows[:kept], *block.tail]
            left = room
        if kept < len(block.rows):
            missing.append(f"{len(block.rows) - kept:,} {block.what}")
    if missing:
        told = ", ".join(missing)
        lines += ["", f"For want of room this leaves out: {told}. `--format html` has them all."]
    return "\n".join(lines) + "\n"


def _length(lines: Sequence[str]) -> int:
    return sum(len(line) + 1 for line in lines)


def _head(report: Report) -> Iterator[str]:
    counts = report.counts
    yield f"## cascade review: {_verdict(report)}"
    yield ""
    yield (
        f"{_many(counts.rules, 'rule')} about CloudTrail, {counts.executed:,} executed on what benign actions set off. "
        f"{counts.firing:,} fire on a side effect, {counts.attested_only:,} of them only where AWS attests the caller"
        + (
            f"; {counts.bypassable:,} can be bypassed by a value that the caller chooses."
            if report.bypass_tried
            else "."
        )
    )
    if counts.not_judged:
        yield ""
        yield f"{_many(counts.not_judged, 'rule')} could not be judged, and nothing is said of them."
    if report.baseline is not None:
        yield ""
        known = len(report.told) - sum(report.new.values())
        yield f"{_many(known, 'finding')} known from the baseline, {len(report.fixed):,} fixed."
    if report.found.problems:
        yield ""
        yield f"{_many(len(report.found.problems), 'file')} could not be read."


def _verdict(report: Report) -> str:
    told = [_many(count, level) for level, count in report.new.items() if count]
    new = "" if report.baseline is None else "new "
    if not told:
        return f"no {new}findings"
    return f"{new}findings: {', '.join(told)}" if new else ", ".join(told)


def _many(count: int, one: str) -> str:
    return f"{count:,} {one}{'s' * (count != 1)}"


def _blocks(report: Report) -> Iterator[_Block]:
    judged = [each for each in report.told if each.finding.kind != NOT_JUDGED]
    for level in LEVELS:
        new = [each for each in judged if each.new and each.finding.level == level]
        title = f"{level.capitalize()}s" if report.baseline is None else f"New {level}s"
        yield from _table(new, title, f"{level}s", folded=level == "note")
    old = [each for each in judged if not each.new]
    yield from _table(old, "Known from the baseline", "known findings", folded=True)
    yield from _list(
        "Not judged, by reason",
        [f"- {count:,}: {safe(reason, _MESSAGE)}" for reason, count in report.reasons.items()],
        "reasons",
    )
    yield from _list(
        "Not read",
        [
            f"- {safe(str(each.place), _PLACE)}: {safe(each.reason, _MESSAGE)}"
            for each in report.found.problems
        ],
        "files that could not be read",
    )
    yield from _list(
        "Fixed since the baseline",
        [
            f"- {safe(each.rule, _TITLE)}: {safe(f'{each.kind} {each.about}', _TITLE)}"
            for each in report.fixed
        ],
        "fixed findings",
    )


def _table(told: Sequence[Told], title: str, what: str, *, folded: bool) -> Iterator[_Block]:
    if not told:
        return
    heads = ["| rule | where | finding | what to do |", "|---|---|---|---|"]
    rows = [_row(each) for each in told]
    words = f"{title} ({len(told):,})"
    if folded:
        head = ["", f"<details><summary>{words}</summary>", "", *heads]
        yield _Block(head, rows, ["", "</details>"], what)
    else:
        yield _Block(["", f"### {words}", "", *heads], rows, [], what)


def _row(told: Told) -> str:
    finding, rule = told.finding, told.of.rule
    place = (
        f"{finding.place.file}:{finding.place.line}" if finding.place.line else finding.place.file
    )
    cells = (
        safe(rule.title, _TITLE),
        safe(place, _PLACE),
        f"**{finding.kind}**: {safe(finding.message, _MESSAGE)}",
        safe(finding.remedy, _REMEDY),
    )
    return f"| {' | '.join(cells)} |"


def _list(title: str, rows: Sequence[str], what: str) -> Iterator[_Block]:
    if rows:
        head = ["", f"<details><summary>{title} ({len(rows):,})</summary>", ""]
        yield _Block(head, rows, ["", "</details>"], what)
