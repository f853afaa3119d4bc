"""What an export target is: the contract between the driver and the files in `targets/`."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import PurePosixPath
from typing import Literal

from ..catalog.overlay import Controller
from .capabilities import Capabilities, Loss
from .detections import Detection
from .errors import ExportError
from .query import Purpose, Query
from .sample_cases import Json, SampleCase
from .schedule import DEFAULT_LATENESS

Kind = Literal["query", "suppression", "list"]
Waits = Literal["query", "schedule", "watch", "never"]
Waiting = Literal["query", "schedule", "watch", "never", "log", "at-once", "reader"]
Verification = Literal["executed", "parsed", "unverified"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the user chose. Durations are seconds; dates are UTC.

    `every` is the schedule's interval, `lateness` how long an event may take to reach the platform. `table`,
    `index` and `layout` name where the events lie; None: the target's default. `partition` is the column by
    which that table is parted, so that a scheduled run need not read all of it; None: it does. `controllers`
    are the environment's noisy principals, of cascade.toml.
    `overlay` says which was in force when the cascades were read; None where none was. `beside`: whether sample
    events are written beside the artefacts, which may then point at them.
    """

    created: date
    expires: date
    catalog_version: str
    every: int = 15 * 60
    lateness: int = DEFAULT_LATENESS
    table: str | None = None
    index: str | None = None
    layout: str | None = None
    partition: str | None = None
    backend: str | None = None
    owner: str | None = None
    controllers: tuple[Controller, ...] = ()
    overlay: str | None = None
    beside: bool = False
    sigma_version: Literal["2.1", "2.2"] = "2.1"

    def __post_init__(self) -> None:
        """Refuse a schedule that no platform keeps.

        Raises:
            ExportError: less than a minute between runs.
        """
        if self.every < 60:
            raise ExportError(f"there must be at least a minute between runs, not {self.every}s")


def _no_samples(query: Query) -> tuple[SampleCase, ...]:
    return ()


def _no_records(query: Query) -> Mapping[str, Json]:
    return {}


@dataclass(frozen=True, slots=True)
class Job:
    """One query, cut down to what the style can say, and what it lost by that.

    `sampled` makes its samples, and `recorded` its records, which takes some hundredths of a second: they are made
    when they are asked for.
    """

    query: Query
    losses: tuple[Loss, ...]
    sampled: Callable[[Query], tuple[SampleCase, ...]] = field(
        default=_no_samples, compare=False, repr=False
    )
    recorded: Callable[[Query], Mapping[str, Json]] = field(
        default=_no_records, compare=False, repr=False
    )

    @property
    def samples(self) -> tuple[SampleCase, ...]:
        """Short logs, and what a query that loses nothing says of each: the same at every call."""
        return self.sampled(self.query)

    @property
    def records(self) -> Mapping[str, Json]:
        """A CloudTrail record for each subject of the query and for its root, by the node's name."""
        return self.recorded(self.query)


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
    steps of a query keep that is too long to be read; nothing where there are none. `heeds_vetoes`: whether what a
    stricter cascade explains matters to it; not where it silences nothing, or asks for no explanation at all.
    `waits` says what lets `Query.hold` pass before an event is judged: the query itself, the platform's schedule,
    `cascade watch` before it tells a verdict, or nothing: what is explained later has alerted by then.
    """

    name: str
    summary: str
    kind: Kind
    capabilities: Capabilities
    render: Render
    losses: MoreLosses = _no_more
    outline: Outline = _no_steps
    heeds_vetoes: bool = True
    waits: Waits = "query"
    purposes: frozenset[Purpose] = field(default=frozenset({"alert"}))

    @property
    def waiting(self) -> Waiting:
        """What lets the hold pass: `waits`, but for a style that judges a log which has ended (`log`), silences
        whatever fits it (`at-once`), leaves the judging to whoever reads it (`reader`), or judges on arrival."""
        if self.kind == "list":
            return "reader"
        if self.capabilities.finished_log:
            return "log"
        if self.kind == "suppression" or not self.heeds_vetoes:
            return "at-once"
        return self.waits if self.capabilities.hold else "never"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A platform. The first of `styles` is the default; `layouts` are the table layouts it knows.

    `detections` renders what is no cascade, given the name of the style; None: it has no form for them.
    `partitions`: whether it heeds `Options.partition`.

    `verification` says what the project's tests hold its artefacts against, `verified_by` names it.
    Its page is docs/exporters/<name>.md.
    """

    name: str
    title: str
    styles: tuple[Style, ...]
    verification: Verification
    verified_by: str
    layouts: tuple[str, ...] = ()
    partitions: bool = False
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
