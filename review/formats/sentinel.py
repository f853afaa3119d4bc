"""Microsoft Sentinel: analytics rules and hunting queries over the table AWSCloudTrail, as YAML or as an ARM template.

https://github.com/Azure/Azure-Sentinel/wiki/Query-Style-Guide
https://learn.microsoft.com/azure/templates/microsoft.securityinsights/alertrules
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import yaml

from ...errors import Place
from ..errors import NoFix, NotJudged, Unreadable
from ..format import Format, Repository
from ..languages import kusto
from ..languages.embedded import Embedded, in_json, in_yaml, mapping_of
from ..languages.kusto.writing import SEVERITY_COLUMN, Edit, edited, labelled, without
from ..rule import Exclusion, Patch, Predicate, Rule, Source

NAME: Final = "sentinel"
_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_LONGEST: Final = 4_000_000
_DEEPEST: Final = 100
_LOW: Final = "Informational"
_TOP: Final = re.compile(r"^query\s*:", re.MULTILINE)
_BESIDE: Final = re.compile(
    r"^(tactics|relevantTechniques|requiredDataConnectors|queryFrequency|triggerOperator|entityMappings|kind\s*:\s*(Scheduled|NRT)\b)",
    re.MULTILINE,
)
_KINDS: Final = ("alertrules", "alertruletemplates", "savedsearches")


@dataclass(frozen=True, slots=True)
class _Written:
    """What changing a rule takes: its query in the file, and what the query asks, None where it is not judged."""

    embedded: Embedded
    judged: kusto.Judged | None
    at: tuple[str | int, ...] | None
    severity: str | None
    scheduled: bool


def _claims(source: Source) -> bool:
    text = source.text
    if source.path.lower().endswith(".json"):
        low = text.lower()
        return '"query"' in low and any(kind in low for kind in _KINDS) and '"properties"' in low
    return _TOP.search(text) is not None and _BESIDE.search(text) is not None


def _read(source: Source, repository: Repository) -> Iterable[Rule]:
    if len(source.text) > _LONGEST:
        raise Unreadable(Place(source.path), f"it has more than {_LONGEST} characters")
    if source.path.lower().endswith(".json"):
        return list(_of_template(source))
    return [_of_yaml(source)]


def _of_yaml(source: Source) -> Rule:
    _refuse_depth(source)
    try:
        root = yaml.compose(source.text, Loader=_LOADER)
        written = yaml.load(source.text, Loader=_LOADER)  # noqa: S506 a safe loader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = Place(source.path, mark.line + 1, mark.column + 1) if mark else Place(source.path)
        raise Unreadable(place, f"it is no YAML: {error.problem}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise Unreadable(Place(source.path), f"it is no YAML: {error}") from None
    node = mapping_of(root).get("query")
    if not isinstance(written, dict) or not isinstance(node, yaml.ScalarNode):
        line = node.start_mark.line + 1 if node is not None else 0
        raise Unreadable(Place(source.path, line, 1), "its query is no text")
    return _rule(source, in_yaml(source.text, node), written, None, str(written.get("id") or ""))


def _refuse_depth(source: Source) -> None:
    """YAML's parser recurses: what nests more deeply than any rule is refused before it is parsed."""
    depth = 0
    for number, line in enumerate(source.text.splitlines(), 1):
        openings = re.match(r"[\s\-?:]*", line)
        blocks = sum(openings[0].count(each) for each in "-?:") if openings else 0
        for found in re.finditer(r"[\[{\]}]", line):
            depth = depth + 1 if found[0] in "[{" else max(0, depth - 1)
            if depth > _DEEPEST:
                break
        if blocks > _DEEPEST or depth > _DEEPEST:
            raise Unreadable(Place(source.path, number, 1), "it is nested too deeply")


