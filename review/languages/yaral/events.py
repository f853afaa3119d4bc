"""What the events of a rule ask of one record, and what decides beside that."""

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any, Final

from ....exporters.explained_table import COLUMNS, TABLE
from ...errors import NotJudged
from ...expression import (
    Call,
    Expression,
    Field,
    Literal,
    Value,
    both,
    either,
    fields_of,
    negated,
    walk,
)
from ...rule import EXPLAINED, Source
from ..re2 import pattern
from . import udm
from .grammar import parse
from .sections import Written, without_comments
from .values import ARITY, BOOLEAN, FUNCTIONS, PATTERNS

MOST: Final = 20_000
"""Parts of a condition."""

_ONE: Final = re.compile(r"\$(\w+)|#(\w+)\s*(?:>\s*0|>=\s*1)(?!\d)")
_ESCAPES: Final = {"n": "\n", "r": "\r", "t": "\t"}


@dataclass(frozen=True, slots=True)
class Judged:
    """What a rule asks of a record. `variables` are those of its event variables that a record may stand for, `end` is
    where the last predicate ends in the events section. `remarks` are sentences on what is left out."""

    condition: Expression
    counts: str | None
    group_by: tuple[str, ...]
    variables: tuple[str, ...]
    end: int
    remarks: tuple[str, ...]


@dataclass(slots=True)
class _Reader:
    line: int
    sources: Sequence[Source]
    bound: dict[str, Any] = field(default_factory=dict)
    owners: dict[str, set[str]] = field(default_factory=dict)
    steps: int = 0

    # What belongs to which event

    def variables(self, node: Any) -> set[str]:
        """The event variables that a predicate is about, by way of its placeholders, too."""
        found: set[str] = set()
        for path in _paths(node):
            name, _, rest = str(path.children[-1])[1:].partition(".")
            found |= {name} if rest or "[" in name else self.owners.get(name, set())
        return {each.partition("[")[0] for each in found}

    def bindings(self, predicates: Sequence[Any]) -> None:
        """Learn what placeholders stand for: the first field or function that they are equal to."""
        for node in predicates:
            if node.data != "compare" or str(node.children[1]) != "=":
                continue
            left, right = node.children[0], node.children[2]
            for name, value in ((_placeholder(right), left), (_placeholder(left), right)):
                if name and not _placeholder(value) and self.variables(value):
                    self.bound.setdefault(name, value)
                    self.owners.setdefault(name, set()).update(self.variables(value))

    def binds(self, node: Any) -> bool:
        """Whether the predicate says no more than what a placeholder stands for."""
        if node.data != "compare" or str(node.children[1]) != "=":
            return False
        left, right = node.children[0], node.children[2]
        name, value = (
            (_placeholder(right), left) if _placeholder(right) else (_placeholder(left), right)
        )
        return bool(name) and (self.bound.get(name) is value or len(self.owners.get(name, ())) > 1)

    # Conditions

    def at(self, node: Any) -> int:
        line = getattr(node.meta, "line", 0)
        return self.line + line - 1 if line else 0

    def condition(self, node: Any) -> Expression:
        """A predicate.

        Raises:
            NotJudged: it asks what is not known of a record.
        """
        kind = node.data
        if kind == "either":
            return either(*map(self.condition, node.children))
        if kind == "both":
            return both(*map(self.condition, node.children))
        if kind == "denied":
            return negated(self.condition(node.children[0]))
        if kind == "compare":
            return self.compared(node)
        if kind == "listed":
            return self.listed(node)
        if kind == "call":
            name = _function(node)
            if name in BOOLEAN:
                return self.called(node)
            raise NotJudged(f"the function {name} is not executed")
        if kind == "folded" and node.children[0].data == "call":
            found = self.condition(node.children[0])
            if isinstance(found, Call) and found.function == "re.regex":
                value, written = found.arguments
                folded = f"(?i){getattr(written, 'value', '')}"
                return Call("re.regex", (value, Literal(folded, written.line)), found.line)
        raise NotJudged("a predicate without a comparison is not executed")

    def compared(self, node: Any) -> Expression:
        left, sign, right, *nocase = node.children
        operator = str(sign)
        folded = any(each is not None for each in nocase)
        if right.data == "regex":
            written = str(right.children[0])[1:-1].replace("\\/", "/")
            if folded:
                written = f"(?i){written}"
            pattern(written)
            found: Expression = Call(
                "re.regex", (self.value(left), Literal(written, self.at(right))), self.at(node)
            )
        elif operator in ("=", "!="):
            name = "= nocase" if folded else "="
            if right.data == "word" and left.data == "call" and not folded:
                found = self.condition(left)
                found = found if str(right.children[0]) == "true" else negated(found)
            else:
                found = Call(name, (self.value(left), self.value(right)), self.at(node))
        else:
            raise NotJudged(f"a comparison by {operator} is not executed")
        return negated(found) if operator == "!=" else found

    def listed(self, node: Any) -> Expression:
        left, kind, name, nocase = node.children[0], None, "", False
        for each in node.children[1:]:
            if each is None:
                continue
            if each.type == "LIST":
                name = str(each)[1:]
            elif each.type == "KIND":
                kind = str(each)
            else:
                nocase = True
        value = self.value(left)
        if name == f"{TABLE}.{COLUMNS[0]}":
            if not isinstance(value, Field) or value.name != udm.EVENT_ID:
                raise NotJudged(f"it asks %{TABLE} for something other than {udm.EVENT_ID}")
            return Call("explained", (Field(EXPLAINED, self.at(node)),), self.at(node))
        rows = self.rows(name)
        if kind == "regex":
            rows = [f"(?i){each}" if nocase else each for each in rows]
            for each in rows:
                pattern(each)
        elif nocase:
            rows = [each.lower() for each in rows]
        operator = f"one of {kind}" if kind else "one of nocase" if nocase else "one of"
        return Call(operator, (value, Literal(rows, self.at(node))), self.at(node))

    def rows(self, name: str) -> list[str]:
        """The rows of a reference list, or of a column of a data table, that stands beside the rules."""
        stem, _, column = name.partition(".")
        for source in self.sources:
            path = PurePath(source.path)
            if path.stem != stem or path.suffix.lower() != (".csv" if column else ".txt"):
                continue
            lines = [line for line in source.text.splitlines() if line.strip()][:10_000]
            if not column:
                return [
                    line.partition("//")[0].strip() if "://" not in line else line for line in lines
                ]
            table = list(csv.reader(lines))
            if table and column in table[0]:
                at = table[0].index(column)
                return [row[at] for row in table[1:] if len(row) > at]
        raise NotJudged(f"the list %{name} is not at hand")

    # Values

    def value(self, node: Any) -> Expression:
        """A value of a record."""
        self.steps += 1
        if self.steps > MOST:
            raise NotJudged(f"its events ask more than {MOST} things")
        kind = node.data
        if kind in ("path", "quantified"):
            return self.path(node)
        if kind in ("string", "raw"):
            return Literal(text_of(node), self.at(node))
        if kind == "number":
            written = str(node.children[0])[:30]
            return Literal(float(written) if "." in written else int(written), self.at(node))
        if kind == "word":
            return Literal(str(node.children[0]), self.at(node))
        if kind == "call":
            return self.called(node)
        raise NotJudged(f"{kind} is not executed")

    def path(self, node: Any) -> Expression:
        name = str(node.children[-1])[1:]
        variable, _, rest = name.partition(".")
        if not rest:
            bound = self.bound.get(variable)
            if bound is None:
                raise NotJudged(f"the placeholder ${variable} stands for nothing")
            return self.value(bound)
        found = udm.spelled(rest)
        if not udm.known(found):
            raise NotJudged(
                f"the field {found} is spelt two ways in Google's documents"
                if found in udm.DISPUTED
                else f"what Google's parser writes into {found} is not documented here"
            )
        return Field(found, self.at(node))

    def called(self, node: Any) -> Expression:
        name = _function(node)
        given = [each for each in node.children[1:] if each is not None]
        operator = name in FUNCTIONS and "." in name
        if not operator or ARITY.get(name, len(given)) != len(given) or not given:
            raise NotJudged(f"the function {name} is not executed")
        parts = tuple(self.value(each) for each in given)
        if name in PATTERNS:
            written = parts[1]
            if not isinstance(written, Literal) or not isinstance(written.value, str):
                raise NotJudged("a regular expression that is computed is not executed")
            pattern(written.value)
        return Call(name, parts, self.at(node))


