"""What each command does to what is known: https://docs.splunk.com/Documentation/Splunk/latest/SearchReference"""

import re
from collections.abc import Callable, Mapping

from ....exporters.languages.splunk.app import LOOKUP
from ...errors import NotJudged
from ...expression import Call, Expression, Field, Literal
from ...rule import EXPLAINED
from .arguments import (
    AS,
    OPTION,
    assignments,
    before_by,
    before_last_quote,
    grouped_by,
    renamed,
    shown,
)
from .expressions import read_eval, read_search
from .fields import JSON, RAW, add_on, exists, unknown
from .patterns import regular
from .state import COUNTED, UNKNOWN, State
from .text import Text, unquoted, words

_ASSIGNED = re.compile(r"\s*('[^']*'|\"[^\"]*\"|[^\s=\"']+)\s*=(?!=)")


def search(state: State, text: Text) -> None:
    """`search`."""
    state.keep(read_search(text, state.resolve, state.places), text, "search")


def _where(state: State, text: Text) -> None:
    state.keep(read_eval(text, state.resolve, state.dotted), text, "where")


def _regex(state: State, text: Text) -> None:
    found = re.fullmatch(r'\s*([^\s=!"]+)\s*(!?=)\s*("(?:[^"\\]|\\.)*")\s*', text.value, re.DOTALL)
    if not found or found[2] != "=":
        raise NotJudged("`regex` of the raw text, or with !=, is not modelled")
    # The backslashes are the expression's own.
    pattern = found[3][1:-1].replace('\\"', '"')
    regular(pattern)
    field = state.resolve(found[1], text.line(found.start(1)))
    literal = Literal(pattern, text.line(found.start(3)))
    state.keep(Call("match", (field, literal), text.line()), text, "regex")


def _eval(state: State, text: Text) -> None:
    for part in assignments(text):
        found = _ASSIGNED.match(part.value)
        if not found:
            raise NotJudged(f"`eval {shown(part)}` cannot be read")
        try:
            held = read_eval(part.part(found.end()), state.resolve, state.dotted)
        except NotJudged as reason:
            held = Call(UNKNOWN, (Literal(str(reason)),))
        state.set(found[1].strip("'\""), held)


def _rename(state: State, text: Text) -> None:
    for old, new in renamed(text):
        if "*" in old or "*" in new:
            _rename_all(state, old, new)
            continue
        state.set(new, state.resolve(old, text.line()))
        state.held[old] = Literal(None)


def _rename_all(state: State, old: str, new: str) -> None:
    if old.count("*") != 1 or new.count("*") != 1:
        raise NotJudged(f"`rename {old} as {new}` is not modelled")
    head, _, tail = new.partition("*")
    held, state.held = state.held, {}
    base = state.others

    def before(name: str, line: int) -> Expression:
        earlier = held.get(name)
        return earlier if earlier is not None else base(name, line)

    def others(name: str, line: int) -> Expression:
        now = before(name, line)
        if not (name.startswith(head) and name.endswith(tail)) or len(name) <= len(head + tail):
            return now
        star = name[len(head) : len(name) - len(tail)]
        renamed = before(old.replace("*", star), line)
        if isinstance(now, Field) and not exists(now.name):
            return renamed
        return Call("coalesce", (renamed, now), line)

    state.others = others


def _fields(state: State, text: Text) -> None:
    sign = text.value[:1]
    names = words(text.value[1:] if sign in "+-" else text.value)
    if sign == "-":
        for name in names:
            if "*" in name:
                raise NotJudged(f"`fields - {name}` is not modelled")
            state.held[name] = Literal(None)
    else:
        state.only([*names, RAW, "_time"])


def _table(state: State, text: Text) -> None:
    state.only(words(text.value))


def _fillnull(state: State, text: Text) -> None:
    value = "0"
    rest = text.value
    for found in OPTION.finditer(text.value):
        if found[1].lower() == "value":
            value = unquoted(found[2])
            rest = text.value[: found.start()] + text.value[found.end() :]
    names = words(rest)
    filled = Literal(value, text.line())
    if names:
        for name in names:
            state.set(name, Call("coalesce", (state.resolve(name, text.line()), filled)))
        return
    state.remarks["`fillnull` without a list is taken to fill every field"] = None
    before = state.others
    for name, held in list(state.held.items()):
        state.set(name, Call("coalesce", (held, filled)))
    state.others = lambda name, line: Call("coalesce", (before(name, line), filled), line)


def _spath(state: State, text: Text) -> None:
    options = {each[1].lower(): unquoted(each[2]) for each in OPTION.finditer(text.value)}
    plain = words(OPTION.sub("", text.value))
    path = options.get("path") or (plain[0] if plain else None)
    if options.get("input", RAW) != RAW:
        reason = f"`spath` of the JSON in `{options['input']}` is not modelled"
        if path is None:
            state.others = _all_unknown(reason)
        else:
            state.held[options.get("output", path)] = Call(UNKNOWN, (Literal(reason),))
    elif path is not None:
        known = unknown(path) is None
        held = Field(f"{JSON}{path}" if known else path, text.line())
        state.set(options.get("output", path), held)


