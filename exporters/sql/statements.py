"""A query as common table expressions: one a step, each named for the event it finds.

`events` reads the table once and gives every event its keys. An origin's step keeps what no spoiler
voids; an effect's step keeps the events that hang on its parent's. What remains of the subjects' events
is the alert.
"""

from collections.abc import Iterator
from dataclasses import replace

from sqlglot import exp

from ..query import Query
from .answers import Answer, Asked, answered
from .conditions import Conditions
from .effects import explained_effects
from .events import Events
from .expressions import union, without
from .joins import Joins
from .origins import extent_step
from .readable import readable
from .reporting import Results, addition, alerts_of, creation, placed
from .setting import Setting
from .steps import Steps

# What the steps of vetoes begin with.
STRICTER = "stricter_"
# How many characters an expression may have on one line.
WIDTH = 110


def script(query: Query, answer: Answer, setting: Setting) -> tuple[str, ...]:
    """The statements, in order, of which one answers `query`; most engines need no other.

    `alert` lists the events that nothing explains. `explained` lists those that are, with what explains
    them. `silenced` counts the explained by action, actor and day.
    """
    return _script(query, answer, setting, None)


def reporting_script(query: Query, setting: Setting) -> tuple[str, ...]:
    """The statements of a scheduled run, in order: the table of results where it is not there yet, and what
    adds to it the alerts that no run has told before."""
    setting = replace(setting, dialect=setting.dialect.scheduled())
    results = placed(alerts_of(query.cascade), setting.table, setting.dialect)
    made = creation(results, setting.dialect).sql(setting.dialect.name, pretty=True)
    return (made, *_script(query, "alert", setting, results))


def _script(
    query: Query, answer: Answer, setting: Setting, results: Results | None
) -> tuple[str, ...]:
    dialect = setting.dialect
    query = readable(query, setting.layout)
    events = Events(query, setting)
    reading = Steps()
    events.read(reading)
    statements, steps = [], reading
    if dialect.prepare:
        last = reading.done.pop()
        kept = dialect.finish(reading.before(last.select))
        statements.append(f"{dialect.prepare[0].format(last.name)}\n{_written(kept, setting)}")
        steps = Steps(reading.names)
    explained = explaining_steps(query, events, steps)
    asked = Asked(query, events.name, events.keys, setting)
    result = answered(answer, asked, explained)
    if results is None:
        statements.append(_written(dialect.finish(steps.before(result)), setting))
    else:
        statements.append(_written(_reported(results, asked, steps, result), setting))
    if dialect.prepare:
        statements.append(dialect.prepare[1].format(events.name))
    return tuple(statements)


def _reported(
    results: Results, asked: Asked, steps: Steps, alerts: exp.Select
) -> exp.Insert | exp.Merge:
    """The statement that adds the alerts to the table of results."""
    dialect, judged = asked.setting.dialect, asked.slice
    if judged is None:
        raise ValueError("what judges a whole table at once has no runs that tell anything again")
    alerts.set("order", None)
    found = steps.add("alerts", alerts, "those that nothing explains")
    # An interval more, in case that the script has taken until after the next run was due.
    since = judged.begins(judged.due(), judged.every)
    return addition(results, found, since, dialect, lambda new: dialect.finish(steps.before(new)))


def outline(query: Query, setting: Setting) -> Iterator[str]:
    """A line a step of the statements: its name, which rows it keeps, and what it reads."""
    query = readable(query, setting.layout)
    events = Events(query, setting)
    steps = Steps()
    events.read(steps)
    explaining_steps(query, events, steps)
    for step in steps.done:
        yield f"{step.name} from {', '.join(step.sources)}: {step.keeps}"


def explaining_steps(query: Query, events: Events, steps: Steps) -> str:
    """Add the steps from the events to those that a cascade explains; returns the name of the last."""
    joins = Joins(events, Conditions(events.tests))
    extent = extent_step(query, steps, events)
    explained: list[exp.Query] = []
    for each in (query, *query.rivals):
        explained += explained_effects(each, steps, joins, extent=extent)
    keeps = "what one of them explains, with its cascade, effect, relation and origin"
    if not query.vetoes:
        return steps.add("explained", union(explained), keeps)
    vetoed: list[exp.Query] = []
    for each in query.vetoes:
        vetoed += explained_effects(each, steps, joins, prefix=STRICTER)
    found = steps.add("explained_by_some", union(explained), keeps)
    stricter = steps.add(
        "explained_more_strictly",
        union(vetoed),
        "what one of them explains by a stricter policy: it is not silenced",
    )
    rest = without(found, stricter, ("event_id",))
    return steps.add("explained", rest, "those that nothing explains more strictly")


def _written(statement: exp.Query | exp.Insert | exp.Merge, setting: Setting) -> str:
    return statement.sql(setting.dialect.name, pretty=True, max_text_width=WIDTH)
