"""A cascade's base search, pipeline and scheduled search."""

from collections.abc import Iterable, Iterator, Sequence

from ...field_maps import FieldMap
from ...query import Pattern, Query
from ...target import Options
from . import conf
from .app import filter_macro, housekeeping, keeping, keeping_macro
from .scheduled import alerting, back_of, described, scheduled
from .spl import Command, Macro, definition, field_name, listed, macros_of, searched, spl
from .spl_query import is_one_of, marking
from .spl_reading import judged, reading, slice_of

SHOWN = "event_id, _time, eventSource, eventName, account, actor, principal"


def pipeline(query: Query, fields: FieldMap) -> tuple[Command, ...]:
    """The commands after the base search: keys, and the mark of what explains an event."""
    return (reading(fields), *marking(query, fields))


def slice_commands(query: Query, options: Options) -> tuple[Command, ...]:
    """Keeps the subjects' events of the run's slice, for which nothing is still to come."""
    return slice_of(is_one_of(query.actions), query.hold, judged(options), options)


def base_search(actions: Iterable[str], options: Options, fields: FieldMap) -> str:
    """The search that reads the events of these actions from the index, or by ESCU's macro."""
    source = f"index={searched(options.index)}" if options.index else "`cloudtrail`"
    by_service: dict[str, list[str]] = {}
    for action in actions:
        pattern = Pattern(action)
        by_service.setdefault(pattern.event_source, []).append(pattern.event_name)
    terms = []
    for service, names in by_service.items():
        head = f"({field_name(fields.field('eventSource'))}={searched(service)} "
        head += f"{field_name(fields.field('eventName'))} IN "
        terms.append(f"{head}{listed(names, len(head) + 4, 4)})")
    if len(terms) == 1:
        return f"{source} {terms[0]}"
    joined = "\n    OR ".join(terms)
    return f"{source} (\n    {joined})"


def search(query: Query, options: Options, fields: FieldMap) -> str:
    """The whole pipeline, up to the mark."""
    return "\n".join(
        [
            base_search(query.all_actions(), options, fields),
            *map(spl, pipeline(query, fields)),
        ]
    )


def back(query: Query, options: Options) -> int:
    """How many seconds a run of the query reads back."""
    return back_of(query.hold, judged(options), query.reach_before, options.every)


def shared_macros(queries: Sequence[Query], fields: FieldMap) -> Iterator[Macro]:
    """What the pipelines call, each once."""
    yield from macros_of([each for query in queries for each in pipeline(query, fields)])


def macros(
    queries: Sequence[tuple[Query, Sequence[str]]], options: Options, fields: FieldMap
) -> str:
    """macros.conf: what all pipelines share, each cascade's pipeline with the lines about it, and the filter."""
    stanzas = [
        conf.stanza(each.name, [("definition", definition(each.commands))])
        for each in shared_macros([query for query, _ in queries], fields)
    ]
    for query, about in queries:
        stanzas.append(conf.comment(about))
        text = search(query, options, fields)
        stanzas.append(conf.stanza(macro_name(query), [("definition", text)]))
    return "\n".join([*stanzas, keeping_macro(), filter_macro()])


def searches(queries: Sequence[Query], options: Options, *, alert: bool) -> str:
    """savedsearches.conf: one search a cascade, which keeps its verdicts and, with `alert`, tells what is unexplained.

    Raises:
        ExportError: cron cannot say the interval exactly.
    """
    stanzas = []
    for query in queries:
        lines = [
            f"`{macro_name(query)}`",
            *map(spl, slice_commands(query, options)),
            keeping(query.cascade),
        ]
        settings = [
            described(options),
            *scheduled(query.cascade, back(query, options), options),
        ]
        if alert:
            lines += ['| where verdict == "unexplained"', f"| table {SHOWN}"]
            settings += alerting(judged(options), options.every)
        title = f"Cascade - {query.cascade} - {'not explained' if alert else 'verdicts'}"
        stanzas.append(conf.stanza(title, [("search", "\n".join(lines)), *settings]))
    return "\n".join([*stanzas, *housekeeping(options)])


def macro_name(query: Query) -> str:
    """The macro that holds the cascade's pipeline."""
    return "cascade_" + query.cascade.removeprefix("aws.").replace(".", "_").replace("-", "_")
