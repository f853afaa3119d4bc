"""Google SecOps: rules in YARA-L 2.0 on events that its parser made of CloudTrail.

https://cloud.google.com/chronicle/docs/detection/yara-l-2-0-syntax
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

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
    at = section.start + own.judged.end
    newline = "\r\n" if "\r\n" in text else "\n"
    start = text.rfind("\n", 0, at) + 1
    margin = text[start : start + len(text[start:at]) - len(text[start:at].lstrip())]
    if not text[start:at].strip() or text[start:at].lstrip().startswith("rule"):
        margin = ""
    lines = [line for each in exclusions for line in _lines(each, own.judged.variables)]
    added = "".join(f"{newline}{margin}{line}" for line in lines)
    rest = text[at:].split("\n", 1)[0].rstrip("\r")
    if rest.strip() and not rest.strip().startswith("//"):
        added += newline
    else:
        at += len(rest)
    return Patch(text[:at] + added + text[at:])


def _lines(exclusion: Exclusion, variables: Sequence[str]) -> Iterator[str]:
    yield f"// {' '.join(''.join(each if each.isprintable() else ' ' for each in exclusion.why).split())}"
    for name in variables:
        if exclusion.explained:
            yield f"not ${name}.{EVENT_ID} in %{TABLE}.{COLUMNS[0]}"
            continue
        if not exclusion.terms:
            raise NoFix("an exclusion without terms would leave out everything")
        try:
            tests = [_test(name, term) for term in exclusion.terms]
        except CannotEncode as error:
            raise NoFix(str(error)) from None
        yield f"not ({tests[0]}{' and' if tests[1:] else ')'}"
        for number, test in enumerate(tests[1:], 2):
            yield f"  {test}{' and' if number < len(tests) else ')'}"


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
    not_modelled=(
        "A rule is not judged that compares a field of which Google's documents do not say what its parser writes.",
        "Of a rule of several events each one's own predicates are executed; that they meet is told as counting.",
        "A regular expression sees the first 2,048 characters of a text.",
        "Reference lists and data tables are read where they stand beside the rules, as text and CSV.",
    ),
)
