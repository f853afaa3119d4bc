"""Steps: the common table expressions of a statement, in the order in which they build on each other."""

from dataclasses import dataclass, field

from sqlglot import exp

from .names import Names


@dataclass(frozen=True, slots=True)
class Step:
    """One common table expression, and in words which rows it keeps."""

    name: str
    select: exp.Query
    keeps: str

    @property
    def sources(self) -> tuple[str, ...]:
        """The steps and tables that it reads, each once."""
        read = self.select.find_all(exp.Table, bfs=False)
        return tuple(dict.fromkeys(".".join(part.name for part in table.parts) for table in read))


@dataclass(slots=True)
class Steps:
    """The steps so far. Each gets a name of its own."""

    names: Names = field(default_factory=Names)
    done: list[Step] = field(default_factory=list)

    def add(self, wanted: str, select: exp.Query, keeps: str) -> str:
        """Add a step; returns its name, which is `wanted` where that is free."""
        name = self.names.unique(wanted)
        self.done.append(Step(name, select, keeps))
        return name

    def before(self, result: exp.Query) -> exp.Query:
        """`result` with the steps before it."""
        for step in self.done:
            result = result.with_(step.name, as_=step.select, copy=False)
        return result