def read(rule: Written, line: int, sources: Sequence[Source]) -> Judged | None:
    """What a rule asks of a record. `line` is where its events section begins; None where none is of CloudTrail.

    Raises:
        NotJudged: it cannot be executed on records alone.
    """
    try:
        return _read(rule, line, sources)
    except RecursionError:
        raise NotJudged("its events nest too deeply") from None


def _read(rule: Written, line: int, sources: Sequence[Source]) -> Judged | None:
    section = rule.sections.get("events")
    if section is None:
        raise NotJudged("it has no events section")
    tree = parse(section.text)
    predicates = [part for each in tree.children for part in _flat(each)]
    reader = _Reader(line, sources)
    # A placeholder may stand for another one's field: a second look finds what the first left.
    reader.bindings(predicates)
    reader.bindings(predicates)
    of: dict[str, list[Any]] = {}
    for node in predicates:
        about = reader.variables(node)
        for name in about:
            of.setdefault(name, [])
        if len(about) > 1 or reader.binds(node):
            continue
        if about:
            of[next(iter(about))].append(node)
        else:
            raise NotJudged("a predicate names no event")
    required, absent, condition = _conditions(rule, set(of))
    ours = [
        name for name in of if not _other_log(of[name], reader) and not _entity(name, predicates)
    ]
    if not ours:
        return None
    for name in of:
        if name not in ours and name not in absent:
            raise NotJudged(f"it joins ${name}, which is not of CloudTrail")
    match = _match(rule)
    parts, remarks = [], []
    for name in ours:
        if name in absent:
            continue
        test = [reader.condition(node) for node in of[name]]
        for variable in match.variables if name in required else ():
            bound = reader.bound.get(variable)
            if bound is None or name not in reader.owners.get(variable, ()) or match.zeros:
                continue
            try:
                value: Expression | None = reader.value(bound)
            except NotJudged:
                value = None
            # Where the parser puts what is no address is not documented.
            if value is None or fields_of(value) == ("principal.ip",):
                said = section.text[bound.meta.start_pos : bound.meta.end_pos]
                remarks.append(f"an event without {said} makes no detection, which is not executed")
            else:
                test.append(negated(Call("=", (value, Literal("")), reader.at(bound))))
        parts.append(both(*test))
    if not parts:
        raise NotJudged("it detects the absence of events")
    found = either(*parts)
    if sum(1 for _ in walk(found)) > MOST:
        raise NotJudged(f"its events ask more than {MOST} things")
    sentences = []
    window = f" over {match.window}" if match.window else ""
    if len(of) > 1:
        others = f" without ${', $'.join(sorted(absent))}" if absent else ""
        sentences.append(
            f"${', $'.join(each for each in of if each not in absent)} meet{window}{others}"
        )
    if condition:
        sentences.append(f"condition {condition}{window}")
    groups: list[str] = []
    for variable in match.variables:
        try:
            groups += fields_of(reader.value(reader.bound[variable]))
        except (KeyError, NotJudged):
            continue
    return Judged(
        found,
        "; ".join(sentences) or None,
        tuple(dict.fromkeys(groups)),
        tuple(name for name in ours if name not in absent),
        len(without_comments(section.text).rstrip()),
        tuple(dict.fromkeys(remarks)),
    )


