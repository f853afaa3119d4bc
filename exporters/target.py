"""What an export target is: the contract between the driver and the files in `targets/`."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import PurePosixPath
from typing import Literal

from ..catalog.overlay import Controller
from .capabilities import Capabilities, Loss
from .detections import Detection
from .query import Purpose, Query

Kind = Literal["query", "suppression", "list"]
Verification = Literal["executed", "parsed", "unverified"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the user chose. Durations are seconds; dates are UTC.

    `every` is the schedule's interval. `table`, `index` and `layout` name where the events lie; None:
    the target's default. `controllers` are the environment's noisy principals, of cascade.toml.
    `overlay` says which was in force when the cascades were read; None where none was.
    """

    created: date
    expires: date
    catalog_version: str
    every: int = 15 * 60
    table: str | None = None
    index: str | None = None
    layout: str | None = None
    backend: str | None = None
    owner: str | None = None
    controllers: tuple[Controller, ...] = ()
    overlay: str | None = None
    sigma_version: Literal["2.1", "2.2"] = "2.1"


@dataclass(frozen=True, slots=True)
class Job:
    """One query, cut down to what the style can say, and what it lost by that."""

    query: Query
    losses: tuple[Loss, ...]


@dataclass(frozen=True, slots=True)
class Artefact:
    """A file for the platform: its path below the output folder, and its text, which ends in a newline."""

    path: PurePosixPath
    text: str


Render = Callable[[Sequence[Job], Options], Iterable[Artefact]]
MoreLosses = Callable[[Query, Options], Iterable[Loss]]
Outline = Callable[[Query, Options], Iterable[str]]


RenderDetections = Callable[[Sequence[Detection], str, Options], Iterable[Artefact]]


def _no_more(query: Query, options: Options) -> Iterable[Loss]:
    return ()


def _no_steps(query: Query, options: Options) -> Iterable[str]:
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """One kind of artefact that a target makes.

    `losses` adds what only this target loses to what follows from `capabilities`. `render` gets all
    jobs at once, since some platforms keep many rules in one file. `outline` says in a line each what the
    steps of a query keep that is too long to be read; nothing where there are none.
    """

    name: str
    summary: str
    kind: Kind
    capabilities: Capabilities
    render: Render
    losses: MoreLosses = _no_more
    outline: Outline = _no_steps
    purposes: frozenset[Purpose] = field(default=frozenset({"alert"}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A platform. The first of `styles` is the default; `layouts` are the table layouts it knows.

    `detections` renders what is no cascade, given the name of the style; None: it has no form for them.

    `verification` says what the project's tests hold its artefacts against, `verified_by` names it.
    Its page is docs/exporters/<name>.md.
    """

    name: str
    title: str
    styles: tuple[Style, ...]
    verification: Verification
    verified_by: str
    layouts: tuple[str, ...] = ()
    detections: RenderDetections | None = None
    backends: Callable[[], tuple[str, ...]] | None = None

    def style(self, name: str | None) -> Style:
        """The style of that name, or the default.

        Raises:
            KeyError: there is none.
        """
        if name is None:
            return self.styles[0]
        for style in self.styles:
            if style.name == name:
                return style
        raise KeyError(name)