def _of_template(source: Source) -> Iterator[Rule]:
    try:
        template = json.loads(source.text.removeprefix("\ufeff"))
    except json.JSONDecodeError as error:
        raise Unreadable(
            Place(source.path, error.lineno, error.colno), f"it is no JSON: {error.msg}"
        ) from None
    except (RecursionError, ValueError) as error:
        raise Unreadable(Place(source.path), f"it is no JSON: {error}") from None
    for path, resource in _resources(template):
        properties = resource["properties"]
        at = (*path, "properties", "query")
        about = {**properties, "name": properties.get("displayName"), "kind": resource.get("kind")}
        name = str(
            resource.get("name") or resource.get("id") or properties.get("displayName") or ""
        )
        yield _rule(source, in_json(source.text, at), about, at, name)


def _resources(value: Any) -> Iterator[tuple[tuple[str | int, ...], Mapping[str, Any]]]:
    """The rules among a template's resources, also those of a template in it, with their paths."""
    waiting: list[tuple[tuple[str | int, ...], Any]] = [((), value)]
    while waiting:
        path, each = waiting.pop()
        if isinstance(each, dict):
            properties = each.get("properties")
            kind = str(each.get("type", "")).lower()
            if (
                isinstance(properties, dict)
                and isinstance(properties.get("query"), str)
                and kind.endswith(_KINDS)
            ):
                yield path, each
            waiting += [((*path, key), inner) for key, inner in reversed(list(each.items()))]
        elif isinstance(each, list):
            waiting += [((*path, key), inner) for key, inner in reversed(list(enumerate(each)))]


def _rule(
    source: Source,
    embedded: Embedded,
    about: Mapping[str, Any],
    at: tuple[str | int, ...] | None,
    identity: str,
) -> Rule:
    query, severity = embedded.text, about.get("severity")
    title = str(about.get("name") or about.get("displayName") or identity or source.path)
    kind = str(about.get("kind") or "")
    scheduled = kind.lower() in ("scheduled", "nrt") or "triggerOperator" in about
    one_line = at is not None
    test, reason, counts, judged = None, None, None, None
    group_by: tuple[str, ...] = ()
    ours = kusto.about(query) or (one_line and query.startswith("[") and kusto.TABLE in query)
    if ours:
        try:
            judged, counts = _judged(query, embedded.line, about, one_line)
        except NotJudged as refused:
            reason = str(refused)
        else:
            if judged is None:
                ours = False
            else:
                test = Predicate(judged.condition, kusto.SPELLING, judged.functions)
                group_by = judged.group_by
    return Rule(
        id=identity or title,
        title=title,
        format=NAME,
        source=source,
        place=Place(source.path, embedded.line, 1),
        severity=str(severity) if severity else None,
        query=query,
        test=test,
        not_judged=reason,
        counts=counts,
        group_by=group_by,
        about_cloudtrail=ours,
        read_from=source.path,
        own=_Written(embedded, judged, at, str(severity) if severity else None, scheduled),
    )


def _judged(
    query: str, line: int, about: Mapping[str, Any], one_line: bool
) -> tuple[kusto.Judged | None, str | None]:
    """What the query asks, and what decides beside it."""
    if query.startswith("[") and one_line:
        raise NotJudged("its query is an expression of the template")
    operator = str(about.get("triggerOperator", "gt")).lower()
    threshold = about.get("triggerThreshold", 0)
    judged = kusto.read(query, line)
    if judged is not None and one_line:
        judged = kusto.on_one_line(judged, line)
    if judged is None or (operator in ("gt", "greaterthan") and threshold == 0):
        return judged, judged.counts if judged else None
    if operator in ("gt", "greaterthan"):
        sentence = f"a run yields more than {threshold} rows"
        return judged, f"{judged.counts}; {sentence}" if judged.counts else sentence
    if operator in ("ne", "notequal") and threshold == 0:
        return judged, judged.counts
    raise NotJudged(f"it fires where the number of rows is {operator} {threshold}")


def _own(rule: Rule) -> tuple[_Written, kusto.Judged]:
    written = rule.own
    if not isinstance(written, _Written) or written.judged is None:
        raise NoFix("the rule is not executed, so that a change of it cannot be proved")
    return written, written.judged