@dataclass(frozen=True, slots=True)
class _Match:
    variables: tuple[str, ...]
    window: str
    zeros: bool


def _match(rule: Written) -> _Match:
    section, options = rule.sections.get("match"), rule.sections.get("options")
    zeros = (
        options is not None
        and re.search(r"\ballow_zero_values\s*=\s*true\b", options.text) is not None
    )
    if section is None:
        return _Match((), "", zeros)
    names, _, window = without_comments(section.text).partition("over")
    found = re.search(r"\d+[smhd]|every\s+\w+", window)
    return _Match(tuple(re.findall(r"\$(\w+)", names)), found[0] if found else "", zeros)


def _conditions(rule: Written, variables: set[str]) -> tuple[set[str], set[str], str | None]:
    """The variables of which an event is needed, those of which none may be there, and what counts beside that."""
    section = rule.sections.get("condition")
    text = " ".join(without_comments(section.text).split()) if section else ""
    if not text:
        raise NotJudged("it has no condition")
    absent = {
        name
        for name in variables
        if re.search(rf"(!\s*\${name}\b|#{name}\s*(=\s*0|<\s*1)\b|\bnot\s+\${name}\b)", text)
    }
    plain = True
    for part in re.split(r"\band\b", text):
        found = _ONE.fullmatch(part.strip(" ()"))
        plain = plain and found is not None and (found[1] or found[2]) in variables
    return variables - absent, absent, None if plain else text


def _flat(node: Any) -> list[Any]:
    if node.data != "both":
        return [node]
    return [part for each in node.children for part in _flat(each)]


def _paths(node: Any) -> list[Any]:
    return [*node.find_data("path"), *node.find_data("quantified")]


def _placeholder(node: Any) -> str:
    if node.data != "path":
        return ""
    name = str(node.children[0])[1:]
    return "" if "." in name or "[" in name else name


def _function(node: Any) -> str:
    return str(node.children[0])[:-1].strip()


def text_of(node: Any) -> str:
    """What a string literal means; one between backquotes is as it stands."""
    written = str(node.children[0])
    if node.data == "raw":
        return written[1:-1]
    return re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[1]), written[1:-1])


def _other_log(predicates: Sequence[Any], reader: _Reader) -> bool:
    """Whether the predicates ask for a log that is not CloudTrail's."""
    for node in predicates:
        if (
            node.data != "compare"
            or str(node.children[1]) != "="
            or node.children[2].data != "string"
        ):
            continue
        if node.children[0].data != "path":
            continue
        name = udm.spelled(str(node.children[0].children[0])[1:].partition(".")[2])
        wanted: Value = text_of(node.children[2])
        if name in udm.CONSTANTS and udm.CONSTANTS[name].lower() != str(wanted).lower():
            return True
    return False


def _entity(name: str, predicates: Sequence[Any]) -> bool:
    """Whether the variable is of the entity graph."""
    return any(
        str(path.children[-1]).startswith((f"${name}.graph.", f"${name}.detection."))
        for node in predicates
        for path in _paths(node)
    )


def about(rule: Written) -> bool:
    """Whether the rule names CloudTrail as a product or a log."""
    section = rule.sections.get("events")
    text = without_comments(section.text).lower() if section else ""
    return "aws cloudtrail" in text or "aws_cloudtrail" in text
