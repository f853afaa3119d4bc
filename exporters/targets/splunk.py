"""Splunk: searches in one pass, a filter for rules that exist, content, and the join that many begin with."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from ..capabilities import Capabilities, Direction, Loss
from ..detections import Detection, about
from ..errors import ExportError, Refused
from ..explained_table import EVERYTHING
from ..field_maps import field_map
from ..header import header
from ..languages.one_pass import losses_of_saying, sayable
from ..languages.splunk import cascades_app
from ..languages.splunk.app import APP, KEPT_DAYS, file, lookup_files
from ..languages.splunk.cascades_app import base_search, macros, searches
from ..languages.splunk.content import Told, project
from ..languages.splunk.detections_app import detection_files
from ..languages.splunk.spl import Command, comment, field_name
from ..languages.splunk.spl_reading import MOST_EVENTS
from ..languages.splunk.verdicts_app import verdict_files
from ..query import Query
from ..target import Artefact, Job, Options, Style, Target
from ..verdict import watch_losses

NAME = "splunk"


def pipeline(query: Query) -> tuple[Command, ...]:
    """The commands after the base search: keys, and the mark of what explains an event."""
    return cascades_app.pipeline(query, field_map(NAME))


def _app(jobs: Sequence[Job], options: Options) -> Iterator[Artefact]:
    yield from _cascades(jobs, options, STYLES[0], alert=True)


def _filter(jobs: Sequence[Job], options: Options) -> Iterator[Artefact]:
    """What a rule of one's own takes to leave out explained events, and the searches that find these."""
    yield from _cascades(jobs, options, STYLES[1], alert=False)


def _cascades(
    jobs: Sequence[Job], options: Options, style: Style, *, alert: bool
) -> Iterator[Artefact]:
    told = _told(jobs, options, style)
    written = macros(told, options, field_map(NAME))
    yield file(APP, "default/macros.conf", written, options)
    found = searches([query for query, _ in told], options, alert=alert)
    yield file(APP, "default/savedsearches.conf", found, options)
    yield from lookup_files(options)


def _told(jobs: Sequence[Job], options: Options, style: Style) -> list[tuple[Query, Sequence[str]]]:
    """What is asked for each job, and the lines of its header."""
    fields = field_map(NAME)
    settled = [replace(job, query=sayable(job.query, fields)) for job in jobs]
    return [(job.query, header(job, TARGET, style, options)) for job in settled]


def _content(jobs: Sequence[Job], options: Options) -> Iterator[Artefact]:
    """Detections in the form of Splunk's security_content repository, and what they need to be a project."""
    told = zip(jobs, _told(jobs, options, STYLES[2]), strict=True)
    each = [Told(query, tuple(lines), job.samples) for job, (query, lines) in told]
    yield from project(each, options, field_map(NAME))


def _verdicts(jobs: Sequence[Job], options: Options) -> Iterator[Artefact]:
    """An app of searches on the verdicts of `cascade watch`."""
    told = [(job.query, header(job, TARGET, STYLES[4], options)) for job in jobs]
    yield from verdict_files(told, options)


def _join(jobs: Sequence[Job], options: Options) -> Iterator[Artefact]:
    """The search that everybody writes first, a file for each effect."""
    fields = field_map(NAME)
    for job in jobs:
        query = job.query
        for node in query.subjects:
            pair = node.edge.join[0]
            own, parent = (
                field_name(fields.field(key.paths[0])) for key in (pair.own, pair.parent)
            )
            width = max(node.edge.before, node.edge.after)
            origin = base_search([query.root.action], options, fields)
            lines = [
                comment(header(job, TARGET, STYLES[3], options)),
                base_search([node.pattern.action], options, fields),
                f"| eval target={own}",
                f"| join type=left target [ search {origin} earliest=-{width}s latest=+{width}s",
                f"    | eval target={parent}, origin=eventID | table target, origin ]",
                "| where isnull(origin)",
            ]
            name = f"{query.cascade}.{node.pattern.event_name}.spl"
            yield Artefact(PurePosixPath(NAME, "join", name), "\n".join(lines) + "\n")