def _rex(state: State, text: Text) -> None:
    options = {
        each[1].lower(): unquoted(each[2])
        for each in OPTION.finditer(before_last_quote(text.value))
    }
    quoted = re.search(r'"((?:[^"\\]|\\.)*)"\s*$', text.value, re.DOTALL)
    field = re.search(r'\bfield\s*=\s*("[^"]*"|[^\s]+)', text.value)
    if "mode" in options or "max_match" in options or not quoted or not field:
        raise NotJudged("`rex` of the raw text, with mode or max_match is not modelled")
    pattern, source = quoted[1].replace('\\"', '"'), unquoted(field[1])
    groups = regular(pattern)[0].groupindex
    if source == RAW:
        reason = "`rex` of the raw text is not modelled"
        for group in groups:
            state.held[group] = Call(UNKNOWN, (Literal(reason),))
        return
    held = state.resolve(source, text.line())
    for group in groups:
        taken = Call("rex", (held, Literal(pattern, text.line()), Literal(group)), text.line())
        before = state.resolve(group, text.line())
        if isinstance(before, Field) and not exists(before.name):
            state.set(group, taken)
        else:
            state.set(group, Call("coalesce", (taken, before)))


def _lookup(state: State, text: Text) -> None:
    names = words(text.value)
    names = [name for name in names if "=" not in name]
    if not names:
        raise NotJudged("a lookup without a name")
    table, rest = names[0], names[1:]
    at = next((i for i, each in enumerate(rest) if each.upper() in ("OUTPUT", "OUTPUTNEW")), None)
    if at is None:
        state.others = _all_unknown(f"the lookup `{table}` is not among what a record says")
        return
    found: Expression = Call(UNKNOWN, (Literal(f"what the lookup `{table}` gives is not known"),))
    if table == LOOKUP and rest[:at] in (
        ["event_id", "AS", "eventID"],
        ["event_id", "as", "eventID"],
    ):
        found = Field(EXPLAINED, text.line())
    outputs = rest[at + 1 :]
    while outputs:
        if len(outputs) > 2 and outputs[1].upper() == "AS":
            state.held[outputs[2]] = found
            outputs = outputs[3:]
        else:
            state.held[outputs[0]] = found
            outputs = outputs[1:]


def _iplocation(state: State, text: Text) -> None:
    prefix = next((each[2] for each in OPTION.finditer(text.value) if each[1] == "prefix"), "")
    for name in (
        "City",
        "Country",
        "Region",
        "lat",
        "lon",
        "Continent",
        "MetroCode",
        "Timezone",
    ):
        reason = f"`{name}` comes from the location of an address, which no record says"
        state.held[prefix + name] = Call(UNKNOWN, (Literal(reason),))


def _convert(state: State, text: Text) -> None:
    for found in re.finditer(r"\w+\(([^)]*)\)", text.value):
        for name in words(found[1]):
            state.held[name] = Call(UNKNOWN, (Literal(f"`convert` changes `{name}`"),))


def _bin(state: State, text: Text) -> None:
    for name in words(OPTION.sub("", text.value)):
        if name.lower() != "as" and name != "_time":
            state.held[name] = Call(COUNTED, (Literal(name),))


def _dedup(state: State, text: Text) -> None:
    names = [name for name in words(OPTION.sub("", text.value)) if not name.isdigit()]
    if "sortby" in names:
        names = names[: names.index("sortby")]
    state.present(names, text)
    state.remarks["`dedup` keeps the first record of each kind, and is taken to keep all"] = None


def _head(state: State, text: Text) -> None:
    state.remarks["`head` and `tail` are taken to keep all"] = None


def _stats(state: State, text: Text) -> None:
    by = grouped_by(text)
    state.present(by, text)
    state.group = tuple(state.own_name(name) for name in by if name != "_time")
    kept = {name: state.resolve(name, 0) for name in by}
    state.held = kept
    state.others = lambda name, line: Call(COUNTED, (Literal(name),), line)


def _eventstats(state: State, text: Text) -> None:
    if state.group is None:
        state.group = tuple(state.own_name(name) for name in grouped_by(text) if name != "_time")
    named = [unquoted(each) for each in AS.findall(text.value)]
    for name in [*named, *re.findall(r"\b(?!by\b)\w+(?:\([^)]*\))?", before_by(text))]:
        if name.lower() not in ("as", "by"):
            state.held[name] = Call(COUNTED, (Literal(name),))


def _end(state: State, text: Text) -> None:
    state.group = tuple(state.own_name(name) for name in grouped_by(text) if name != "_time")
    state.counts.append(shown(text) or "everything behind")
    state.closed = True


def _refuse(state: State, text: Text) -> None:
    raise NotJudged("it brings in rows of another search")


def _all_unknown(reason: str) -> Callable[[str, int], Expression]:
    def others(name: str, line: int) -> Expression:
        fields = add_on()
        # A lookup or JSON in a field gives none of these.
        if name.partition(".")[0].partition("{")[0] in fields.members or name in fields.constants:
            return Field(name, line)
        if name in (RAW, EXPLAINED) or name.startswith(JSON):
            return Field(name, line)
        return Call(UNKNOWN, (Literal(reason),), line)

    return others


COMMANDS: Mapping[str, Callable[[State, Text], None]] = {
    "append": _refuse,
    "appendcols": _refuse,
    "bin": _bin,
    "bucket": _bin,
    "chart": _end,
    "convert": _convert,
    "dedup": _dedup,
    "eval": _eval,
    "eventstats": _eventstats,
    "fields": _fields,
    "fillnull": _fillnull,
    "head": _head,
    "iplocation": _iplocation,
    "join": _refuse,
    "lookup": _lookup,
    "rare": _end,
    "regex": _regex,
    "rename": _rename,
    "rex": _rex,
    "search": search,
    "spath": _spath,
    "stats": _stats,
    "streamstats": _eventstats,
    "table": _table,
    "tail": _head,
    "timechart": _end,
    "top": _end,
    "transaction": _end,
    "where": _where,
}
"""By name."""
PASSING = frozenset(
    {"abstract", "addinfo", "collect", "fieldformat", "highlight", "outputcsv", "outputlookup", "reverse", "sendalert",
     "sendemail", "sort", "tags"}
)  # fmt: skip
"""What changes nothing that is asked later."""
