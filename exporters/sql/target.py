"""Makes a SQL engine an export target: the files, their headers, and what a layout loses."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import PurePosixPath

from ...catalog.terms import format_duration
from ..capabilities import PLAIN_CONDITIONS, Capabilities, ConditionName, Direction, Loss
from ..detections import Detection, Lineage, about
from ..errors import ExportError
from ..header import header
from ..legible import wrapped
from ..query import Purpose, Query
from ..target import Artefact, Job, Options, Style, Target, Verification
from .answers import Answer
from .detections import detection_sql, reporting_detection, results_of
from .dialect import REPORTING, Dialect
from .fields import paths_of
from .layout import Layout, layout
from .readable import losses_of_reading, readable
from .reporting import alerts_of, notification
from .setting import ActorKey, Setting
from .statements import outline, reporting_script, script
from .timetable import repeats, timetable

_ANSWERS: tuple[tuple[Answer, str], ...] = (
    ("alert", "What the cascade does not explain."),
    (
        "silenced",
        "How much the alert leaves out, so that silence is never blind. On a schedule by interval: several runs count "
        "one, each of them all of it; keep the last count.",
    ),
    (
        "explained",
        "The explained events, to label them or to drop them from other alerts by their id.",
    ),
)
_RESULTS = (
    "Makes the table of results, which all runs share. Run it where the table is not there yet."
)
_FIRST = "Keeps the events that matter in a table of this cascade, which the other files ask. Run it first."
_BETWEEN = "Run events.sql before, drop.sql when done."
_LAST = "Drops that table: run it when the other files have been asked, or have failed."
_NOTIFYING = "Run it once, behind schedule.sql: has the engine tell of what that adds to the table of results."
# How many characters a comment's line has at most, behind its mark.
_WIDTH = 117
PURPOSES: frozenset[Purpose] = frozenset({"alert", "enrich"})


def _files(query: Query, setting: Setting) -> Iterator[tuple[str, str, Sequence[str]]]:
    """The files, what each is for, and its statements; one each where a call takes no more."""
    drop: Sequence[str] = ()
    reports = setting.every is not None and query.purpose == "alert"
    run = reporting_script(query, setting) if reports else ()
    if run and setting.dialect.one_statement:
        yield "results.sql", _RESULTS, run[:1]
    for answer, purpose in _ANSWERS:
        if answer != "explained" and query.purpose == "enrich":
            continue
        written = script(query, answer, setting)
        if not setting.dialect.one_statement or len(written) == 1:
            yield f"{answer}.sql", purpose, written
            continue
        if not drop:
            yield "events.sql", _FIRST, written[:1]
        yield f"{answer}.sql", f"{purpose} {_BETWEEN}", written[1:2]
        drop = written[2:]
    if run and setting.every is not None:
        if setting.dialect.one_statement:
            yield "schedule.sql", f"{REPORTING} {_BETWEEN}", run[2:3]
        else:
            made = setting.dialect.for_scheduler(query.cascade, run, setting.every)
            yield "schedule.sql", setting.dialect.scheduling, made
        if told := notification(alerts_of(query.cascade), query.cascade, setting.dialect):
            yield "notify.sql", _NOTIFYING, told
    if drop:
        yield "drop.sql", _LAST, drop


def _comment(lines: Iterable[str]) -> str:
    rows = (row for line in lines for row in wrapped(line, _WIDTH) or [""])
    return "".join(f"-- {row}".rstrip() + "\n" for row in rows)


def sql_target(
    *,
    name: str,
    title: str,
    dialect: Callable[[], Dialect],
    layouts: Sequence[str],
    verification: Verification,
    verified_by: str,
    conditions: frozenset[ConditionName] = PLAIN_CONDITIONS,
) -> Target:
    """The target of an engine. The first of `layouts` is the default. `dialect` is called when used."""

    def render(
        actor: ActorKey, scheduled: bool
    ) -> Callable[[Sequence[Job], Options], Iterable[Artefact]]:
        def rendered(jobs: Sequence[Job], options: Options) -> Iterable[Artefact]:
            setting = _setting(actor, scheduled, options)
            for job in jobs:
                head = [
                    *header(job, target, target.style(_STYLE_OF[actor]), options),
                    f"table: {setting.layout.title}",
                ]
                if scheduled:
                    head.append(f"runs: {timetable(name, job.query.cascade, options)}")
                for file, purpose, written in _files(job.query, setting):
                    lines = [*head, "", purpose]
                    comment = _comment(lines)
                    folder = PurePosixPath(name, job.query.cascade)
                    yield Artefact(folder / file, comment + ";\n\n".join(written) + ";\n")

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
            partition=_partition(options, scheduled),
        )

    def _partition(options: Options, scheduled: bool) -> str | None:
        if options.partition is not None and not dialect().partitions:
            raise ExportError(f"{name} has no partitions to choose from")
        if options.partition is not None and not scheduled:
            raise ExportError(
                "a partition is for the style scheduled; whole reads all of the table"
            )
        return options.partition

    def detect(wanted: Sequence[Detection], style: str, options: Options) -> Iterable[Artefact]:
        place = layout(_layout_name(options))
        table, arns = options.table or place.table, [each.arn for each in options.controllers]
        scheduled = style == "scheduled"
        for detection in wanted:
            head = [
                *about(detection, title, verification, options.overlay),
                f"table: {place.title}",
            ]
            if scheduled:
                head += [
                    f"runs: {timetable(name, detection.id, options)}",
                    f"waits {format_duration(options.lateness)} for late events",
                    f"loss, {Direction.OPEN}: {_told_again(options, 'what it finds')}",
                ]
            comment = _comment(head)
            folder = PurePosixPath(name, detection.id)
            text = detection_sql(
                detection,
                dialect(),
                place,
                table,
                controllers=arns,
                every=options.every if scheduled else None,
                lateness=options.lateness,
                partition=_partition(options, scheduled),
            )
            yield Artefact(folder / "alert.sql", f"{comment}{text};\n")
            if not scheduled:
                continue
            run = reporting_detection(
                detection,
                dialect(),
                place,
                table,
                controllers=arns,
                every=options.every,
                lateness=options.lateness,
                partition=options.partition,
            )
            for file, purpose, made in _files_of_run(detection, run, options.every):
                lines = _comment([*head, "", purpose])
                yield Artefact(folder / file, f"{lines}{made};\n")

    def _files_of_run(
        detection: Detection, run: Sequence[str], every: int
    ) -> Iterator[tuple[str, str, str]]:
        named = detection.id
        if dialect().one_statement:
            results, adding = run
            yield "results.sql", _RESULTS, results
            yield "schedule.sql", REPORTING, adding
        else:
            made = dialect().for_scheduler(named, run, every)
            yield "schedule.sql", dialect().scheduling, ";\n\n".join(made)
            # Who began a chain of sessions is kept to be looked up: nobody is to be told of each.
            alerts = not isinstance(detection, Lineage)
            if alerts and (told := notification(results_of(detection), named, dialect())):
                yield "notify.sql", _NOTIFYING, ";\n\n".join(told)

    def _told_again(options: Options, key: str) -> str:
        return f"{repeats(options)}; schedule.sql tells it once, by {key}"

    def losses_of_schedule(query: Query, options: Options) -> Iterable[Loss]:
        yield from losses(query, options)
        if query.purpose == "alert":
            key = "its event id; what has none as often"
            yield Loss(Direction.OPEN, _told_again(options, key))

    def losses(query: Query, options: Options) -> Iterable[Loss]:
        place = layout(_layout_name(options))
        yield from losses_of_reading(query, place)
        query = readable(query, place)
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
        partitions=dialect().partitions,
        detections=detect,
        styles=(
            Style(
                name="whole",
                summary="SQL over a whole table, actors followed to the initial principal",
                kind="query",
                capabilities=Capabilities(
                    actor="initial-principal",
                    finished_log=True,
                    repeated_actions=True,
                    resource_name=True,
                    conditions=conditions,
                ),
                render=render("initial-principal", False),
                losses=losses,
                outline=steps("initial-principal", False),
                purposes=PURPOSES,
            ),
            Style(
                name="scheduled",
                summary="SQL for a schedule: judges one slice of time, actors by session",
                kind="query",
                capabilities=Capabilities(
                    actor="session",
                    repeated_actions=True,
                    resource_name=True,
                    conditions=conditions,
                ),
                render=render("session", True),
                losses=losses_of_schedule,
                outline=steps("session", True),
                purposes=PURPOSES,
            ),
        ),
    )
    return target


_STYLE_OF: dict[ActorKey, str] = {"initial-principal": "whole", "session": "scheduled"}
