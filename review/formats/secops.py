"""Google SecOps: rules in YARA-L 2.0 on events that its parser made of CloudTrail.

https://cloud.google.com/chronicle/docs/detection/yara-l-2-0-syntax
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import NAMESPACE_URL, uuid5

from ...errors import Place
from ...exporters.errors import CannotEncode
from ...exporters.explained_table import COLUMNS, TABLE
from ...exporters.languages.yaral import one_of
from ..errors import NoFix, NotJudged, Unreadable
from ..format import Format, Repository
from ..languages import yaral
from ..languages.yaral.udm import EVENT_ID
from ..languages.yaral.values import FUNCTIONS
from ..rule import Exclusion, Patch, Predicate, Rule, Source, Term

NAME: Final = "secops"
_LONGEST: Final = 4_000_000
_LABELLED: Final = "cascade_labelled"
_MOST_RISK: Final = 10
_LOWER: Final = {"critical": "Low", "high": "Low", "medium": "Low", "low": "Informational"}
_SCORE: Final = re.compile(r"(\$risk_score\s*=\s*(?:max\(\s*)?)(\d{1,9})(?=\s*(?:\)|\n|\r|$))")


@dataclass(frozen=True, slots=True)
class _Own:
    written: yaral.Written
    judged: yaral.Judged | None


def _claims(source: Source) -> bool:
    return "rule" in source.text and "events:" in source.text.replace(" :", ":")


def _read(source: Source, repository: Repository) -> Iterable[Rule]:
    text = source.text
    if len(text) > _LONGEST:
        raise Unreadable(Place(source.path), f"it has more than {_LONGEST} characters")
    found = list(yaral.rules(text))
    if not found:
        raise Unreadable(Place(source.path, 1, 1), "it has no rule")
    for written in found:
        if not written.closed:
            line = text.count("\n", 0, written.start) + 1
            raise Unreadable(Place(source.path, line, 1), f"the rule {written.name} is not closed")
        if "events" not in written.sections:
            line = text.count("\n", 0, written.start) + 1
            raise Unreadable(Place(source.path, line, 1), f"the rule {written.name} has no events")
        yield _rule(source, written, repository)


def _rule(source: Source, written: yaral.Written, repository: Repository) -> Rule:
    section = written.sections["events"]
    before = source.text[: section.start]
    line = before.count("\n") + 1
    ours, judged, reason = yaral.about(written), None, None
    if ours:
        try:
            judged = yaral.read(written, line, repository.sources)
            ours = judged is not None
        except NotJudged as refused:
            reason = str(refused)
    first = section.text[: len(section.text) - len(section.text.lstrip())].count("\n")
    return Rule(
        id=written.meta.get("rule_id") or written.name,
        title=written.meta.get("rule_name") or written.name,
        format=NAME,
        source=source,
        place=Place(source.path, line + first, 1),
        severity=written.meta.get("severity"),
        query=section.text,
        test=Predicate(judged.condition, yaral.SPELLING, FUNCTIONS) if judged else None,
        not_judged=reason,
        remarks=judged.remarks if judged else (),
        counts=judged.counts if judged else None,
        group_by=judged.group_by if judged else (),
        about_cloudtrail=ours,
        read_from=source.path,
        own=_Own(written, judged),
    )


def _exclude(rule: Rule, exclusions: Sequence[Exclusion]) -> Patch:
    own = rule.own
    if not isinstance(own, _Own) or own.judged is None:
        raise NoFix("the rule is not executed, so that a change of it cannot be proved")
    text, section = rule.source.text, own.written.sections["events"]
    lines = [line for each in exclusions for line in _lines(each, own.judged.variables)]
    at, added = _behind(text, section.start + own.judged.end, lines)
    return Patch(text[:at] + added + text[at:])


def _behind(text: str, at: int, lines: Sequence[str]) -> tuple[int, str]:
    """Where lines go that are to follow the predicate that ends at `at`, and how they are written there."""
    newline = "\r\n" if "\r\n" in text else "\n"
    line = text[text.rfind("\n", 0, at) + 1 : at]
    margin = line[: len(line) - len(line.lstrip())]
    if not line.strip() or line.lstrip().startswith("rule"):
        margin = ""
    added = "".join(f"{newline}{margin}{each}" for each in lines)
    rest = text[at:].split("\n", 1)[0].rstrip("\r")
    if rest.strip() and not rest.strip().startswith("//"):
        return at, added + newline
    return at + len(rest), added


def _lines(exclusion: Exclusion, variables: Sequence[str]) -> Iterator[str]:
    yield f"// {_one_line(exclusion.why)}"
    for name in variables:
        tests = _tests(exclusion, name)
        if exclusion.explained:
            yield f"not {tests[0]}"
            continue
        yield f"not ({tests[0]}{' and' if tests[1:] else ')'}"
        for number, test in enumerate(tests[1:], 2):
            yield f"  {test}{' and' if number < len(tests) else ')'}"


def _label(rule: Rule, exclusions: Sequence[Exclusion]) -> Patch:
    own = rule.own
    if not isinstance(own, _Own) or own.judged is None:
        raise NoFix("the rule is not executed, so that a change of it cannot be proved")
    if len(own.judged.variables) != 1:
        raise NoFix("a rule of several events has no second severity: they together are found")
    severity = _LOWER.get((rule.severity or "").lower())
    if severity is None:
        raise NoFix("its meta has no severity that could be lower")
    silent = _exclude(rule, exclusions).text
    text, written = rule.source.text, own.written
    newline = "\r\n" if "\r\n" in text else "\n"
    copied = text[written.start : written.end]
    name = f"{written.name}_{_LABELLED}"
    if any(each.name == name for each in yaral.rules(text)):
        raise NoFix(f"the file has a rule {name} already")
    (copy,) = yaral.rules(copied)
    edits = [(*copy.name_at, name)]
    edits += _about(copied, copy, severity)
    edits.append(_narrowed(copied, copy, own.judged, exclusions))
    for start, end, new in sorted(edits, reverse=True):
        copied = copied[:start] + new + copied[end:]
    gap = "" if silent.endswith("\n") else newline
    outcome = copy.sections.get("outcome")
    computed = outcome is not None and "$risk_score" in _SCORE.sub("", outcome.text)
    note = (
        "the second rule's risk_score is computed as the first's is: lower it" if computed else None
    )
    return Patch(f"{silent}{gap}{newline}{copied}{newline}", note=note)


def _about(text: str, copy: yaral.Written, severity: str) -> Iterator[tuple[int, int, str]]:
    """What the second rule says of itself, and its score."""
    meta = copy.sections["meta"]
    changes: dict[str, Callable[[str], str]] = {
        "severity": lambda was: severity,
        "priority": lambda was: severity,
        "rule_name": lambda was: f"{was} (explained by cloudcascade)",
        "rule_id": lambda was: str(uuid5(NAMESPACE_URL, f"{was}#{_LABELLED}")),
        "risk_score": lambda was: str(min(int(was), _MOST_RISK)) if was.isdigit() else was,
    }
    for key, start, end in yaral.meta_values(meta):
        if key in changes:
            yield start, end, changes[key](text[start:end])
    outcome = copy.sections.get("outcome")
    if outcome is None:
        return
    for found in _SCORE.finditer(yaral.without_comments(outcome.text)):
        if int(found[2]) > _MOST_RISK:
            yield outcome.start + found.start(2), outcome.start + found.end(2), str(_MOST_RISK)


def _narrowed(
    text: str, copy: yaral.Written, judged: yaral.Judged, exclusions: Sequence[Exclusion]
) -> tuple[int, int, str]:
    """One predicate more: that one of the exclusions holds."""
    (variable,) = judged.variables
    tests = [f"({' and '.join(_tests(each, variable))})" for each in exclusions]
    lines = [f"// {_one_line(each.why)}" for each in exclusions]
    found = f"({' or '.join(tests)})" if len(tests) > 1 else tests[0]
    at, added = _behind(text, copy.sections["events"].start + judged.end, [*lines, found])
    return at, at, added


def _one_line(text: str) -> str:
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())


def _tests(exclusion: Exclusion, variable: str) -> list[str]:
    if exclusion.explained:
        return [f"${variable}.{EVENT_ID} in %{TABLE}.{COLUMNS[0]}"]
    if not exclusion.terms:
        raise NoFix("an exclusion without terms would leave out everything")
    try:
        return [_test(variable, term) for term in exclusion.terms]
    except CannotEncode as error:
        raise NoFix(str(error)) from None


def _test(variable: str, term: Term) -> str:
    field = yaral.field_of().get(term.path)
    if field is None:
        raise NoFix(f"it is not documented which field of UDM holds {term.path}")
    if field == "principal.ip" and not all(map(yaral.is_address, term.values)):
        raise NoFix("principal.ip holds addresses alone, and no name of a service")
    if "" in term.values:
        raise NoFix(f"an empty {term.path} cannot be told from a missing one")
    return one_of(f"${variable}.{field}", term.values or ("",))


FORMAT = Format(
    name=NAME,
    title="Google SecOps",
    suffixes=(".yaral", ".yara-l", ".yl2"),
    claims=_claims,
    read=_read,
    exclude=_exclude,
    label=_label,
    not_modelled=(
        "A rule is not judged that compares a field of which Google's documents do not say what its parser writes.",
        "Of a rule of several events each one's own predicates are executed; that they meet is told as counting.",
        "A regular expression sees the first 2,048 characters of a text.",
        "A label is a second rule of the file; a rule of several events gets none.",
        "Reference lists and data tables are read where they stand beside the rules, as text and CSV.",
    ),
)
