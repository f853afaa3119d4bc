"""Google SecOps: YARA-L 2.0 rules that ask a data table of explained event ids."""

from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from ..explained_table import EVERYTHING, TABLE, by_source, empty_table, table_losses
from ..field_maps import field_map
from ..header import header
from ..languages.yaral import comment, one_of, quoted, rule
from ..query import Query
from ..target import Artefact, Job, Options, Style, Target

NAME = "secops"


def _render(jobs: Sequence[Job], options: Options) -> Iterator[Artefact]:
    for job in jobs:
        name = job.query.cascade.replace(".", "_").replace("-", "_")
        head = comment(header(job, TARGET, STYLES[0], options))
        for part, explained in (("unexplained", False), ("silenced", True)):
            text = _rule(job.query, f"{name}_{part}", options, explained)
            yield Artefact(PurePosixPath(NAME, "rules", f"{name}_{part}.yaral"), head + text)
    yield Artefact(PurePosixPath(NAME, "data_tables", f"{TABLE}.csv"), empty_table())


def _rule(query: Query, name: str, options: Options, explained: bool) -> str:
    fields = field_map("udm")
    event_id = f"$event.{fields.field('eventID')}"
    title = "Explained" if explained else "Not explained"
    meta = [
        ("author", options.owner or "cloudcascade"),
        ("description", f"{title}: {query.title}"),
        ("reference", next(iter(query.references), "")),
        ("severity", "Informational" if explained else "Medium"),
        ("technique", ", ".join(query.techniques)),
        ("expires", options.expires.isoformat()),
    ]
    held = f"{event_id} in %{TABLE}.event_id"
    events = [
        '$event.metadata.log_type = "AWS_CLOUDTRAIL"',
        *_actions(query),
        held if explained else f"not {held}",
        f"$event.{fields.field('userIdentity.principalId')} = $principal",
    ]
    return rule(
        name,
        meta,
        [
            ("events", events),
            ("match", ["$principal over 1h"]),
            (
                "outcome",
                [
                    f"$event_ids = array_distinct({event_id})",
                    "$count = count_distinct(" + event_id + ")",
                ],
            ),
            ("condition", ["$event"]),
        ],
    )


def _actions(query: Query) -> list[str]:
    """The lines that pick the subjects' events; more than one source takes an `or`."""
    fields = field_map("udm")
    parts = []
    for source, names, may_fail in by_source(query):
        tests = [
            one_of(f"$event.{fields.field('eventSource')}", [source]),
            one_of(f"$event.{fields.field('eventName')}", names),
        ]
        if not may_fail:
            result, value = fields.success.field, fields.success.values[0]
            tests.append(f"$event.{result} = {quoted(value)}")
        parts.append(tests)
    if len(parts) == 1:
        return parts[0]
    return ["(" + " or ".join("(" + " and ".join(tests) + ")" for tests in parts) + ")"]


STYLES = (
    Style(
        name="rule",
        summary="YARA-L rules that ask a data table of explained event ids",
        kind="query",
        capabilities=EVERYTHING,
        render=_render,
        losses=table_losses,
    ),
)
TARGET = Target(
    name=NAME,
    title="Google SecOps",
    verification="unverified",
    verified_by="Google's validator is online only; the tests hold the rules' form",
    styles=STYLES,
)
