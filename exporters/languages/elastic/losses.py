"""What Elastic's rules and exceptions lose of a query."""

from collections.abc import Iterator

from ....catalog.terms import format_duration
from ...capabilities import Direction, Loss
from ...errors import Refused
from ...explained_table import table_losses
from ...field_maps import field_map
from ...query import Query
from ...schedule import SKIPPED_RUNS, overlap
from ...target import Options
from ..one_pass import losses_of_saying
from .eql_query import refuse_unjoinable
from .esql_query import refuse_repeats
from .kibana import MOST_ALERTS


def esql(query: Query, options: Options) -> Iterator[Loss]:
    """What a rule in ES|QL loses."""
    refuse_repeats(query)
    yield from losses_of_saying(query, field_map("ecs"))
    yield from _runs(query, options)
    yield Loss(
        Direction.UNCOVERED,
        "a run over times past (by hand, or to fill a gap) judges the slice before now",
    )
    yield Loss(
        Direction.OPEN,
        "two origins of one key in the look-back, one of them out of the window: alerts",
    )
    if any(each.spoilers for each in (query, *query.rivals)):
        yield Loss(
            Direction.OPEN,
            "two events that may void, one on either side of the window, void as one within",
        )
    if any(
        spoiler.pattern.action == each.root.action
        for each in (query, *query.rivals)
        for spoiler in each.spoilers
    ):
        yield Loss(Direction.OPEN, "what voids its own kind does so from anywhere in the look-back")
    yield Loss(Direction.OPEN, "names with letters that are not ASCII's compare with case")


def _runs(query: Query, options: Options) -> Iterator[Loss]:
    yield Loss(
        Direction.UNCOVERED,
        f"of one run's results {MOST_ALERTS} have an alert (max_signals; fewer where Kibana's "
        "xpack.alerting.rules.run.alerts.max is less), and Kibana warns that there were more",
    )
    skipped = max(SKIPPED_RUNS, overlap(options.every, query.lateness) // options.every - 1)
    yield Loss(
        Direction.UNCOVERED,
        f"what more than {skipped} runs in a row miss, {format_duration(options.every)} apart, nobody judges",
    )
    yield Loss(
        Direction.OPEN,
        "an event that the index holds twice, as two documents, alerts twice: alerts are told apart by `_id`",
    )


def table(query: Query, options: Options) -> Iterator[Loss]:
    """What an exception by event id loses."""
    yield from table_losses(query, options)
    yield Loss(
        Direction.OPEN, "an alert without event.id, of a threshold or an aggregate, is not excepted"
    )


def eql(query: Query, options: Options) -> Iterator[Loss]:
    """What a sequence loses."""
    refuse_unjoinable(query, field_map("ecs"))
    yield from _runs(query, options)
    if any(node.edge.actor != "any" for node in query.subjects):
        yield Loss(Direction.OPEN, "two access keys of one IAM user are two actors")


def controller(query: Query, options: Options) -> Iterator[Loss]:
    """What an exception for controllers loses."""
    if not options.controllers:
        raise Refused("cascade.toml names no controllers: there is nobody to except")
    yield Loss(
        Direction.CLOSED,
        "an exception sees one event: whoever has the controller's role may do the same without any origin",
    )


def origin(query: Query, options: Options) -> Iterator[Loss]:
    """What a rule on the origin loses."""
    if query.ensemble:
        raise Refused("no event begins the cascade, so there is none to alert on")
    if query.root.where:
        yield Loss(
            Direction.OPEN, f"any {query.root.action} alerts, whatever the cascade asks of it"
        )
    yield from _runs(query, options)
    yield Loss(Direction.UNCOVERED, f"{', '.join(query.actions)}: only the origin alerts")