def _join_losses(query: Query, options: Options) -> Iterator[Loss]:
    yield Loss(Direction.CLOSED, "anybody's origin explains, a failed one too, in any account")
    yield Loss(
        Direction.CLOSED, "the subsearch's window lies around the search's time, not the event's"
    )
    yield Loss(Direction.OPEN, "join drops what is beyond 50,000 rows or 60 seconds without a word")


def _losses(query: Query, options: Options) -> Iterator[Loss]:
    yield from losses_of_saying(query, field_map(NAME))
    try:
        pipeline(sayable(query, field_map(NAME)))
    except ExportError as error:
        raise Refused(str(error)) from error
    if any(key.fold for node in query.nodes for pair in node.edge.join for key in (pair.own,)):
        yield Loss(Direction.OPEN, "names with letters that are not ASCII's compare with case")
    yield Loss(
        Direction.OPEN,
        f"a run that reads more than {MOST_EVENTS:,} events explains nothing: behind limits.conf's max_mem_usage_mb "
        "what voids would go unseen",
    )
    yield Loss(
        Direction.OPEN,
        "a record without an eventID goes by the md5 of its text: a copy that is written differently alerts, too",
    )


def _filter_losses(query: Query, options: Options) -> Iterator[Loss]:
    yield from _losses(query, options)
    yield Loss(
        Direction.OPEN,
        "the filter leaves out nothing where eventID is gone, behind stats or table, nor what has no eventID",
    )
    yield from _kept_losses(query, options)


def _search_losses(query: Query, options: Options) -> Iterator[Loss]:
    yield from _losses(query, options)
    yield Loss(
        Direction.UNCOVERED,
        "while the KV store cannot be written runs fail: Splunk repeats them afterwards, and they alert then",
    )
    yield from _kept_losses(query, options)


def _kept_losses(query: Query, options: Options) -> Iterator[Loss]:
    yield Loss(
        Direction.OPEN,
        f"verdicts are kept for {KEPT_DAYS} days, and what comes while they are pruned may be lost: rules that ask "
        "for them then alert",
    )


_CAN = Capabilities(
    between=False,
    undated=False,
    list_keys=False,
    distinct_keys=False,
    ensembles=False,
    same_role=False,
    service_actor=False,
)
STYLES = (
    Style(
        name="search",
        summary="an app: a search in one pass for each cascade, and a collection of their verdicts",
        kind="query",
        capabilities=_CAN,
        render=_app,
        losses=_search_losses,
    ),
    Style(
        name="filter",
        summary="a macro that keeps explained events out of rules that exist",
        kind="suppression",
        capabilities=_CAN,
        render=_filter,
        losses=_filter_losses,
    ),
    Style(
        name="content",
        summary="a contentctl project: detections as Splunk's security_content keeps them",
        kind="query",
        capabilities=_CAN,
        render=_content,
        losses=_losses,
    ),
    Style(
        name="join",
        summary="the join that everybody writes first, with its faults",
        kind="query",
        capabilities=Capabilities(
            hop=False,
            hold=False,
            spoilers=False,
            between=False,
            unreadable_spoilers=False,
            copies=False,
            undated=False,
            root_keys=False,
            log_ends=False,
            ensembles=False,
            rivals=False,
            vetoes=False,
            same_hand=False,
            error_message=False,
            list_keys=False,
            distinct_keys=False,
            first_of=False,
            arn_name=False,
            tool_family=False,
            case_fold=False,
            conditions=frozenset(),
            actor="none",
            same_role=False,
            service_actor=False,
            any_account=False,
        ),
        render=_join,
        losses=_join_losses,
    ),
    Style(
        name="verdict",
        summary="an app: searches on the verdicts of cascade watch",
        kind="query",
        capabilities=EVERYTHING,
        render=_verdicts,
        losses=watch_losses,
        waits="watch",
    ),
)


def _detect(wanted: Sequence[Detection], style: str, options: Options) -> Iterator[Artefact]:
    told = [
        (each, about(each, TARGET.title, TARGET.verification, options.overlay)) for each in wanted
    ]
    yield from detection_files(told, options, field_map(NAME))


TARGET = Target(
    name=NAME,
    detections=_detect,
    title="Splunk",
    verification="unverified",
    verified_by="no engine or parser of SPL can be had; the tests run the same commands by the reference's rules",
    styles=STYLES,
)
