"""Operators added to a query, so that it leaves out what an exclusion names, or tells it apart."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ....exporters.errors import CannotEncode
from ....exporters.field_maps import field_map
from ....exporters.languages.sentinel.kusto import folded, member, text_list, text_literal
from ....exporters.languages.sentinel.watchlists import EXPLAINED
from ...errors import NoFix
from ...rule import Exclusion, Term
from .query import Judged
from .table import columns


@dataclass(frozen=True, slots=True)
class Edit:
    """A change of a text: `text` in place of what stands from `start` to `end`."""

    start: int
    end: int
    text: str


SEVERITY_COLUMN = "CascadeSeverity"


def without(query: str, judged: Judged, exclusions: Sequence[Exclusion]) -> list[Edit]:
    """The edits after which no judged branch of the query yields what one of the exclusions holds for.

    Raises:
        NoFix: the table has no column for a term, or a join would yield more by it.
    """
    if judged.shared:
        raise NoFix(
            "an anti join of the query reads the same rows from both sides: name the table in each side by itself"
        )
    lines = [line for each in exclusions for line in _leaving_out(each)]
    edits = []
    for reference in judged.references:
        margin = _margin(query, reference.start if reference.after is None else reference.after)
        added = "".join(f"\n{margin}{line}" for line in lines)
        if reference.after is None:
            edits.append(Edit(reference.start, reference.start, "("))
            edits.append(Edit(reference.end, reference.end, f"{added})"))
        else:
            at = _end_of_line(query, reference.after)
            edits.append(Edit(at, at, added))
    return edits


def labelled(
    query: str, judged: Judged, exclusions: Sequence[Exclusion], low: str, high: str
) -> list[Edit]:
    """The edits after which the query says in the column `SEVERITY_COLUMN` `low` of what an exclusion holds for, and
    `high` of all else.

    Raises:
        NoFix: the query does not keep the columns that the exclusions read.
    """
    tests = [_condition(each) for each in exclusions if not each.explained]
    needed = {name for test in tests for name in columns() if re.search(rf"\b{name}\b", test)}
    lines = [f"// {_one_line(each.why)}" for each in exclusions]
    if any(each.explained for each in exclusions):
        needed.add("AwsEventId")
        tests.append("CascadeExplained == true")
        lines += [
            f"| join kind=leftouter (_GetWatchlist({text_literal(EXPLAINED)})",
            "    | where isnotempty(AwsEventId) and todatetime(Expires) > now()",
            "    | summarize by AwsEventId = tostring(AwsEventId)",
            "    | extend CascadeExplained = true) on AwsEventId",
        ]
    if judged.kept is None or not needed <= judged.kept:
        lost = sorted(needed - (judged.kept or frozenset()))
        raise NoFix(f"the query does not keep {', '.join(lost)} to its end: project it, too")
    test = " or ".join(f"({each})" if len(tests) > 1 else each for each in tests)
    lines.append(
        f"| extend {SEVERITY_COLUMN} = iff({test}, {text_literal(low)}, {text_literal(high)})"
    )
    margin = _margin(query, judged.end)
    return [Edit(judged.end, judged.end, "".join(f"\n{margin}{line}" for line in lines))]


def edited(text: str, edits: Sequence[Edit]) -> str:
    """The text with all edits made. They are made in order where they stand at one place."""
    for edit in sorted(edits, key=lambda each: each.start)[::-1]:
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text


def _leaving_out(exclusion: Exclusion) -> Iterator[str]:
    yield f"// {_one_line(exclusion.why)}"
    if not exclusion.explained:
        yield from folded([f"| where not({_condition(exclusion)})"]).rstrip("\n").split("\n")
        return
    yield f"| join kind=leftanti (_GetWatchlist({text_literal(EXPLAINED)})"
    yield "    | where isnotempty(AwsEventId) and todatetime(Expires) > now()"
    yield "    | project AwsEventId = tostring(AwsEventId)) on AwsEventId"


def _condition(exclusion: Exclusion) -> str:
    if not exclusion.terms:
        raise NoFix("an exclusion without terms would leave out everything")
    return " and ".join(map(_test, exclusion.terms))


def _test(term: Term) -> str:
    value, empty = _value(term.path)
    if not term.values:
        return empty
    if "" in term.values:
        raise NoFix(f"an empty {term.path} cannot be told from a missing one")
    try:
        if len(term.values) == 1:
            return f"{value} == {text_literal(term.values[0])}"
        return f"{value} in {text_list(term.values)}"
    except CannotEncode as error:
        raise NoFix(str(error)) from None


def _value(path: str) -> tuple[str, str]:
    """The member of a record as a text, and how it is missing."""
    for name, column in columns().items():
        if column.path == path and column.type == "string" and not column.json:
            return name, f"isempty({name})"
        if column.path == path and column.type == "bool":
            return f"tostring({name})", f"isnull({name})"
    for top, name in field_map("sentinel").below.items():
        if path.startswith(f"{top}.") and "[]" not in path:
            found = f"parse_json({name})"
            for step in path[len(top) + 1 :].split("."):
                found = member(found, step)
            return f"tostring({found})", f"isnull({found})"
    raise NoFix(f"Sentinel's table has no column for {path}")


def _one_line(said: str) -> str:
    return " ".join("".join(each if each.isprintable() else " " for each in said).split())


def _margin(query: str, at: int) -> str:
    """What stands before the first mark of the line."""
    start = query.rfind("\n", 0, at) + 1
    found = re.match(r"[ \t]*", query[start:at])
    return found[0] if found else ""


def _end_of_line(query: str, at: int) -> int:
    """The end of the line where nothing but a comment stands between; else the place itself."""
    found = re.match(r"[ \t]*(//[^\n]*)?(?=\n|$)", query[at:])
    return at + (len(found[0]) if found else 0)
