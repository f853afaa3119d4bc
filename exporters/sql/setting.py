"""How a query is to be asked of an engine."""

from dataclasses import dataclass
from typing import Literal

from .dialect import Dialect
from .layout import Layout

ActorKey = Literal["initial-principal", "session"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """How a query is to be asked. `every`: seconds between runs, each of which judges one slice; None:
    the whole table at once."""

    dialect: Dialect
    layout: Layout
    table: str
    actor: ActorKey
    every: int | None = None
