"""What a rule is, whatever its format: where it stands, and what can be asked of a record with it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from ..errors import Place
from .expression import Expression, Function, Value, fields_of

Json = Mapping[str, Any]

EXPLAINED = "cloudcascade.explained"
"""A member that review adds to a record which a cascade explains: what a lookup of explained ids finds."""


@dataclass(frozen=True, slots=True)
class Spelling:
    """How a platform spells a record's fields.

    `value(record, name)` is what the platform would hold there, None where it holds nothing; `path(name)` is the path
    in CloudTrail's own spelling, None where the field is no single member of a record. `EXPLAINED` is a member of
    the record where a lookup finds it.
    """

    name: str
    value: Callable[[Json, str], Value]
    path: Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class Predicate:
    """A condition on one record."""

    condition: Expression
    spelling: Spelling
    functions: Mapping[str, Function] = field(repr=False)

    @property
    def fields(self) -> tuple[str, ...]:
        """The platform's names of the fields that it reads."""
        return fields_of(self.condition)


class Program(Protocol):
    """A rule that is a program, executed apart from this process.

    `literals` are the texts in it.
    """

    @property
    def literals(self) -> Sequence[str]: ...

    def fires(self, records: Sequence[Json]) -> Sequence[bool | None]:
        """Of each record whether the rule fires; None where it fails on the record.

        Raises:
            NotJudged: the program was stopped, or cannot be executed here.
        """
        ...


@dataclass(frozen=True, slots=True)
class Source:
    """A file with rules: `path` as it was named, and its text."""

    path: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule of a repository.

    `place` is the line on which its condition begins. `test` is None where it cannot be executed, and `not_judged` says
    why. `remarks` are sentences on what executing it leaves out. `counts` says what decides beside the filter (a
    threshold, a first time, a sequence), None where one record is enough; `group_by` are the fields by which it
    counts, in the platform's spelling. `about_cloudtrail` is False of a rule that reads another log: it is left out of
    everything. `read_from` is the path of the file in which the rule was found; `source` is the one that a fix
    changes, which may be another. `own` holds whatever the format needs to write the rule anew.
    """

    id: str
    title: str
    format: str
    source: Source
    place: Place
    severity: str | None = None
    query: str = ""
    test: Predicate | Program | None = None
    not_judged: str | None = None
    remarks: tuple[str, ...] = ()
    counts: str | None = None
    group_by: tuple[str, ...] = ()
    about_cloudtrail: bool = True
    read_from: str = ""
    own: Any = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Term:
    """One member of a record, in CloudTrail's own path, and the values of which it has one; empty: it is missing."""

    path: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Exclusion:
    """What a rule shall no longer fire on: records for which all terms hold.

    With `explained` there are no terms, and it is what a lookup of explained eventIDs finds. `why` is one
    sentence for the comment beside it, and `name` a word in small letters, digits and underscores.
    """

    name: str
    why: str
    terms: tuple[Term, ...] = ()
    explained: bool = False


@dataclass(frozen=True, slots=True)
class Patch:
    """A rule's file, changed. `beside` are further files by their path from that file's folder: a macro, a lookup."""

    text: str
    beside: Mapping[str, str] = field(default_factory=dict)
    note: str | None = None
