"""Panther's rules: a YAML file that says what a rule is, and a Python file beside it that decides.

The Python runs apart from this process, see `sandbox`. https://docs.panther.com/detections/rules/python
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...errors import Place
from ..errors import NoFix, NotJudged, Unreadable
from ..expression import Evaluate, Expression, compiled, fields_of, literals_of
from ..format import Format, Repository
from ..languages.panther import filters
from ..languages.panther.documents import document, kind_of, texts
from ..languages.panther.guard import with_function, with_guard
from ..languages.panther.module import Module, asks_the_time, literals, parsed
from ..languages.panther.surroundings import LOG, Surroundings, surroundings
from ..rule import Exclusion, Json, Patch, Program, Rule, Source
from ..sandbox import Job, OwnTest, worker

NAME = "panther"
RULES = frozenset({"rule", "scheduled_rule", "correlation_rule"})
_MODULE = "the_rule"
_MOST_PARTS = 50


@dataclass(frozen=True, slots=True)
class PythonRule:
    """A rule's Python, and the inline filters before it."""

    job: Job = field(repr=False)
    literals: Sequence[str]
    filter: Expression | None = None

    def fires(self, records: Sequence[Json]) -> Sequence[bool | None]:
        """See `Program`: what the filters keep away is not fired on, and what they cannot tell is not told."""
        if not records:
            return []
        told = worker().run(self.job, records)
        if self.filter is None:
            return told
        fields = fields_of(self.filter)
        asked = compiled(self.filter, fields, filters.FUNCTIONS)
        passed = (_passes(asked, fields, record) for record in records)
        return [
            answer if through is True else through
            for answer, through in zip(told, passed, strict=True)
        ]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Rules of which one that fires is enough: what a correlation rule looks at."""

    parts: Sequence[Program]
    literals: Sequence[str]

    def fires(self, records: Sequence[Json]) -> Sequence[bool | None]:
        """See `Program`."""
        told = [part.fires(records) for part in self.parts]
        return [_any(answers) for answers in zip(*told, strict=True)]


@dataclass(frozen=True, slots=True)
class Own:
    """What writing a rule anew takes: its module, or why its file is not rewritten."""

    module: Module | None
    refused: str | None = None


def _passes(asked: Evaluate, fields: Sequence[str], record: Json) -> bool | None:
    answer = asked([filters.value_at(record, name) for name in fields])
    return answer if isinstance(answer, bool) else None


def _any(answers: Sequence[bool | None]) -> bool | None:
    if True in answers:
        return True
    return None if None in answers else False


def _claims(source: Source) -> bool:
    return kind_of(source) in RULES


def _read(source: Source, repository: Repository) -> Iterator[Rule]:
    read = document(source)
    around = surroundings(repository)
    kind = read.get("AnalysisType")
    if kind == "scheduled_rule":
        yield _scheduled(source, read, around)
    elif kind == "correlation_rule":
        yield _correlation(source, read, around)
    elif kind == "rule":
        yield _rule(source, read, around)


def _rule(source: Source, read: Mapping[str, Any], around: Surroundings) -> Rule:
    if LOG not in texts(read.get("LogTypes")):
        return _made(source, read, about_cloudtrail=False)
    if "Detection" in read and "Filename" not in read:
        reason = "it is a simple detection (YAML `Detection`), which is not executed here"
        return _made(source, read, not_judged=reason, own=Own(None, reason))
    name = read.get("Filename")
    python = around.beside(source, name) if isinstance(name, str) else None
    if python is None:
        reason = f"its Python file {name} is not beside it"
        return _made(source, read, not_judged=reason, own=Own(None, reason))
    module = parsed(python)
    refused = f"{python.path} is the file of several rules" if around.shared(python) else None
    decides = module.function("rule")
    common: dict[str, Any] = {
        "source": python,
        "place": Place(python.path, decides.lineno if decides else 1, 1),
        "query": python.text,
        "counts": _threshold(read),
        "remarks": tuple(_remarks(read, module)),
        "own": Own(module, refused),
    }
    try:
        return _made(source, read, test=_program(read, module, around), **common)
    except NotJudged as reason:
        return _made(source, read, not_judged=str(reason), **common)


def _program(read: Mapping[str, Any], module: Module, around: Surroundings) -> PythonRule:
    modules = around.modules(module.source.text)
    model, beside = around.model()
    asked = filters.condition(read.get("InlineFilters"))
    job = Job(
        modules={**beside, **modules, _MODULE: module.source.text},
        rule=_MODULE,
        tests=tuple(_tests(read.get("Tests"), texts(read.get("LogTypes")))),
        model=model,
    )
    found = dict.fromkeys([*literals(module), *(literals_of(asked) if asked else ())])
    return PythonRule(job, tuple(found), asked)


def _tests(written: Any, logs: Sequence[str]) -> Iterator[OwnTest]:
    """The tests that say what the rule answers of a CloudTrail log."""
    unsaid = LOG if len(logs) == 1 else None
    for each in written if isinstance(written, list) else []:
        if not isinstance(each, dict) or not isinstance(each.get("Log"), dict):
            continue
        expected, log = each.get("ExpectedResult"), each["Log"]
        mocks = each.get("Mocks") or []
        if not isinstance(expected, bool) or log.get("p_log_type", unsaid) != LOG:
            continue
        if not isinstance(mocks, list) or not all(map(_is_simple_mock, mocks)):
            continue
        pairs = tuple((mock["objectName"], mock.get("returnValue")) for mock in mocks)
        yield OwnTest(str(each.get("Name", "a test without a name")), expected, log, pairs)


def _is_simple_mock(mock: Any) -> bool:
    return (
        isinstance(mock, dict)
        and isinstance(mock.get("objectName"), str)
        and mock["objectName"].isidentifier()
        and set(mock) <= {"objectName", "returnValue"}
    )


def _threshold(read: Mapping[str, Any]) -> str | None:
    threshold = read.get("Threshold")
    if not isinstance(threshold, int) or threshold <= 1:
        return None
    period = read.get("DedupPeriodMinutes", 60)
    return (
        f"it alerts from {threshold} such records of one dedup string on, within {period} minutes"
    )


def _remarks(read: Mapping[str, Any], module: Module) -> Iterator[str]:
    if read.get("Enabled") is False:
        yield "it is not enabled"
    if read.get("CreateAlert") is False:
        yield "it is a signal, and raises no alert itself"
    if module.function("severity") is not None:
        yield "its severity() decides how severe an alert is, by the event"
    if module.function("dedup") is not None:
        yield "its dedup() decides which records are one alert"
    if asks_the_time(module):
        yield "it may ask what time it is: what it says is said of now"


def _scheduled(source: Source, read: Mapping[str, Any], around: Surroundings) -> Rule:
    about = around.query_mentions_cloudtrail(texts(read.get("ScheduledQueries")))
    reason = "it reads the rows of a scheduled query (SQL), which is not executed here"
    return _made(source, read, about_cloudtrail=about, not_judged=reason, own=Own(None, reason))


def _correlation(source: Source, read: Mapping[str, Any], around: Surroundings) -> Rule:
    steps = list(_steps(read.get("Detection")))
    wanted = [name for name, absent in steps if not absent]
    rules: list[Rule] = []
    missing = [name for name in wanted if around.rule(name) is None]
    reason = "change the rules that it correlates: " + ", ".join(wanted)
    own = Own(None, reason)
    for name in wanted[:_MOST_PARTS]:
        found = around.rule(name)
        if found is not None:
            rules.append(_rule(found, document(found), around))
    about = any(each.about_cloudtrail for each in rules)
    counts = f"it alerts where {', '.join(name for name, _ in steps)} come together"
    if any(absent for _, absent in steps):
        counts += ", some of them by their absence"
    parts = [(each, each.test) for each in rules if each.about_cloudtrail]
    unjudged = next((each for each, test in parts if test is None), None)
    if missing:
        problem = f"the rule {missing[0]} that it correlates is not among the files"
        # Nobody can tell what log a rule reads that is not there; its name says it in most cases.
        about = about or "cloudtrail" in source.text.lower()
    elif unjudged is not None:
        problem = f"{unjudged.id}, which it correlates: {unjudged.not_judged}"
    elif not parts:
        problem = "it correlates no rule"
    else:
        programs = [each for _, each in parts if isinstance(each, PythonRule)]
        words = dict.fromkeys(text for each in programs for text in each.literals)
        return _made(
            source,
            read,
            test=AnyOf(programs, tuple(words)),
            counts=counts,
            about_cloudtrail=about,
            own=own,
        )
    return _made(source, read, not_judged=problem, counts=counts, about_cloudtrail=about, own=own)


def _steps(detection: Any) -> Iterator[tuple[str, bool]]:
    """The ids of the rules that a correlation rule names, each with whether it must be absent."""
    for each in detection if isinstance(detection, list) else []:
        if not isinstance(each, dict):
            continue
        for key in ("Group", "Sequence"):
            below = each.get(key)
            for step in below if isinstance(below, list) else []:
                if isinstance(step, dict) and isinstance(step.get("RuleID"), str):
                    yield step["RuleID"], step.get("Absence") is True


def _made(source: Source, read: Mapping[str, Any], /, **given: Any) -> Rule:
    rule_id = read.get("RuleID")
    if not isinstance(rule_id, str) or not rule_id:
        raise Unreadable(Place(source.path, 1, 1), "it has no RuleID")
    severity = read.get("Severity")
    common: dict[str, Any] = {
        "id": rule_id,
        "title": str(read.get("DisplayName") or rule_id),
        "format": NAME,
        "source": source,
        "place": Place(source.path, 1, 1),
        "severity": severity if isinstance(severity, str) else None,
    }
    return Rule(**{**common, **given})


def _exclude(rule: Rule, exclusions: Sequence[Exclusion]) -> Patch:
    """A guard at the top of `rule(event)`.

    It says exactly what is meant of a field that is missing, which inline filters do not: they pass there
    (https://docs.panther.com/detections/rules/inline-filters).
    """
    module = _writable(rule)
    return Patch(with_guard(module, "rule", exclusions, "False"))


def _label(rule: Rule, exclusions: Sequence[Exclusion]) -> Patch:
    """A `severity(event)` that says INFO there, and else what the YAML says.

    https://docs.panther.com/detections/rules/python#alert-functions
    """
    module = _writable(rule)
    if module.function("severity") is not None:
        return Patch(with_guard(module, "severity", exclusions, '"INFO"'))
    return Patch(with_function(module, "severity", exclusions, '"INFO"', '"DEFAULT"'))


def _writable(rule: Rule) -> Module:
    own = rule.own
    if not isinstance(own, Own) or own.module is None or own.refused:
        reason = own.refused if isinstance(own, Own) else None
        raise NoFix(reason or "it has no Python file that can be changed")
    return own.module


FORMAT = Format(
    name=NAME,
    title="Panther",
    suffixes=(".yml", ".yaml"),
    claims=_claims,
    read=_read,
    exclude=_exclude,
    label=_label,
    not_modelled=(
        "Thresholds, deduplication and correlation are told and not executed: each record is judged alone.",
        "Scheduled rules (SQL), simple detections (YAML), lookup tables, enrichment, the key-value store and what "
        "Panther adds to a record beside p_log_type and p_event_time: a rule that asks them is not judged.",
        "eventTime is as CloudTrail writes it.",
        "An inline filter on a field that a record lacks cannot be told.",
        "Where the Python says what severity, destination or title an alert has, only rule() is asked.",
    ),
)
