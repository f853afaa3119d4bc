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

from ....errors import Place
from ...errors import NotJudged, Unreadable
from ...format import Repository
from ...languages.spl import conf, pipeline
from ...languages.spl.fields import SPELLING
from ...languages.spl.functions import FUNCTIONS
from ...languages.spl.macros import Macros, expanded, macros_of
from ...languages.spl.scalars import Scalar, offsets, scalar_of
from ...languages.spl.state import Search
from ...languages.spl.text import Text
from ...rule import Predicate, Rule, Source

NAME = "splunk"
_LARGEST = 1_000_000
_LONGEST = 20_000
CONF = "savedsearches.conf"
_KEYS = re.compile(
    r"^(name|search|type|detection|logsource)[ \t]*:[ \t]*([\"']?\w+)?", re.MULTILINE
)
# What contentctl makes a rule of; a baseline or an investigation alerts nobody.
_TYPES = frozenset({"ttp", "anomaly", "hunting", "correlation"})
SEVERITY = {
    "1": "informational",
    "2": "informational",
    "3": "low",
    "4": "medium",
    "5": "high",
    "6": "critical",
}
"""What the numbers of alert.severity mean."""
_DEFAULT = "3"
_LAKE = re.compile(
    r"amazon_security_lake|\bapi\.operation\b|aws:asl|ocsf:aws|aws:cloudtrail:lake", re.IGNORECASE
)
_TRAIL = re.compile(r"cloudtrail", re.IGNORECASE)
_ELSEWHERE = re.compile(r"\bsourcetype\s*(=|IN)", re.IGNORECASE)
_CALLS = re.compile(r"\beventSource\b")


@dataclass(frozen=True, slots=True)
class Own:
    """Where the search stands: its letters' offsets, the scalar of YAML, and the offset of the line of its key."""

    search: str
    places: Sequence[int]
    scalar: Scalar | None
    key: int
    macros: Macros


def claims(source: Source) -> bool:
    if source.path.lower().endswith(CONF):
        return source.path.replace("\\", "/").rpartition("/")[2].lower() == CONF
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


def read(source: Source, repository: Repository) -> Iterator[Rule]:
    if len(source.text) > _LARGEST:
        raise Unreadable(Place(source.path), f"it has more than {_LARGEST} letters")
    macros = _macros(_Files(repository.sources))
    if source.path.lower().endswith(CONF):
        yield from saved(source, macros)
    else:
        yield detection(source, macros)


def saved(source: Source, macros: Macros) -> Iterator[Rule]:
    begins = offsets(source.text)
    for stanza in conf.stanzas(source.text):
        setting = stanza.settings.get("search")
        if setting is None or stanza.name == "default" or not setting.value:
            continue
        place = Own(setting.value, setting.places, None, setting.start, macros)
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
            severity=risk or SEVERITY.get(stanza.value("alert.severity") or _DEFAULT),
            remarks=tuple(remarks),
            about=_about(setting.value, "", macros),
        )


def detection(source: Source, macros: Macros) -> Rule:
    node = composed(source)
    held = {key.value: value for key, value in node.value if isinstance(key, yaml.ScalarNode)}
    key, search = [pair for pair in node.value if getattr(pair[0], "value", None) == "search"][-1]
    if not isinstance(search, yaml.ScalarNode):
        raise Unreadable(_marked(source, search), "`search` is no text")
    begins = offsets(source.text)
    scalar = scalar_of(search, source.text, begins)
    if scalar.start < begins[key.end_mark.line] + key.end_mark.column:
        # An alias: the text stands elsewhere, and may be somebody else's, too.
        scalar = replace(scalar, places=())
    place = Own(scalar.value, scalar.places, scalar, begins[key.start_mark.line], macros)
    name = text_of(held.get("name")) or source.path
    return _rule(
        source,
        begins,
        place,
        id=text_of(held.get("id")) or name,
        title=name,
        severity=_risk(held),
        remarks=(),
        about=_about(scalar.value, " ".join(_texts(held.get("data_source"))), macros),
    )


def composed(source: Source) -> yaml.MappingNode:
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


def text_of(node: yaml.Node | None) -> str:
    return node.value if isinstance(node, yaml.ScalarNode) else ""


def _texts(node: yaml.Node | None) -> Iterator[str]:
    if isinstance(node, yaml.ScalarNode):
        yield node.value
    elif isinstance(node, yaml.SequenceNode):
        yield from (each.value for each in node.value if isinstance(each, yaml.ScalarNode))


def members_of(node: yaml.Node | None) -> dict[str, yaml.Node]:
    if not isinstance(node, yaml.MappingNode):
        return {}
    return {key.value: value for key, value in node.value if isinstance(key, yaml.ScalarNode)}


def _risk(held: dict[str, yaml.Node]) -> str | None:
    score = text_of(members_of(held.get("tags")).get("risk_score"))
    objects = members_of(held.get("rba")).get("risk_objects")
    if not score and isinstance(objects, yaml.SequenceNode):
        scores = [text_of(members_of(each).get("score")) for each in objects.value]
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
    source: Source, begins: Sequence[int], place: Own, *, id: str, title: str,  # noqa: A002
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
        format=NAME,
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


def _judged(place: Own, begins: Sequence[int], line: int) -> Search:
    if _LAKE.search(place.search):
        raise NotJudged("it reads Security Lake, where records are OCSF and not CloudTrail's own")
    if len(place.search) > _LONGEST:
        raise NotJudged(f"a search of more than {_LONGEST} letters")
    lines = [bisect_right(begins, at) for at in place.places] or [line] * len(place.search)
    lines += [lines[-1]] * (len(place.search) - len(lines)) if lines else []
    text = Text(place.search, lines[: len(place.search)])
    return pipeline.read(expanded(text, place.macros))
