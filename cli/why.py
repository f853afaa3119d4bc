"""`cascade why`: the whole story of one event of a log."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from heapq import nlargest
from itertools import takewhile
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from .app import app
from .choice import MOMENTS
from .made_by import made_by
from .options import (
    CatalogOption,
    ConfigOption,
    JsonOption,
    Overlays,
    StrictOption,
    UnsafeOption,
    open_catalog,
)
from .reading import Whole, read_log, whole_seconds
from .shown import shown

if TYPE_CHECKING:
    from ..events import Brief
    from ..matcher import Attempt, Candidate, Check, Edge, Inquiry, Seen

MOST_NEAR = 5


@app.command(rich_help_panel="Logs")
def why(
    event_id: Annotated[str, typer.Argument(metavar="EVENT_ID", help="The eventID of an event.")],
    sources: Annotated[
        list[str],
        typer.Argument(metavar="LOG...", help="The log that it is in, as for `cascade classify`."),
    ],
    as_json: JsonOption = False,
    whole_from: Annotated[
        datetime | None,
        typer.Option("--from", metavar="TIME", formats=MOMENTS, help="As for `cascade classify`."),
    ] = None,
    whole_to: Annotated[
        datetime | None,
        typer.Option("--to", metavar="TIME", formats=MOMENTS, help="As for `cascade classify`."),
    ] = None,
    catalog: CatalogOption = None,
    config: ConfigOption = None,
    strict: StrictOption = False,
    allow_unsafe_overlay: UnsafeOption = False,
) -> None:
    """Tell of one event which cascades list it, what held of each and what did not, and where its policy comes from.

    Give the whole log, and not only the file that the event is in: what explains it may be elsewhere.

    **Examples**

    `cascade why 5d1d5ea5-0f4b-4c8e-9d6a-7c1b0a4c7c3e AWSLogs/`

    `cascade why 5d1d5ea5-0f4b-4c8e-9d6a-7c1b0a4c7c3e AWSLogs/ --json | jq '.candidates[] | select(.explains)'`
    """
    from ..events import EventsError, Limits, expand_sources
    from ..matcher import compile_catalog
    from .problem_log import ProblemLog

    known = open_catalog(Overlays(catalog, config, strict, allow_unsafe_overlay))
    plan = compile_catalog(
        known.cascades, [(controller.arn, controller.name) for controller in known.controllers]
    )
    ids = _Ids(event_id)
    with ProblemLog(None) as problems:
        engine = read_log(
            plan,
            expand_sources(sources),
            Limits(),
            problems,
            whole=Whole(whole_seconds(whole_from), whole_seconds(whole_to)),
            watch=ids.look,
        )
        problems.report()
    if problems.broken and not engine.records:
        raise EventsError("no record could be read")
    inquiry = engine.why(event_id)
    if inquiry is None:
        if ids.action is None:
            raise EventsError(ids.unknown())
        lines = [f"{event_id}  {ids.action}", f"  the catalogue says nothing of {ids.action}"]
        document: dict[str, object] = {"event_id": event_id, "action": ids.action, "inquiry": None}
    else:
        lines = list(in_words(inquiry))
        document = {"event_id": event_id, "action": inquiry.event.action, "inquiry": inquiry}
    if as_json:
        typer.echo(msgspec.json.encode({**made_by(known).members(), **document}).decode())
        return
    for line in lines:
        typer.echo(shown(line))


class _Ids:
    """Looks at the ids of records while they are read. `action` is that of the one that is looked for."""

    def __init__(self, wanted: str) -> None:
        self.wanted = wanted
        self.action: str | None = None
        self._near: list[tuple[int, str]] = []

    def look(self, records: "Iterable[Brief]") -> None:
        """Take notice of these records."""
        begins = self.wanted[:1]
        alike = {each.eventID for each in records if (each.eventID or "")[:1] == begins}
        if self.wanted in alike:
            found = next(each for each in records if each.eventID == self.wanted)
            self.action = f"{found.eventSource.removesuffix('.amazonaws.com')}:{found.eventName}"
        ranked = {(_common(each, self.wanted), each) for each in alike if each} | {*self._near}
        self._near = nlargest(MOST_NEAR, ranked)

    def unknown(self) -> str:
        """That there is no such event, and the ids that begin most like it."""
        least = min(4, len(self.wanted))
        near = [each for length, each in self._near if length >= least]
        return f"no event of the log has the id {self.wanted}" + (
            "; these begin alike: " + ", ".join(each[:100] for each in near) if near else ""
        )


def _common(one: str, other: str) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def in_words(inquiry: "Inquiry") -> "Iterator[str]":
    """The story, a line each."""
    yield from _event(inquiry.event)
    verdict = inquiry.verdict
    if verdict is not None:
        if verdict.target:
            told = ", ".join(f"{name} {_plain(value)}" for name, value in verdict.target.items())
            yield f"  target     {told}"
        policy = f", {verdict.policy}" if verdict.policy else ""
        yield f"  verdict    {verdict.verdict}{policy}"
    for number, line in enumerate(inquiry.why):
        yield f"  {'' if number else 'why':10} {line}"
    for candidate in inquiry.candidates:
        yield ""
        yield from _candidate(candidate)


def _event(event: "Seen") -> "Iterator[str]":
    yield f"{event.event_id}  {event.event_time}  {event.action}"
    if event.file is not None:
        yield f"  record     {event.position} in {event.file}"
    by = event.actor_arn or event.actor or "nobody known"
    yield f"  actor      {by}" + (f" from {event.source_ip}" if event.source_ip else "")
    if event.error:
        yield f"  error      {event.error}"


def _candidate(candidate: "Candidate") -> "Iterator[str]":
    sign = "explains" if candidate.explains else "does not explain"
    if candidate.relation is None:
        what = "its origin"
        sign = "begins" if candidate.explains else "begins no instance"
    else:
        what = f"{candidate.relation}, {candidate.policy}"
    yield f"{candidate.cascade}: {candidate.node} ({what}): {sign}"
    if candidate.none is not None:
        yield f"  no   {candidate.none}"
    for number, attempt in enumerate(candidate.attempts, 1):
        if len(candidate.attempts) > 1:
            yield f"  {number}. {'explains' if attempt.explains else 'does not explain'}"
        yield from _attempt(attempt)


def _attempt(attempt: "Attempt") -> "Iterator[str]":
    for edge in attempt.edges:
        yield from _edge(edge)
    if attempt.void is not None:
        yield f"  no   void: {attempt.void.reason}{_by(attempt.void.by)}"
    if attempt.cut is not None:
        yield f"  no   cut: {attempt.cut.reason}{_by(attempt.cut.by)}"
    if attempt.lacking is not None:
        yield f"  no   the ensemble lacks {attempt.lacking}: none that fits"
    for fault in attempt.faults:
        yield f"  no   {fault.words}"


def _edge(edge: "Edge") -> "Iterator[str]":
    seen = edge.parent
    if seen is None:
        head = f"{edge.node}: {edge.event.event_time} {edge.event.event_id}"
    else:
        head = f"{edge.node} hangs on {seen.action}: {seen.event_time} {seen.event_id}"
    yield f"  {'yes' if edge.holds else 'no ':3}  {head}"
    for check in edge.checks:
        yield f"         {_check(check)}"


def _check(check: "Check") -> str:
    if check.holds:
        found = "" if check.found is None or check.expected == f"is {check.found}" else check.found
        return f"holds  {check.field} {check.expected}" + (f"; found {found}" if found else "")
    return f"FAILS  {check.field} {check.expected}; found {check.found or 'nothing'}"


def _by(event: "Seen | None") -> str:
    if event is None:
        return ""
    return f" ({event.action} {event.event_time} {event.event_id})"


def _plain(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
