"""A search, command by command, as one condition on a record.

Each field is followed from command to command as the expression of what it holds. What filters before the first
command that puts records together is the condition. Behind `stats` a field of its `by` holds the same in all
records of a group, so that a filter on such fields alone is a filter on records, and is taken for one; what asks of
anything that was counted stands in `counts`. `stats` leaves out a record that lacks a field of its `by`, which is
part of the condition: https://docs.splunk.com/Documentation/Splunk/latest/SearchReference/Stats
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ....exporters.languages.splunk.app import LOOKUP
from ...errors import NotJudged
from ...expression import Call, Expression, Field, Literal, both, walk
from ...rule import EXPLAINED
from .arguments import (
    AS,
    OPTION,
    RENAME,
    assignments,
    before_by,
    before_last_quote,
    grouped_by,
    shown,
)
from .expressions import read_eval, read_search
from .fields import JSON, RAW, add_on, exists, unknown
from .patterns import regular
from .text import Text, commands, unquoted, words

_COMMAND = re.compile(r"[A-Za-z_]\w*")
_ASSIGNED = re.compile(r"\s*('[^']*'|\"[^\"]*\"|[^\s=\"']+)\s*=(?!=)")
_UNKNOWN = "unknown"
_COUNTED = "counted"
_LARGEST = 4_000
_LONGEST = 200
_MOST_LETTERS = 30_000


@dataclass(frozen=True, slots=True)
class Search:
    """A search read: `condition` on a record, and what it does beside."""

    condition: Expression
    counts: str | None
    group_by: tuple[str, ...]
    remarks: tuple[str, ...]


def read(text: Text) -> Search:
    """The search, its macros expanded.

    Raises:
        NotJudged: it does what is not modelled; the text says what.
    """
    if len(text.value) > _MOST_LETTERS:
        raise NotJudged(f"a search of more than {_MOST_LETTERS} letters, its macros expanded")
    parts = list(commands(text))
    if len(parts) > _LONGEST:
        raise NotJudged(f"a search of more than {_LONGEST} commands")
    first, *rest = parts
    pipeline = _Pipeline()
    if first.value:
        head = re.match(r"search(?=\s)", first.value)
        pipeline.search(first.part(head.end()) if head else first)
    elif not rest or not rest[0].value.startswith("search"):
        name = _COMMAND.match(rest[0].value) if rest else None
        word = name[0] if name else "|"
        raise NotJudged(f"`{word}` makes its rows itself: from a data model, a lookup or nothing")
    for each in rest:
        if pipeline.closed:
            break
        pipeline.run(each)
    return pipeline.result()


class _Pipeline:
    """The state between two commands."""

    def __init__(self) -> None:
        self.closed = False
        self._held: dict[str, Expression] = {}
        # What a name holds that is not in `_held`: its field, unless a command changed all of them.
        self._others: Callable[[str, int], Expression] = lambda name, line: Field(name, line)
        self._conditions: list[Expression] = []
        self._counts: list[str] = []
        self._group: tuple[str, ...] | None = None
        self._remarks: dict[str, None] = {}
        self._places: set[str] = set()
        self._dotted: set[str] = set()

    def result(self) -> Search:
        condition = both(*self._conditions)
        remarks = list(self._remarks)
        if self._places:
            names = ", ".join(f"`{name}`" for name in sorted(self._places))
            remarks.append(f"{names} is taken to be where CloudTrail is")
        remarks += [
            f"{name} is not in single quotation marks: eval joins two fields, as Splunk does"
            for name in sorted(self._dotted)
        ]
        by = self._group or ()
        counts = None
        if self._counts:
            over = f" by {', '.join(by)}" if by else ""
            counts = f"counts{over}: {'; '.join(self._counts)}"
        return Search(condition, counts, by if counts else (), tuple(remarks))

    def run(self, command: Text) -> None:
        """One command behind a bar."""
        if command.value.startswith("`"):
            name = command.value[1:].partition("`")[0].partition("(")[0]
            raise NotJudged(f"the macro `{name}` is not among the files")
        found = _COMMAND.match(command.value)
        if not found:
            raise NotJudged(f"the command {command.value[:20]!r} cannot be read")
        name = found[0].lower()
        runner = _RUNNERS.get(name)
        if runner is None:
            if name in _PASSING:
                return
            if self._counts:
                self._counts.append(shown(command))
                self.closed = True
                return
            raise NotJudged(f"the command `{name}` is not modelled")
        runner(self, command.part(found.end()).stripped())

    def search(self, text: Text) -> None:
        """`search`."""
        self._keep(read_search(text, self._resolve, self._places), text, "search")

    def _where(self, text: Text) -> None:
        self._keep(read_eval(text, self._resolve, self._dotted), text, "where")

    def _regex(self, text: Text) -> None:
        found = re.fullmatch(
            r'\s*([^\s=!"]+)\s*(!?=)\s*("(?:[^"\\]|\\.)*")\s*', text.value, re.DOTALL
        )
        if not found or found[2] != "=":
            raise NotJudged("`regex` of the raw text, or with !=, is not modelled")
        # The backslashes are the expression's own.
        pattern = found[3][1:-1].replace('\\"', '"')
        regular(pattern)
        field = self._resolve(found[1], text.line(found.start(1)))
        literal = Literal(pattern, text.line(found.start(3)))
        self._keep(Call("match", (field, literal), text.line()), text, "regex")

    def _keep(self, condition: Expression, text: Text, command: str) -> None:
        reason = _marked(condition, _COUNTED)
        if reason is not None:
            self._counts.append(f"{command} {shown(text)}")
            return
        unclear = _marked(condition, _UNKNOWN)
        if unclear is None:
            unclear = next(
                (
                    why
                    for each in walk(condition)
                    if isinstance(each, Field) and (why := unknown(each.name))
                ),
                None,
            )
        if unclear is not None:
            raise NotJudged(unclear)
        self._conditions.append(condition)

    def _resolve(self, name: str, line: int) -> Expression:
        held = self._held.get(name)
        return held if held is not None else self._others(name, line)

    def _set(self, name: str, held: Expression) -> None:
        if sum(1 for _ in walk(held)) > _LARGEST:
            raise NotJudged(f"what `{name}` holds is too long to follow")
        self._held[name] = held

    def _eval(self, text: Text) -> None:
        for part in assignments(text):
            found = _ASSIGNED.match(part.value)
            if not found:
                raise NotJudged(f"`eval {shown(part)}` cannot be read")
            try:
                held = read_eval(part.part(found.end()), self._resolve, self._dotted)
            except NotJudged as reason:
                held = Call(_UNKNOWN, (Literal(str(reason)),))
            self._set(found[1].strip("'\""), held)

    def _rename(self, text: Text) -> None:
        for found in RENAME.finditer(text.value):
            old, new = unquoted(found[1]), unquoted(found[2])
            line = text.line(found.start())
            if "*" in old or "*" in new:
                self._rename_all(old, new)
                continue
            self._set(new, self._resolve(old, line))
            self._held[old] = Literal(None)

    def _rename_all(self, old: str, new: str) -> None:
        if old.count("*") != 1 or new.count("*") != 1:
            raise NotJudged(f"`rename {old} as {new}` is not modelled")
        head, _, tail = new.partition("*")
        held, self._held = self._held, {}
        base = self._others

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

        self._others = others

    def _fields(self, text: Text) -> None:
        sign = text.value[:1]
        names = words(text.value[1:] if sign in "+-" else text.value)
        if sign == "-":
            for name in names:
                if "*" in name:
                    raise NotJudged(f"`fields - {name}` is not modelled")
                self._held[name] = Literal(None)
        else:
            self._only([*names, RAW, "_time"])

    def _table(self, text: Text) -> None:
        self._only(words(text.value))

    def _only(self, names: list[str]) -> None:
        if any("*" in name for name in names):
            return
        kept = {name: self._resolve(name, 0) for name in names}
        kept[RAW] = self._resolve(RAW, 0)
        self._held = kept
        self._others = lambda name, line: Literal(None, line)

    def _fillnull(self, text: Text) -> None:
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
                self._set(name, Call("coalesce", (self._resolve(name, text.line()), filled)))
            return
        self._remarks["`fillnull` without a list is taken to fill every field"] = None
        before = self._others
        for name, held in list(self._held.items()):
            self._set(name, Call("coalesce", (held, filled)))
        self._others = lambda name, line: Call("coalesce", (before(name, line), filled), line)

    def _spath(self, text: Text) -> None:
        options = {each[1].lower(): unquoted(each[2]) for each in OPTION.finditer(text.value)}
        plain = words(OPTION.sub("", text.value))
        path = options.get("path") or (plain[0] if plain else None)
        if options.get("input", RAW) != RAW:
            reason = f"`spath` of the JSON in `{options['input']}` is not modelled"
            if path is None:
                self._others = _all_unknown(reason)
            else:
                self._held[options.get("output", path)] = Call(_UNKNOWN, (Literal(reason),))
        elif path is not None:
            known = unknown(path) is None
            held = Field(f"{JSON}{path}" if known else path, text.line())
            self._set(options.get("output", path), held)

    def _rex(self, text: Text) -> None:
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
                self._held[group] = Call(_UNKNOWN, (Literal(reason),))
            return
        held = self._resolve(source, text.line())
        for group in groups:
            taken = Call("rex", (held, Literal(pattern, text.line()), Literal(group)), text.line())
            before = self._resolve(group, text.line())
            if isinstance(before, Field) and not exists(before.name):
                self._set(group, taken)
            else:
                self._set(group, Call("coalesce", (taken, before)))

    def _lookup(self, text: Text) -> None:
        names = words(text.value)
        names = [name for name in names if "=" not in name]
        if not names:
            raise NotJudged("a lookup without a name")
        table, rest = names[0], names[1:]
        at = next(
            (i for i, each in enumerate(rest) if each.upper() in ("OUTPUT", "OUTPUTNEW")), None
        )
        if at is None:
            self._others = _all_unknown(f"the lookup `{table}` is not among what a record says")
            return
        found: Expression = Call(
            _UNKNOWN, (Literal(f"what the lookup `{table}` gives is not known"),)
        )
        if table == LOOKUP and rest[:at] in (
            ["event_id", "AS", "eventID"],
            ["event_id", "as", "eventID"],
        ):
            found = Field(EXPLAINED, text.line())
        outputs = rest[at + 1 :]
        while outputs:
            if len(outputs) > 2 and outputs[1].upper() == "AS":
                self._held[outputs[2]] = found
                outputs = outputs[3:]
            else:
                self._held[outputs[0]] = found
                outputs = outputs[1:]

    def _iplocation(self, text: Text) -> None:
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
            self._held[prefix + name] = Call(_UNKNOWN, (Literal(reason),))

    def _convert(self, text: Text) -> None:
        for found in re.finditer(r"\w+\(([^)]*)\)", text.value):
            for name in words(found[1]):
                self._held[name] = Call(_UNKNOWN, (Literal(f"`convert` changes `{name}`"),))

    def _bin(self, text: Text) -> None:
        for name in words(OPTION.sub("", text.value)):
            if name.lower() != "as" and name != "_time":
                self._held[name] = Call(_COUNTED, (Literal(name),))

    def _dedup(self, text: Text) -> None:
        names = [name for name in words(OPTION.sub("", text.value)) if not name.isdigit()]
        if "sortby" in names:
            names = names[: names.index("sortby")]
        self._present(names, text)
        self._remarks["`dedup` keeps the first record of each kind, and is taken to keep all"] = (
            None
        )

    def _head(self, text: Text) -> None:
        self._remarks["`head` and `tail` are taken to keep all"] = None

    def _stats(self, text: Text) -> None:
        by = grouped_by(text)
        self._present(by, text)
        self._group = tuple(self._own_name(name) for name in by if name != "_time")
        kept = {name: self._resolve(name, 0) for name in by}
        self._held = kept
        self._others = lambda name, line: Call(_COUNTED, (Literal(name),), line)

    def _eventstats(self, text: Text) -> None:
        if self._group is None:
            self._group = tuple(
                self._own_name(name) for name in grouped_by(text) if name != "_time"
            )
        named = [unquoted(each) for each in AS.findall(text.value)]
        for name in [*named, *re.findall(r"\b(?!by\b)\w+(?:\([^)]*\))?", before_by(text))]:
            if name.lower() not in ("as", "by"):
                self._held[name] = Call(_COUNTED, (Literal(name),))

    def _end(self, text: Text) -> None:
        self._group = tuple(self._own_name(name) for name in grouped_by(text) if name != "_time")
        self._counts.append(shown(text) or "everything behind")
        self.closed = True

    def _present(self, names: list[str], text: Text) -> None:
        for name in names:
            held = self._resolve(name, text.line())
            if name in ("_time", RAW, "_indextime") and held == Field(name, text.line()):
                continue
            if _marked(held, _COUNTED) is not None:
                continue
            asked = [each.name for each in walk(held) if isinstance(each, Field)]
            if _marked(held, _UNKNOWN) is not None or any(unknown(each) for each in asked):
                if not isinstance(held, Call) or held.function != "coalesce" or _unfilled(held):
                    self._remarks[
                        f"records without `{name}` are left out; it is taken to be there"
                    ] = None
                continue
            self._conditions.append(Call("isnotnull", (held,), text.line()))

    def _own_name(self, name: str) -> str:
        held = self._resolve(name, 0)
        return held.name if isinstance(held, Field) else name

    def _refuse(self, text: Text) -> None:
        raise NotJudged("it brings in rows of another search")


def _unfilled(held: Call) -> bool:
    last = held.arguments[-1]
    return not (isinstance(last, Literal) and last.value is not None)


def _all_unknown(reason: str) -> Callable[[str, int], Expression]:
    def others(name: str, line: int) -> Expression:
        fields = add_on()
        # A lookup or JSON in a field gives none of these.
        if name.partition(".")[0].partition("{")[0] in fields.members or name in fields.constants:
            return Field(name, line)
        if name in (RAW, EXPLAINED) or name.startswith(JSON):
            return Field(name, line)
        return Call(_UNKNOWN, (Literal(reason),), line)

    return others


def _marked(expression: Expression, mark: str) -> str | None:
    for each in walk(expression):
        if isinstance(each, Call) and each.function == mark:
            told = each.arguments[0]
            return str(told.value) if isinstance(told, Literal) else mark
    return None


_RUNNERS: Mapping[str, Callable[[_Pipeline, Text], None]] = {
    "append": _Pipeline._refuse,
    "appendcols": _Pipeline._refuse,
    "bin": _Pipeline._bin,
    "bucket": _Pipeline._bin,
    "chart": _Pipeline._end,
    "convert": _Pipeline._convert,
    "dedup": _Pipeline._dedup,
    "eval": _Pipeline._eval,
    "eventstats": _Pipeline._eventstats,
    "fields": _Pipeline._fields,
    "fillnull": _Pipeline._fillnull,
    "head": _Pipeline._head,
    "iplocation": _Pipeline._iplocation,
    "join": _Pipeline._refuse,
    "lookup": _Pipeline._lookup,
    "rare": _Pipeline._end,
    "regex": _Pipeline._regex,
    "rename": _Pipeline._rename,
    "rex": _Pipeline._rex,
    "search": _Pipeline.search,
    "spath": _Pipeline._spath,
    "stats": _Pipeline._stats,
    "streamstats": _Pipeline._eventstats,
    "table": _Pipeline._table,
    "tail": _Pipeline._head,
    "timechart": _Pipeline._end,
    "top": _Pipeline._end,
    "transaction": _Pipeline._end,
    "where": _Pipeline._where,
}
_PASSING = frozenset(
    {"abstract", "addinfo", "collect", "fieldformat", "highlight", "outputcsv", "outputlookup", "reverse", "sendalert",
     "sendemail", "sort", "tags"}
)  # fmt: skip
