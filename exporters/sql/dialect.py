"""What differs from engine to engine: how to reach into JSON, lists and times.

A `Dialect` says it with sqlglot expressions; `statements` builds everything else once. Values never
pass through text templates: they are literals of the syntax tree, which the generator writes.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from string import ascii_lowercase, ascii_uppercase

import sqlglot
from sqlglot import exp

from ...catalog.resource_names import RESOURCE_NAMES
from ...events import MAX_TOOL_TEXT, TOOL_LETTERS
from ..errors import ExportError
from ..tool_marks import tool_patterns
from .layout import PartitionForm, TimeForm

Expression = exp.Expr
MAX_ELEMENTS = 1_000
REPORTING = "For the scheduler: adds to a table of results what no run has told before."


def call(name: str, *arguments: Expression) -> Expression:
    """A function that is written as it stands, whatever sqlglot knows of it."""
    return exp.Anonymous(this=name, expressions=list(arguments))


def text(value: str) -> Expression:
    """A string literal."""
    return exp.Literal.string(value)


def number(value: int) -> Expression:
    """A whole number."""
    return exp.Literal.number(value)


class Dialect(ABC):
    """An engine's way to say what `statements` needs. `name` is sqlglot's name of the dialect."""

    name: str
    prepare: tuple[str, str] | None = None
    """How to keep a table of the events that matter for as long as the script runs, and how to drop it,
    where the engine would read the log anew for each step that refers to it. None: it would not."""
    scheduling = REPORTING
    """What the file for the engine's scheduler is for."""
    merges = False
    """Whether what is new is added to a table of results by MERGE, which two runs at once do not do at once."""
    results_beside = False
    """Whether a table of results lies where the table does that is read, for want of a place for what has none."""
    partitions = False
    """Whether a column may be named that parts the table, so that a run need not read all of it."""
    unique_results = False
    """Whether a table's key can be kept unique, and a row whose key is there left out."""
    own_table: bool = False
    """Whether that is a table that others see, which then has a name of its own for each cascade."""
    one_statement: bool = False
    """Whether a call takes one statement: each then is a file."""

    @abstractmethod
    def member(self, document: Expression, path: Sequence[str]) -> Expression:
        """The text at `path` of a JSON document, where AWS never writes anything but a string."""

    def holds(self, document: Expression, path: Sequence[str]) -> Expression:
        """Whether anything but null and the empty text stands at `path`, an object too: AWS writes one in the place of
        what it leaves out."""
        value = exp.func("NULLIF", self.member(document, path), text(""))
        return exp.not_(exp.Is(this=value, expression=exp.null()))

    @abstractmethod
    def string(self, document: Expression, path: Sequence[str]) -> Expression:
        """The text at `path` of a JSON document; NULL where there is none or it is no string."""

    @abstractmethod
    def json(self, document: Expression, path: Sequence[str]) -> Expression:
        """What stands at `path` as compact JSON text; NULL or the text `null` where there is nothing."""

    @abstractmethod
    def strings(
        self, document: Expression, path: Sequence[str], below: Sequence[str]
    ) -> Expression:
        """The list of `string(element, below)` of every element of the list at `path`; no list: NULL."""

    @abstractmethod
    def each(self, strings: Expression, change: Callable[[Expression], Expression]) -> Expression:
        """The list with every element changed."""

    @abstractmethod
    def is_full(self, strings: Expression) -> Expression:
        """Whether the list has one to `MAX_ELEMENTS` elements, and none of them is NULL."""

    @abstractmethod
    def covers(self, parent: Expression, own: Expression) -> Expression:
        """Whether every element of the list `own` is in the list `parent`."""

    @abstractmethod
    def overlaps(self, one: Expression, other: Expression) -> Expression:
        """Whether the two lists share an element."""

    @abstractmethod
    def single(self, value: Expression) -> Expression:
        """The list that holds this one text."""

    @abstractmethod
    def seconds(self, moment: Expression, form: TimeForm) -> Expression:
        """The moment as whole seconds since 1970, UTC; NULL where it cannot be read."""

    @abstractmethod
    def now(self) -> Expression:
        """The present moment as whole seconds since 1970."""

    def holds_json(self, document: Expression, path: Sequence[str]) -> Expression:
        """The same, for a language whose `member` finds texts, numbers and truth values alone."""
        written = exp.func("COALESCE", self.json(document, path), text("null"))
        return exp.not_(written.isin(text("null"), text('""')))

    def only(
        self, document: Expression, path: Sequence[str], members: Sequence[str]
    ) -> Expression | None:
        """Whether an object of which no member but these is more than null stands at `path`; None: cannot be said."""
        return None

    def members(self, column: Expression, member: str) -> Expression:
        """The list of that member of every struct in a list column."""
        name = exp.to_identifier(member)
        return self.each(column, lambda element: exp.Dot(this=element, expression=name.copy()))

    def list_if(self, condition: Expression, strings: Expression) -> Expression:
        """The list where the condition holds, and else what `list_present` takes for missing."""
        return exp.case().when(condition, strings)

    def missing(self, *, many: bool) -> Expression:
        """The value of a key, a list where `many`, or of a member that the table does not keep."""
        if not self.own_table:
            return exp.null()
        # A table wants a type for each of its columns.
        return exp.cast(exp.null(), exp.DataType.build("array<text>" if many else "text"))

    def list_present(self, strings: Expression) -> Expression:
        """Whether the key that is a list is there."""
        return exp.not_(exp.Is(this=strings, expression=exp.null()))

    def first_list(self, lists: Sequence[Expression]) -> Expression:
        """The first list that is present."""
        return exp.func("COALESCE", *lists)

    def finish(self, statement: exp.Query) -> exp.Query:
        """The whole statement with what the engine wants said once."""
        return statement

    def distinct(self, step: str) -> exp.Select:
        """The rows of a step, equal ones once."""
        return exp.select("*").distinct().from_(step)

    def scheduled(self) -> "Dialect":
        """The dialect of what the engine's scheduler runs, which may know when the run was due."""
        return self

    def for_scheduler(self, name: str, run: Sequence[str], every: int) -> tuple[str, ...]:
        """The statements to give the scheduler of what bears that name, or to have it made by; `run` are those of a
        run, of which the first makes the table of results where it is not there yet."""
        return tuple(run)

    def notification(self, name: str, rows: exp.Select, table: exp.Table) -> tuple[str, ...]:
        """The statements that have the engine tell somebody when there are new `rows` of a table of results, for what
        bears that name; none where it has no such thing."""
        return ()

    def in_partition(self, name: str, start: Expression, form: PartitionForm) -> Expression:
        """Whether a record lies in the partition of that second since 1970 or in a later one, by the column `name`.

        Raises:
            ExportError: the engine's tables have no such columns.
        """
        raise ExportError(f"{self.name} has no partitions to choose from")

    def results_table(
        self, name: str, columns: Mapping[str, str], key: Sequence[str]
    ) -> exp.Create:
        """The statement that makes a table of results where it is not there yet; types as sqlglot names them."""
        parts: list[Expression] = [
            exp.ColumnDef(this=exp.to_identifier(each), kind=exp.DataType.build(kind))
            for each, kind in columns.items()
        ]
        if self.unique_results:
            names = exp.Schema(expressions=[exp.to_identifier(each) for each in key])
            parts.append(exp.UniqueColumnConstraint(this=names))
        table = exp.Schema(this=self.table(name), expressions=parts)
        return exp.Create(this=table, kind="TABLE", exists=True)

    def table(self, name: str) -> exp.Table:
        """The table; dots part catalog, schema and table."""
        parts = [self.identifier(part) for part in name.split(".")]
        table = exp.Table(this=parts[-1])
        for key, part in zip(("db", "catalog"), reversed(parts[:-1]), strict=False):
            table.set(key, part)
        return table

    def identifier(self, name: str) -> exp.Identifier:
        """A name that a user gives, in quotes where it needs them."""
        return exp.to_identifier(name, quoted=not _PLAIN.fullmatch(name))

    def column(self, parts: Sequence[str], source: str | None = None) -> Expression:
        """A column, or a member of a struct column."""
        first, *rest = parts
        found: Expression = exp.column(exp.to_identifier(first), table=source)
        return exp.Dot.build([found, *map(exp.to_identifier, rest)]) if rest else found

    def matches(self, value: Expression, pattern: str) -> Expression:
        """Whether the regular expression occurs in `value`. `pattern` is of this program, not of a user."""
        return exp.RegexpLike(this=value, expression=text(pattern))

    def starts_with(self, value: Expression, head: str) -> Expression:
        return exp.StartsWith(this=value, expression=text(head))

    def ends_with(self, value: Expression, tail: str) -> Expression:
        return exp.EQ(
            this=exp.Right(this=value, expression=number(len(tail))), expression=text(tail)
        )

    def before_colon(self, value: Expression) -> Expression:
        """What stands before the first colon."""
        return exp.SplitPart(this=value, delimiter=text(":"), part_index=number(1))

    def arn_name(self, value: Expression) -> Expression:
        """The last part of an ARN; anything that is no ARN as it is. NULL where the part is empty."""
        resource = self.without(value, "^arn:([^:]*:){4}")
        part = (
            exp.case()
            .when(self.matches(resource.copy(), "/"), self.without(resource.copy(), "^.*/"))
            .else_(self.without(resource.copy(), "^.*:"))
        )
        return exp.func(
            "NULLIF",
            exp.case()
            .when(self.matches(value.copy(), "^arn:([^:]*:){4}"), part)
            .else_(value.copy()),
            text(""),
        )

    def resource_name(self, value: Expression) -> Expression:
        """The name in an ARN or a queue's URL; anything else as it is."""
        named = exp.case()
        for head, name, tail in RESOURCE_NAMES:
            rest = self.without(value.copy(), f"^{head}")
            cut = self.without(rest, f"{tail}$") if tail else rest
            named = named.when(self.matches(value.copy(), f"^{head}{name}{tail}$"), cut)
        return named.else_(value.copy())

    def agent(self, value: Expression) -> Expression:
        """A userAgent in small letters, cut to what is looked at."""
        return self.lower(exp.Substring(this=value, start=number(1), length=number(MAX_TOOL_TEXT)))

    def tool_family(self, agent: Expression) -> Expression:
        """The tool that an `agent` tells by a mark, or else by its first word. NULL where it has none."""
        family = exp.case()
        for marks, tool in tool_patterns():
            family = family.when(self.matches(agent.copy(), marks), text(tool))
        # Without what stands before the first word, and without the rest, whatever it is.
        word = self.without(agent.copy(), "^[^a-z]+")
        word = self.without(word, f"[^{TOOL_LETTERS}]([^a]|a)*$")
        return exp.func("NULLIF", family.else_(word), text(""))

    def without(self, value: Expression, pattern: str) -> Expression:
        """`value` without what the regular expression matches at its beginning."""
        return call("regexp_replace", value, text(pattern), text(""))

    def lower(self, value: Expression) -> Expression:
        """`value` with A-Z lowered and nothing else: Unicode has letters that lower to ASCII ones."""
        return call("translate", value, text(ascii_uppercase), text(ascii_lowercase))


def function(change: Callable[[Expression], Expression]) -> Expression:
    """The function that changes an element, for functions that take one."""
    element = exp.to_identifier("element")
    return exp.Lambda(this=change(exp.column("element")), expressions=[element])


def fill(template: str, dialect: str, **parts: Expression) -> Expression:
    """The expression `template`, of this program, with each column named like a part replaced by it."""
    tree = sqlglot.parse_one(template, dialect=dialect)
    return tree.transform(
        lambda node: (
            parts[node.name].copy() if isinstance(node, exp.Column) and node.name in parts else node
        )
    )


_PLAIN = re.compile("[A-Za-z_][A-Za-z0-9_$]*")


def json_path(path: Sequence[str]) -> str:
    """The JSONPath of these members, each quoted; their characters are of `FIELD_PATH_PATTERN`."""
    return "$" + "".join(f'."{member}"' for member in path)
