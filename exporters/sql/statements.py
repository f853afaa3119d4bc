"""A query as common table expressions: one a step, each named for the event it finds.

`events` reads the table once and gives every event its keys. An origin's step keeps what no spoiler
voids; an effect's step keeps the events that hang on its parent's. What remains of the subjects' events
is the alert.
"""

from collections.abc import Iterator

from sqlglot import exp

from ..query import Query
from .answers import Answer, Asked, answered
from .conditions import Conditions
from .effects import explained_effects
from .events import Events
from .expressions import union
from .joins import Joins
from .origins import origin_step
from .setting import Setting
from .steps import Steps


def script(query: Query, answer: Answer, setting: Setting) -> tuple[str, ...]:
    """The statements, in order, of which one answers `query`; most engines need no other.

    `alert` lists the events that nothing explains. `explained` lists those that are, with what explains
    them. `silenced` counts the explained by action, actor and day.
    """
    dialect = setting.dialect
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
    asked = Asked(query, events.name, events.keys, events.some_may_fail, dialect, setting.every)
    result = answered(answer, asked, explained)
    statements.append(_written(dialect.finish(steps.before(result)), setting))
    if dialect.prepare:
        statements.append(dialect.prepare[1].format(events.name))
    return tuple(statements)


def outline(query: Query, setting: Setting) -> Iterator[str]:
    """A line a step of the statements: its name, which rows it keeps, and what it reads."""
    events = Events(query, setting)
    steps = Steps()
    events.read(steps)
    explaining_steps(query, events, steps)
    for step in steps.done:
        yield f"{step.name} from {', '.join(step.sources)}: {step.keeps}"


def explaining_steps(query: Query, events: Events, steps: Steps) -> str:
    """Add the steps from the events to those that a cascade explains; returns the name of the last."""
    joins = Joins(events, Conditions(events.fields, some_may_fail=events.some_may_fail))
    explained: list[exp.Query] = []
    for each in (query, *query.rivals):
        root = origin_step(each, steps, joins)
        explained += explained_effects(each, root, steps, joins)
    keeps = "what one of them explains, with its cascade, effect, relation and origin"
    return steps.add("explained", union(explained), keeps)


def _written(statement: exp.Query, setting: Setting) -> str:
    return statement.sql(setting.dialect.name, pretty=True)
