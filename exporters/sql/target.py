"""Makes a SQL engine an export target: the files, their headers, and what a layout loses."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import PurePosixPath

from ..capabilities import Capabilities, Direction, Loss
from ..detections import Detection, about
from ..errors import ExportError
from ..header import header
from ..query import Purpose, Query
from ..target import Artefact, Job, Options, Style, Target, Verification
from .answers import Answer
from .detections import detection_sql
from .dialect import Dialect
from .fields import paths_of
from .layout import Layout, layout
from .setting import ActorKey, Setting
from .statements import outline, script

_ANSWERS: tuple[tuple[Answer, str], ...] = (
    ("alert", "What the cascade does not explain."),
    ("silenced", "How much the alert leaves out, so that silence is never blind."),
    (
        "explained",
        "The explained events, to label them or to drop them from other alerts by their id.",
    ),
)
PURPOSES: frozenset[Purpose] = frozenset({"alert", "enrich"})


def sql_target(
    *,
    name: str,
    title: str,
    dialect: Callable[[], Dialect],
    layouts: Sequence[str],
    verification: Verification,
    verified_by: str,
) -> Target:
    """The target of an engine. The first of `layouts` is the default. `dialect` is called when used."""

    def render(
        actor: ActorKey, scheduled: bool
    ) -> Callable[[Sequence[Job], Options], Iterable[Artefact]]:
        def rendered(jobs: Sequence[Job], options: Options) -> Iterable[Artefact]:
            setting = _setting(actor, scheduled, options)
            for job in jobs:
                head = header(job, target, target.style(_STYLE_OF[actor]), options)
                for answer, purpose in _ANSWERS:
                    if answer != "explained" and job.query.purpose == "enrich":
                        continue
                    written = script(job.query, answer, setting)
                    lines = [*head, f"table: {setting.layout.title}", "", purpose]
                    comment = "".join(f"-- {line}".rstrip() + "\n" for line in lines)
                    folder = PurePosixPath(name, job.query.cascade)
                    yield Artefact(
                        folder / f"{answer}.sql", comment + ";\n\n".join(written) + ";\n"
                    )

        return rendered

    def steps(actor: ActorKey, scheduled: bool) -> Callable[[Query, Options], Iterable[str]]:
        return lambda query, options: outline(query, _setting(actor, scheduled, options))

    def _setting(actor: ActorKey, scheduled: bool, options: Options) -> Setting:
        place = layout(_layout_name(options))
        return Setting(
            dialect=dialect(),
            layout=place,
            table=options.table or place.table,
            actor=actor,
            every=options.every if scheduled else None,
        )

    def detect(wanted: Sequence[Detection], style: str, options: Options) -> Iterable[Artefact]:
        place = layout(_layout_name(options))
        for detection in wanted:
            text = detection_sql(
                detection,
                dialect(),
                place,
                options.table or place.table,
                controllers=[controller.arn for controller in options.controllers],
                every=options.every if style == "scheduled" else None,
            )
            head = [*about(detection, title, verification), f"table: {place.title}"]
            comment = "".join(f"-- {line}\n" for line in head)
            yield Artefact(PurePosixPath(name, detection.id, "alert.sql"), f"{comment}{text};\n")

    def losses(query: Query, options: Options) -> Iterable[Loss]:
        place = layout(_layout_name(options))
        for path in sorted(paths_of(query)):
            if place.find(path) is None:
                yield Loss(
                    Direction.OPEN, f"{place.title} keeps no {path}: what needs it is not explained"
                )
        yield from _spoiler_losses(query, place)

    def _spoiler_losses(query: Query, place: Layout) -> Iterable[Loss]:
        for each in (query, *query.rivals):
            for spoiler in each.spoilers:
                keys = [key for pair in spoiler.join for key in (pair.own, pair.parent)]
                if any(place.find(path) is None for key in keys for path in key.paths):
                    what = f"any {spoiler.pattern.action} counts as: {spoiler.reason}"
                    yield Loss(Direction.OPEN, f"{place.title} keeps too little: {what}")

    def _layout_name(options: Options) -> str:
        chosen = options.layout or layouts[0]
        if chosen not in layouts:
            raise ExportError(f"{name} knows the layouts {', '.join(layouts)}, not {chosen!r}")
        return chosen

    target = Target(
        name=name,
        title=title,
        verification=verification,
        verified_by=verified_by,
        layouts=tuple(layouts),
        detections=detect,
        styles=(
            Style(
                name="whole",
                summary="SQL over a whole table, actors followed to the initial principal",
                kind="query",
                capabilities=Capabilities(actor="initial-principal"),
                render=render("initial-principal", False),
                losses=losses,
                outline=steps("initial-principal", False),
                purposes=PURPOSES,
            ),
            Style(
                name="scheduled",
                summary="SQL for a schedule: judges one slice of time, actors by session",
                kind="query",
                capabilities=Capabilities(actor="session"),
                render=render("session", True),
                losses=losses,
                outline=steps("session", True),
                purposes=PURPOSES,
            ),
        ),
    )
    return target


_STYLE_OF: dict[ActorKey, str] = {"initial-principal": "whole", "session": "scheduled"}