def _exclude(rule: Rule, exclusions: Sequence[Exclusion]) -> Patch:
    written, judged = _own(rule)
    return Patch(_with(rule, written, without(rule.query, judged, exclusions)))


def _with(rule: Rule, written: _Written, edits: Sequence[Edit]) -> str:
    """The file with the edits of the query made, if reading it gives the query with those edits."""
    text = written.embedded.edited([(each.start, each.end, each.text) for each in edits])
    wanted = edited(rule.query, edits)
    try:
        if written.at is not None:
            found = in_json(text, written.at).text
        else:
            node = mapping_of(yaml.compose(text, Loader=_LOADER)).get("query")
            found = node.value if isinstance(node, yaml.ScalarNode) else ""
    except (yaml.YAMLError, ValueError):
        found = ""
    if found != wanted:
        raise NoFix(
            "the query is written in a way that review cannot change: write it as a literal block (query: |)"
        )
    return text


def _label(rule: Rule, exclusions: Sequence[Exclusion]) -> Patch:
    written, judged = _own(rule)
    if written.at is not None:
        raise NoFix("a template's alertDetailsOverride is not written: convert it to YAML first")
    if not written.scheduled or not written.severity:
        raise NoFix("a hunting query raises no alert that could have a severity")
    if written.severity == _LOW:
        raise NoFix(f"its severity is {_LOW} already")
    edits = labelled(rule.query, judged, exclusions, _LOW, written.severity)
    return Patch(_overridden(_with(rule, written, edits)))


def _overridden(text: str) -> str:
    """The file with the column of the severity named in alertDetailsOverride."""
    newline = "\r\n" if "\r\n" in text else "\n"
    line = f"alertSeverityColumnName: {SEVERITY_COLUMN}"
    root = yaml.compose(text, Loader=_LOADER)
    override = mapping_of(root).get("alertDetailsOverride")
    if override is None:
        gap = "" if text.endswith(("\n", "\r")) else newline
        changed = f"{text}{gap}alertDetailsOverride:{newline}  {line}{newline}"
    elif isinstance(override, yaml.MappingNode) and not override.flow_style and override.value:
        inside = mapping_of(override)
        if "alertSeverityColumnName" in inside:
            raise NoFix("it takes its severity from a column already")
        first = override.start_mark
        starts = [0, *(found.end() for found in re.finditer("\r\n|[\r\n\x85\u2028\u2029]", text))]
        at = starts[first.line] + first.column
        changed = f"{text[:at]}{line}{newline}{' ' * first.column}{text[at:]}"
    else:
        raise NoFix("alertDetailsOverride is no block of YAML")
    before = mapping_of(root)
    after = mapping_of(yaml.compose(changed, Loader=_LOADER))
    named = mapping_of(after.get("alertDetailsOverride")).get("alertSeverityColumnName")
    if getattr(named, "value", None) != SEVERITY_COLUMN or set(after) != {
        *before,
        "alertDetailsOverride",
    }:
        raise NoFix("alertDetailsOverride is written in a way that review cannot change")
    return changed


FORMAT = Format(
    name=NAME,
    title="Microsoft Sentinel",
    suffixes=(".yaml", ".yml", ".json"),
    claims=_claims,
    read=_read,
    exclude=_exclude,
    label=_label,
    not_modelled=(
        "Comparisons of TimeGenerated with the clock hold: a record is taken to lie in the window of the run.",
        "A join is judged by its left side: that rows of the right side meet it is told as counting.",
        "Watchlists but that of explained events, externaldata, other tables and stored functions are not at hand.",
        "A dynamic value is compared with a constant of its own type; where types differ, it does not fire.",
        "A regular expression sees the first 2,048 characters of a text, mv-expand the first 1,000 elements of a list.",
        "A column of JSON asked as a text is JSON without blanks, in the order of CloudTrail.",
    ),
)
