"""Splunk: detections of a contentctl project such as security_content, and the searches of savedsearches.conf.

https://github.com/splunk/security_content
https://docs.splunk.com/Documentation/Splunk/latest/Admin/Savedsearchesconf
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache

import yaml

from ...errors import Place
from ...exporters.errors import CannotEncode
from ...exporters.languages.expressions import (
    Call,
    Expression,
    Field,
    Value,
    both,
    call,
    either,
    equal,
)
from ...exporters.languages.splunk.spl import written
from ..errors import NoFix, NotJudged, Unreadable
from ..format import Format, Repository
from ..languages.spl import conf, pipeline
from ..languages.spl.fields import SPELLING
from ..languages.spl.functions import FUNCTIONS
from ..languages.spl.macros import EXPLAINED, Macros, expanded, macros_of
from ..languages.spl.scalars import Scalar, offsets, put_in, scalar_of
from ..languages.spl.state import Search
from ..languages.spl.text import Text, bars, commands
from ..rule import Exclusion, Patch, Predicate, Rule, Source, Term

_NAME = "splunk"
_LARGEST = 1_000_000
_LONGEST = 20_000
_CONF = "savedsearches.conf"
_KEYS = re.compile(
    r"^(name|search|type|detection|logsource)[ \t]*:[ \t]*([\"']?\w+)?", re.MULTILINE
)
# What contentctl makes a rule of; a baseline or an investigation alerts nobody.
_TYPES = frozenset({"ttp", "anomaly", "hunting", "correlation"})
_SEVERITY = {
    "1": "informational",
    "2": "informational",
    "3": "low",
    "4": "medium",
    "5": "high",
    "6": "critical",
}
_LAKE = re.compile(
    r"amazon_security_lake|\bapi\.operation\b|aws:asl|ocsf:aws|aws:cloudtrail:lake", re.IGNORECASE
)
_TRAIL = re.compile(r"cloudtrail", re.IGNORECASE)
_ELSEWHERE = re.compile(r"\bsourcetype\s*(=|IN)", re.IGNORECASE)
_CALLS = re.compile(r"\beventSource\b")


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the search stands: its letters' offsets, the scalar of YAML, and the offset of the line of its key."""

    search: str
    places: Sequence[int]
    scalar: Scalar | None
    key: int
    macros: Macros


def _claims(source: Source) -> bool:
    if source.path.lower().endswith(_CONF):
        return source.path.replace("\\", "/").rpartition("/")[2].lower() == _CONF
    keys = {key: (value or "").strip("\"'").lower() for key, value in _KEYS.findall(source.text)}
    if "detection" in keys or "logsource" in keys or not {"name", "search", "type"} <= set(keys):
        return False
    return keys["type"] in _TYPES


