"""What a condition asks of the members of a record: the values that it names, by CloudTrail's path."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from .expression import Call, Expression, Field, Literal, walk
from .rule import Predicate, Rule

EVENT_NAME = "eventName"
EVENT_SOURCE = "eventSource"
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]{3,}")


@dataclass(frozen=True, slots=True)
class Asked:
    """A comparison of a member with values. `inverted`: it stands below an odd number of `not`."""

    path: str
    values: tuple[str, ...]
    function: str
    inverted: bool
    line: int


def asked(predicate: Predicate) -> Iterator[Asked]:
    """The comparisons of a condition with constants, those whose field is a member of a record."""
    waiting: list[tuple[Expression, bool]] = [(predicate.condition, False)]
    while waiting:
        each, inverted = waiting.pop()
        if not isinstance(each, Call):
            continue
        if each.function in ("and", "or", "not"):
            turned = inverted ^ (each.function == "not")
            waiting.extend((part, turned) for part in reversed(each.arguments))
            continue
        for name in {part.name for part in walk(each) if isinstance(part, Field)}:
            path = predicate.spelling.path(name)
            if path is not None:
                yield Asked(path, tuple(_texts(each)), each.function, inverted, each.line)


def _texts(call: Call) -> Iterator[str]:
    for part in walk(call):
        if isinstance(part, Literal):
            values = (
                part.value if isinstance(part.value, list | tuple | frozenset) else [part.value]
            )
            yield from (each for each in values if isinstance(each, str))


def names_asked(rule: Rule) -> dict[str, int]:
    """The names of events that a rule looks for literally, each with the line where it stands. What it excludes is
    among them: a misspelt exclusion excludes nothing."""
    if not isinstance(rule.test, Predicate):
        return {}
    test, found = rule.test, {}
    for each in walk(test.condition):
        # A field beside constants: within other functions a constant need not be a name.
        if not isinstance(each, Call) or any(isinstance(part, Call) for part in each.arguments):
            continue
        fields = [part.name for part in each.arguments if isinstance(part, Field)]
        if (
            len(fields) == 1
            and test.spelling.path(fields[0]) == EVENT_NAME
            and _exact(each.function)
        ):
            for name in _texts(each):
                if _NAME.fullmatch(name):
                    found[name] = each.line or rule.place.line
    return found


def sources_asked(rule: Rule) -> frozenset[str]:
    """The services that a rule names as eventSource, by the first label."""
    if not isinstance(rule.test, Predicate):
        return frozenset()
    return frozenset(
        value.partition(".")[0]
        for each in asked(rule.test)
        if each.path == EVENT_SOURCE and not each.inverted
        for value in each.values
    )


def _exact(function: str) -> bool:
    # Functions that look for parts of a name, or change it, say nothing about a whole name.
    return not any(
        part in function.lower()
        for part in ("contain", "start", "end", "prefix", "suffix", "regex", "re", "like", "has")
    )


def paths_read(rule: Rule) -> frozenset[str] | None:
    """CloudTrail's paths that a condition reads, None where the rule is a program."""
    if not isinstance(rule.test, Predicate):
        return None
    spelling = rule.test.spelling
    return frozenset(path for name in rule.test.fields if (path := spelling.path(name)) is not None)
