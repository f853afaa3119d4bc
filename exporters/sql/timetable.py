"""How each SQL platform's own scheduler is told when a statement runs, and what it cannot be told."""

from collections.abc import Callable

from ...catalog.terms import format_duration
from ..schedule import cron, require_minutes, spread, tellings
from ..target import Options

_MINUTE = 60


def _athena(every: int, name: str) -> str:
    # https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
    require_minutes(every, "EventBridge Scheduler")
    return f"EventBridge Scheduler's rate({every // _MINUTE} minute{'s' * (every != _MINUTE)})"


def _bigquery(every: int, name: str) -> str:
    # https://cloud.google.com/bigquery/docs/scheduling-queries: five minutes at least
    require_minutes(every, "a scheduled query of BigQuery", least=5)
    return f"every {every // _MINUTE} minutes"


def task_cron(every: int, name: str) -> str:
    """The five fields of a task's schedule. Snowflake knows `4/15`, and no range with a step.

    https://docs.snowflake.com/en/sql-reference/sql/create-task

    >>> task_cron(900, "aws.iam.delete-user"), task_cron(3600, "aws.iam.delete-user")
    ('5/15 * * * *', '35 * * * *')

    Raises:
        ExportError: cron cannot say it; the nearest that it can.
    """
    return cron(every, spread(name, every)).replace("-59/", "/")


def _snowflake(every: int, name: str) -> str:
    return f"SCHEDULE = 'USING CRON {task_cron(every, name)} UTC'"


def _cron(every: int, name: str) -> str:
    return f"cron {cron(every, spread(name, every))}, in UTC"


_SCHEDULERS: dict[str, Callable[[int, str], str]] = {
    "athena": _athena,
    "bigquery": _bigquery,
    "snowflake": _snowflake,
}


def timetable(target: str, name: str, options: Options) -> str:
    """When the statements of that cascade or detection run, in the words of the target's scheduler.

    Raises:
        ExportError: the scheduler cannot run so often; the nearest that it can.
    """
    return _SCHEDULERS.get(target, _cron)(options.every, name)


def repeats(options: Options) -> str:
    """How often an event is told that several slices hold."""
    times = tellings(options.every, options.lateness)
    span = format_duration(options.every)
    return f"slices overlap: up to {times} runs tell the same, {span} apart"