class _Files:
    """The files of a repository, told apart by being the same objects: their texts are long to compare."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self.sources = sources

    def __hash__(self) -> int:
        return id(self.sources)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Files) and other.sources is self.sources


@lru_cache(maxsize=4)
def _macros(files: _Files) -> Macros:
    return macros_of(files.sources)


def _read(source: Source, repository: Repository) -> Iterator[Rule]:
    if len(source.text) > _LARGEST:
        raise Unreadable(Place(source.path), f"it has more than {_LARGEST} letters")
    macros = _macros(_Files(repository.sources))
    if source.path.lower().endswith(_CONF):
        yield from _saved(source, macros)
    else:
        yield _detection(source, macros)


def _saved(source: Source, macros: Macros) -> Iterator[Rule]:
    begins = offsets(source.text)
    for stanza in conf.stanzas(source.text):
        setting = stanza.settings.get("search")
        if setting is None or stanza.name == "default" or not setting.value:
            continue
        place = _Place(setting.value, setting.places, None, setting.start, macros)
        remarks = []
        if stanza.value("disabled").lower() in ("1", "true"):
            remarks.append("it is disabled in this file")
        risk = stanza.value("action.notable.param.severity")
        yield _rule(
            source,
            begins,
            place,
            id=stanza.name,
            title=stanza.value("action.correlationsearch.label") or stanza.name,
            severity=risk or _SEVERITY.get(stanza.value("alert.severity")),
            remarks=tuple(remarks),
            about=_about(setting.value, "", macros),
        )


def _detection(source: Source, macros: Macros) -> Rule:
    node = _composed(source)
    held = {key.value: value for key, value in node.value if isinstance(key, yaml.ScalarNode)}
    key, search = [pair for pair in node.value if getattr(pair[0], "value", None) == "search"][-1]
    if not isinstance(search, yaml.ScalarNode):
        raise Unreadable(_marked(source, search), "`search` is no text")
    begins = offsets(source.text)
    scalar = scalar_of(search, source.text, begins)
    if scalar.start < begins[key.end_mark.line] + key.end_mark.column:
        # An alias: the text stands elsewhere, and may be somebody else's, too.
        scalar = replace(scalar, places=())
    place = _Place(scalar.value, scalar.places, scalar, begins[key.start_mark.line], macros)
    name = _text(held.get("name")) or source.path
    return _rule(
        source,
        begins,
        place,
        id=_text(held.get("id")) or name,
        title=name,
        severity=_risk(held),
        remarks=(),
        about=_about(scalar.value, " ".join(_texts(held.get("data_source"))), macros),
    )


def _composed(source: Source) -> yaml.MappingNode:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        node = yaml.compose(source.text, Loader=loader)
    except yaml.MarkedYAMLError as wrong:
        at = wrong.problem_mark
        place = Place(source.path, at.line + 1, at.column + 1) if at else Place(source.path)
        raise Unreadable(place, f"it is no YAML: {wrong.problem}") from None
    except (yaml.YAMLError, RecursionError) as wrong:
        raise Unreadable(Place(source.path), f"it is no YAML: {wrong}") from None
    if not isinstance(node, yaml.MappingNode):
        raise Unreadable(Place(source.path), "it is no mapping")
    if not any(isinstance(key, yaml.ScalarNode) and key.value == "search" for key, _ in node.value):
        raise Unreadable(Place(source.path), "it has no `search`")
    return node


def _marked(source: Source, node: yaml.Node) -> Place:
    return Place(source.path, node.start_mark.line + 1, node.start_mark.column + 1)


def _text(node: yaml.Node | None) -> str:
    return node.value if isinstance(node, yaml.ScalarNode) else ""


def _texts(node: yaml.Node | None) -> Iterator[str]:
    if isinstance(node, yaml.ScalarNode):
        yield node.value
    elif isinstance(node, yaml.SequenceNode):
        yield from (each.value for each in node.value if isinstance(each, yaml.ScalarNode))


def _members(node: yaml.Node | None) -> dict[str, yaml.Node]:
    if not isinstance(node, yaml.MappingNode):
        return {}
    return {key.value: value for key, value in node.value if isinstance(key, yaml.ScalarNode)}


def _risk(held: dict[str, yaml.Node]) -> str | None:
    score = _text(_members(held.get("tags")).get("risk_score"))
    objects = _members(held.get("rba")).get("risk_objects")
    if not score and isinstance(objects, yaml.SequenceNode):
        scores = [_text(_members(each).get("score")) for each in objects.value]
        score = max((each for each in scores if each.isdigit()), key=int, default="")
    return f"risk {score}" if score else None


def _about(search: str, data: str, macros: Macros) -> bool:
    """Whether it reads CloudTrail: it says so, or names no other source type and asks for API calls."""
    if _TRAIL.search(data):
        return True
    shown = search
    if len(search) <= _LONGEST:
        with suppress(NotJudged):
            shown = expanded(Text(search, [0] * len(search)), macros).value
    if _TRAIL.search(shown) or _LAKE.search(search):
        return True
    return not _ELSEWHERE.search(shown) and _CALLS.search(shown) is not None


def _rule(
    source: Source, begins: Sequence[int], place: _Place, *, id: str, title: str,  # noqa: A002
    severity: str | None, remarks: tuple[str, ...], about: bool,
) -> Rule:  # fmt: skip
    first = place.places[0] if place.places else place.key
    line = bisect_right(begins, first)
    test, reason, counts = None, None, None
    group: tuple[str, ...] = ()
    if about:
        try:
            found = _judged(place, begins, line)
            test = Predicate(found.condition, SPELLING, FUNCTIONS)
            counts, group = found.counts, found.group_by
            remarks += found.remarks
        except NotJudged as why:
            reason = str(why)
    return Rule(
        id=id,
        title=title,
        format=_NAME,
        source=source,
        place=Place(source.path, line, first - begins[line - 1] + 1),
        severity=severity,
        query=place.search,
        test=test,
        not_judged=reason,
        remarks=remarks,
        counts=counts,
        group_by=group,
        about_cloudtrail=about,
        own=place,
    )


def _judged(place: _Place, begins: Sequence[int], line: int) -> Search:
    if _LAKE.search(place.search):
        raise NotJudged("it reads Security Lake, where records are OCSF and not CloudTrail's own")
    if len(place.search) > _LONGEST:
        raise NotJudged(f"a search of more than {_LONGEST} letters")
    lines = [bisect_right(begins, at) for at in place.places] or [line] * len(place.search)
    lines += [lines[-1]] * (len(place.search) - len(lines)) if lines else []
    text = Text(place.search, lines[: len(place.search)])
    return pipeline.read(expanded(text, place.macros))


def _exclude(rule: Rule, exclusions: Sequence[Exclusion]) -> Patch:
    place = rule.own
    if not isinstance(place, _Place) or rule.test is None:
        raise NoFix(f"the search is not executed here: {rule.not_judged or 'it reads another log'}")
    at = _behind_base(place)
    added = " ".join(_filter(each) for each in exclusions)
    if at == len(place.search.rstrip()):
        more = f" {added}"
    else:
        more = f"{added} " if place.search[at - 1 : at].isspace() else f" {added} "
    text = rule.source.text
    if place.scalar is not None:
        changed = put_in(place.scalar, text, at, more)
    else:
        if not more.isprintable():
            raise NoFix("a .conf file cannot hold a value of the exclusion")
        offset = place.places[at] if at < len(place.places) else place.places[-1] + 1
        changed = text[:offset] + more + text[offset:]
    # The comment goes in last: it stands before the search, and would move it.
    indent = re.match(r"[ \t]*", text[place.key :])
    lead = indent[0] if indent else ""
    end = "\r\n" if "\r\n" in text else "\n"
    comment = "".join(f"{lead}# {_one_line(each.why)}{end}" for each in exclusions)
    changed = changed[: place.key] + comment + changed[place.key :]
    _hold(rule, place, changed, place.search[:at] + more + place.search[at:])
    return Patch(changed)


def _hold(rule: Rule, place: _Place, changed: str, wanted: str) -> None:
    """The changed file must hold exactly the search that was wanted, and one that executes."""
    source = Source(rule.source.path, changed)
    rules = (
        [_detection(source, place.macros)]
        if place.scalar is not None
        else list(_saved(source, place.macros))
    )
    found = next((each for each in rules if each.id == rule.id), None)
    if found is None or found.query.split() != wanted.split():
        raise NoFix("the search stands in the file in a way that review cannot edit")
    if found.test is None:
        raise NoFix(f"the changed search could not be executed: {found.not_judged}")


def _behind_base(place: _Place) -> int:
    """Where in the search the first command ends, behind which all members of a record are there."""
    search = place.search
    ends = [*bars(search), len(search.rstrip())]
    start = 0
    for end in ends:
        part = search[start:end]
        start = end + 1
        if not part.strip():
            continue
        whole = expanded(Text(part, [0] * len(part)), place.macros)
        if len(list(commands(whole))) > 1:
            raise NoFix("its first macro holds several commands; exclude inside of the macro")
        return end
    raise NoFix("the search is empty")


def _filter(exclusion: Exclusion) -> str:
    if exclusion.explained:
        return f"| {EXPLAINED}"
    if not exclusion.terms:
        raise NoFix("the exclusion says nothing of a record")
    try:
        condition = both(*map(_term, exclusion.terms))
        # Null is not true: a record that lacks a member stays.
        text = f"| where {written(equal(call('if', condition, Value(1), Value(0)), Value(0)))}"
    except CannotEncode as wrong:
        raise NoFix(str(wrong)) from None
    if "`" in text:
        raise NoFix("Splunk takes what stands between backticks for a macro")
    return text


def _term(term: Term) -> Expression:
    name = term.path.replace("[]", "{}")
    field = Field(name)
    if term.path == "errorCode" and not term.values:
        outcomes = (equal(field, Value(each)) for each in ("success", "failure"))
        return either(call("isnull", field), *outcomes)
    if term.values:
        return either(*(equal(field, Value(each)) for each in term.values))
    if not re.fullmatch(r"[\w.-]+", term.path):
        raise NoFix(f"SPL cannot ask whether {term.path} is missing")
    held = Call("json_extract", (Field("_raw"), Value(term.path)))
    return equal(call("coalesce", held, Value("null")), Value("null"))


def _one_line(text: str) -> str:
    return "".join(each if each.isprintable() else " " for each in text).rstrip(" \\")


FORMAT = Format(
    name=_NAME,
    title="Splunk",
    suffixes=(".yml", ".yaml", _CONF),
    claims=_claims,
    read=_read,
    exclude=_exclude,
    not_modelled=(
        "Fields are those of the Splunk Add-on for AWS; a rule that asks for one which the add-on derives by the "
        "event's name, such as user, status or action, is not judged.",
        "A field that stats groups by and that cannot be derived is taken to be there; the rule says so.",
        "A member that is null in JSON is taken to be missing.",
        "index, source and host are taken to be where CloudTrail is.",
        "Subsearches, data models, joins and Security Lake are not executed, nor lookups other than that of "
        "explained events.",
        "Behind stats, a filter on what was counted is told and not executed; dedup and head keep everything.",
        "A name with a dot that is not quoted in eval joins two fields, as in Splunk.",
    ),
)
