"""Writes a search of Splunk anew so that it leaves out what an exclusion names."""

import re
from collections.abc import Sequence

from ....exporters.errors import CannotEncode
from ....exporters.languages.expressions import (
    Call,
    Expression,
    Field,
    Value,
    both,
    call,
    either,
    equal,
)
from ....exporters.languages.splunk.spl import written
from ...errors import NoFix
from ...languages.spl.macros import EXPLAINED, EXPLAINED_ALONE, expanded
from ...languages.spl.scalars import put_in
from ...languages.spl.text import Text, bars, commands
from ...rule import Exclusion, Patch, Rule, Source, Term
from .rules import Own, detection, saved


def exclude(rule: Rule, exclusions: Sequence[Exclusion]) -> Patch:
    """The file in which the rule's search leaves out what an exclusion names, behind its first command.

    Raises:
        NoFix: SPL cannot say it, or the search is not executed or cannot be edited where it stands.
    """
    place = rule.own
    if not isinstance(place, Own) or rule.test is None:
        raise NoFix(f"the search is not executed here: {rule.not_judged or 'it reads another log'}")
    at = behind_base(place)
    more = spaced(place.search, at, " ".join(_filter(each) for each in exclusions))
    text = rule.source.text
    if place.scalar is not None:
        changed = put_in(place.scalar, text, at, more)
    else:
        if not more.isprintable():
            raise NoFix("a .conf file cannot hold a value of the exclusion")
        offset = place.places[at] if at < len(place.places) else place.places[-1] + 1
        changed = text[:offset] + more + text[offset:]
    # The comment goes in last: it stands before the search, and would move it.
    changed = commented(changed, place.key, exclusions)
    _hold(rule, place, changed, place.search[:at] + more + place.search[at:])
    return Patch(changed)


def _hold(rule: Rule, place: Own, changed: str, wanted: str) -> None:
    """The changed file must hold exactly the search that was wanted, and one that executes."""
    source = Source(rule.source.path, changed)
    rules = (
        [detection(source, place.macros)]
        if place.scalar is not None
        else list(saved(source, place.macros))
    )
    found = next((each for each in rules if each.id == rule.id), None)
    if found is None or found.query.split() != wanted.split():
        raise NoFix("the search stands in the file in a way that review cannot edit")
    if found.test is None:
        raise NoFix(f"the changed search could not be executed: {found.not_judged}")


def spaced(search: str, at: int, added: str) -> str:
    """Commands as they are put into a search at a place."""
    if at == len(search.rstrip()):
        return f" {added}"
    return f"{added} " if search[at - 1 : at].isspace() else f" {added} "


def commented(text: str, at: int, exclusions: Sequence[Exclusion]) -> str:
    """The file with what the exclusions are for, above the line that begins there."""
    indent = re.match(r"[ \t]*", text[at:])
    lead = indent[0] if indent else ""
    end = "\r\n" if "\r\n" in text else "\n"
    comment = "".join(f"{lead}# {_one_line(each.why)}{end}" for each in exclusions)
    return text[:at] + comment + text[at:]


def behind_base(place: Own) -> int:
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
    # Null is not true: a record that lacks a member stays.
    return _where([exclusion], 0)


def wanted(exclusions: Sequence[Exclusion]) -> str:
    """The commands that keep what an exclusion names, and nothing else.

    Raises:
        NoFix: SPL cannot say it.
    """
    if all(each.explained for each in exclusions):
        return f"| {EXPLAINED_ALONE}"
    if any(each.explained for each in exclusions):
        raise NoFix("terms and the lookup of explained events are no condition of one search")
    if not all(each.terms for each in exclusions):
        raise NoFix("the exclusion says nothing of a record")
    return _where(exclusions, 1)


def _where(exclusions: Sequence[Exclusion], result: int) -> str:
    try:
        condition = either(*(both(*map(_term, each.terms)) for each in exclusions))
        text = f"| where {written(equal(call('if', condition, Value(1), Value(0)), Value(result)))}"
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
