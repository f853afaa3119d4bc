"""Writes a search of Splunk anew so that a second one, of lower risk or severity, takes what an exclusion names.

https://github.com/splunk/security_content/wiki (types of detections: a TTP makes a finding, an anomaly adds risk alone)
https://docs.splunk.com/Documentation/Splunk/latest/Admin/Savedsearchesconf
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

import yaml

from ...errors import NoFix
from ...languages.spl import conf
from ...languages.spl.scalars import offsets, put_in
from ...rule import Exclusion, Patch, Rule, Source
from .exclusions import behind_base, commented, exclude, spaced, wanted
from .rules import Own, composed, detection, members_of, saved, text_of

Edit = tuple[int, int, str]

_SUFFIX = "cascade_labelled"
_MOST_RISK = 10
_MOST_NODES = 20_000
_RISK_SETTING = re.compile(r"action\.risk\.param\._risk(?:_score)?$")
_SCORES = re.compile(r'(?:"risk_score"\s*:\s*"?|^\s*)(\d{1,9})')
_OWN_FILTER = re.compile(r"`(\w+)_filter`\s*$")


def label(rule: Rule, exclusions: Sequence[Exclusion]) -> Patch:
    """The file in which the search leaves the exclusions out, and a second search that finds nothing else.

    A detection of a contentctl project gets a second file, a search of savedsearches.conf a second stanza.

    Raises:
        NoFix: SPL cannot say it, the search cannot be edited where it stands, or there is nothing lower.
    """
    own = rule.own
    if not isinstance(own, Own):
        raise NoFix("it was not read as a search of Splunk's")
    silent = exclude(rule, exclusions)
    at = behind_base(own)
    more = spaced(own.search, at, wanted(exclusions))
    if own.scalar is not None:
        return _in_a_file(rule, own, exclusions, silent, at, more)
    return _in_a_stanza(rule, own, exclusions, silent, at, more)


def _in_a_file(
    rule: Rule, own: Own, exclusions: Sequence[Exclusion], silent: Patch, at: int, more: str
) -> Patch:
    text, scalar = rule.source.text, own.scalar
    assert scalar is not None
    search = own.search
    # The macro that contentctl makes for a detection has the detection's name.
    macro = _OWN_FILTER.search(search)
    if macro is not None and macro.end(1) >= at:
        text = put_in(scalar, text, macro.end(1), f"_{_SUFFIX}")
        scalar = replace(scalar, end=scalar.end + len(_SUFFIX) + 1)
        search = f"{search[: macro.end(1)]}_{_SUFFIX}{search[macro.end(1) :]}"
    text = put_in(scalar, text, at, more)
    search = search[:at] + more + search[at:]
    path = Path(rule.source.path)
    name = f"{path.stem}_{_SUFFIX}{path.suffix}"
    changed = Source(name, _renamed(Source(name, text)))
    found = detection(changed, own.macros)
    if found.query.split() != search.split() or found.test is None:
        raise NoFix("the search stands in the file in a way that review cannot edit")
    key = found.own.key
    note = "the second detection is experimental: it has no test of its own"
    return Patch(silent.text, {name: commented(changed.text, key, exclusions)}, note)


def _renamed(source: Source) -> str:
    """The detection with another name, id, type and status, and lower scores."""
    root = composed(source)
    held = members_of(root)
    kind = text_of(held.get("type")).lower()
    if kind not in ("ttp", "anomaly"):
        raise NoFix(f"a search of type {kind} raises nothing that could be lower")
    name, identity = text_of(held.get("name")), text_of(held.get("id"))
    if not name or not identity:
        raise NoFix("it has no name or no id")
    changes = [
        (held["name"], f"{name} {_SUFFIX.replace('_', ' ').title()}"),
        (held["id"], str(uuid5(NAMESPACE_URL, f"{identity}#{_SUFFIX}"))),
        (held["type"], "Anomaly"),
        *_scores(held),
    ]
    if text_of(held.get("status")) == "production":
        changes.append((held["status"], "experimental"))
    edits = [_scalar(source.text, node, value) for node, value in changes]
    text = _edited(source.text, edits)
    new = {id(node): value for node, value in changes}
    before = {path: new.get(id(node), node.value) for path, node in _texts(root).items()}
    texts = _texts(composed(Source(source.path, text)))
    after = {path: node.value for path, node in texts.items()}
    if before != after:
        raise NoFix(
            "its name, id, type or scores stand in the file in a way that review cannot edit"
        )
    return text


def _scores(held: Mapping[str, yaml.Node]) -> Iterator[tuple[yaml.Node, str]]:
    """The scores, each lower than it was."""
    tags = members_of(held.get("tags"))
    impact, confidence = text_of(tags.get("impact")), text_of(tags.get("confidence"))
    risk = _MOST_RISK
    some = False
    if impact.isdigit() and confidence.isdigit() and int(confidence):
        # contentctl computes the risk of the two.
        lower = _lower(int(impact), max(1, 100 * _MOST_RISK // int(confidence)))
        risk = round(lower * int(confidence) / 100)
        some = True
        yield tags["impact"], str(lower)
    if text_of(tags.get("risk_score")).isdigit():
        some = True
        yield tags["risk_score"], str(_lower(int(text_of(tags["risk_score"])), risk))
    objects = members_of(held.get("rba")).get("risk_objects")
    for each in objects.value if isinstance(objects, yaml.SequenceNode) else ():
        score = members_of(each).get("score")
        if score is not None and text_of(score).isdigit():
            some = True
            yield score, str(_lower(int(text_of(score)), _MOST_RISK))
    if not some:
        raise NoFix("it has no risk score that could be lower")


def _lower(score: int, most: int) -> int:
    if score < 2:
        raise NoFix("its risk score could not be lower")
    return min(most, score - 1)


def _scalar(text: str, node: yaml.Node, value: str) -> Edit:
    if not value.isprintable():
        raise NoFix("YAML cannot hold its name on one line")
    begins = offsets(text)
    start = begins[node.start_mark.line] + node.start_mark.column
    end = begins[node.end_mark.line] + node.end_mark.column
    plain = re.fullmatch(r"[\w-]+", value, re.ASCII) is not None
    return start, end, value if plain else "'" + value.replace("'", "''") + "'"


def _texts(root: yaml.Node) -> dict[tuple[str | int, ...], yaml.ScalarNode]:
    """All texts of a document by their path."""
    found: dict[tuple[str | int, ...], yaml.ScalarNode] = {}
    waiting: list[tuple[tuple[str | int, ...], yaml.Node]] = [((), root)]
    seen = 0
    while waiting:
        path, node = waiting.pop()
        seen += 1
        # Aliases may hold each other.
        if seen + len(waiting) > _MOST_NODES:
            raise NoFix("it holds too much to be changed")
        if isinstance(node, yaml.ScalarNode):
            found[path] = node
            continue
        for number, each in enumerate(node.value):
            pair = isinstance(each, tuple)
            step = str(getattr(each[0], "value", number)) if pair else number
            waiting.append(((*path, step), each[1] if pair else each))
    return found


def _edited(text: str, edits: Sequence[Edit]) -> str:
    for start, end, new in sorted(edits, reverse=True):
        text = text[:start] + new + text[end:]
    return text


def _in_a_stanza(
    rule: Rule, own: Own, exclusions: Sequence[Exclusion], silent: Patch, at: int, more: str
) -> Patch:
    text = rule.source.text
    if not more.isprintable():
        raise NoFix("a .conf file cannot hold a value of the exclusion")
    listed = list(conf.stanzas(text))
    stanza = next(each for each in listed if each.name == rule.id)
    name = f"{rule.id} - {_SUFFIX.replace('_', ' ')}"
    if any(each.name in (name, rule.id) and each is not stanza for each in listed):
        raise NoFix("the file has a stanza of that name twice, or the second one already")
    begins = [0, *(found.end() for found in re.finditer("\n", text))]
    begin = begins[stanza.line - 1]
    following = [begins[each.line - 1] for each in listed if each.line > stanza.line]
    body = re.sub(
        r"(?:\s*\n[ \t]*#[^\n]*)*\s*\Z", "", text[begin : min(following, default=len(text))]
    )
    newline = "\r\n" if "\r\n" in text else "\n"
    header = text.find("\n", begin)
    header = len(text) if header < 0 else header + 1
    place = own.places[at] if at < len(own.places) else own.places[-1] + 1
    edits = [(begin, header, f"[{name}]{newline}"), (place, place, more)]
    edits += _milder(rule, stanza, header, newline)
    moved = [(start - begin, end - begin, new) for start, end, new in edits]
    copy = commented(f"{_edited(body, moved)}{newline}", 0, exclusions)
    gap = newline if silent.text.endswith("\n") else newline * 2
    changed = f"{silent.text}{gap}{copy}"
    found = {each.id: each for each in saved(Source(rule.source.path, changed), own.macros)}
    search = own.search[:at] + more + own.search[at:]
    if name not in found or found[name].query.split() != search.split():
        raise NoFix("the search stands in the file in a way that review cannot edit")
    return Patch(changed)


def _milder(rule: Rule, stanza: conf.Stanza, header: int, newline: str) -> Iterator[Edit]:
    """The settings of a severity, each lower than it was."""
    settings = stanza.settings
    notable = stanza.value("action.notable.param.severity").lower()
    number = stanza.value("alert.severity") or "3"
    if notable in ("informational", "unknown") or number not in ("3", "4", "5", "6"):
        raise NoFix("its severity could not be lower")
    lower = "2" if number == "3" else "3"
    if notable:
        word = "informational" if notable == "low" else "low"
        yield _value(settings["action.notable.param.severity"], word)
    if settings.get("alert.severity") and settings["alert.severity"].places:
        yield _value(settings["alert.severity"], lower)
    else:
        yield header, header, f"alert.severity = {lower}{newline}"
    shown = settings.get("action.correlationsearch.label")
    if shown is not None and shown.places:
        yield shown.places[-1] + 1, shown.places[-1] + 1, f" - {_SUFFIX.replace('_', ' ')}"
    for key, setting in settings.items():
        for found in _SCORES.finditer(setting.value) if _RISK_SETTING.search(key) else ():
            score = str(min(int(found[1]), _MOST_RISK))
            yield setting.places[found.start(1)], setting.places[found.end(1) - 1] + 1, score


def _value(setting: conf.Setting, value: str) -> Edit:
    return setting.places[0], setting.places[-1] + 1, value
