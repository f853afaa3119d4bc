"""What the names of a query stand for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from typing import Literal as Of

from ...expression import Expression, Literal

if TYPE_CHECKING:
    from lark import Tree


@dataclass(frozen=True, slots=True)
class Scalar:
    """A value of a query. `hidden` says why it cannot be told from one record, and whether other records decide it
    (`counts`) or nobody here knows (`unknown`). `when` says that it is a time that only the run's clock decides."""

    expression: Expression
    type: str = "dynamic"
    hidden: tuple[Of["counts", "unknown"], str] | None = None
    when: bool = False
    size: int = 1
    depth: int = 1

    @property
    def constant(self) -> bool:
        """Whether it is the same for all records."""
        return isinstance(self.expression, Literal) and self.hidden is None and not self.when


@dataclass(frozen=True, slots=True)
class Function:
    """What `let` binds to a lambda."""

    parameters: tuple[str, ...]
    body: "Tree[Any]"
    scope: "Scope"


@dataclass(frozen=True, slots=True)
class Later:
    """What `let` binds, not yet read."""

    node: Any
    scope: "Scope"


@dataclass(frozen=True, slots=True)
class Scope:
    """What names mean. `columns` is None outside of a pipeline; `others` stands for all names it lacks."""

    lets: Mapping[str, "Scalar | Function | Later"] = field(default_factory=dict)
    columns: Mapping[str, Scalar] | None = None
    others: Scalar | None = None


def hidden(kind: Of["counts", "unknown"], why: str) -> Scalar:
    """A value that no single record tells."""
    return Scalar(Literal(None), hidden=(kind, why))
