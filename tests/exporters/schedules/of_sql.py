"""The SQL targets: whoever schedules them starts them by the schedule that the header names."""

import re
from collections.abc import Iterator

from cloudcascade.exporters.query import Query
from cloudcascade.exporters.registry import find_target
from cloudcascade.tests.support.golden import make_export
from cloudcascade.tests.support.schedule_simulator import ScheduledArtefact, before_start
from cloudcascade.tests.support.sql_slices import slice_of

DIALECTS = {
    "athena": "athena",
    "bigquery": "bigquery",
    "clickhouse": "clickhouse",
    "duckdb": "duckdb",
    "postgresql": "postgres",
    "snowflake": "snowflake",
    "spark": "spark",
}
CASCADE = "aws.iam.delete-user"
CRON = re.compile(
    r"^-- runs: cron (?P<minute>\*|\d+-59)/(?P<every>\d+) \* \* \* \*, in UTC$", re.MULTILINE
)
TASK = re.compile(
    r"^-- runs: SCHEDULE = 'USING CRON (?P<minute>\*|\d+)/(?P<every>\d+) \* \* \* \* UTC'$",
    re.MULTILINE,
)
RATE = re.compile(r"^-- runs: .*?(?P<every>\d+) minutes?\b.*$", re.MULTILINE)


def artefacts() -> Iterator[ScheduledArtefact]:
    for target, dialect in DIALECTS.items():
        for place in find_target(target).layouts:
            made = make_export(target, [CASCADE], "scheduled", layout=place)
            (job,) = made.jobs
            files = {artefact.path.stem: artefact.text for artefact in made.artefacts}
            # Athena's runs keep their events by a file of its own.
            first = files.get("events", "")
            for file in ("alert", "schedule") if place == "raw" else ("alert",):
                name = f"{target}, {place}: {file}.sql"
                yield _read(name, first + files[file], dialect, job.query)


def _read(name: str, text: str, dialect: str, query: Query) -> ScheduledArtefact:
    held = slice_of(text, dialect)
    cron, rate = CRON.search(text) or TASK.search(text), RATE.search(text)
    written = cron or rate
    assert written is not None
    assert 60 * int(written["every"]) == held.every
    offset = 0 if cron is None or cron["minute"] == "*" else 60 * int(cron["minute"].split("-")[0])
    return ScheduledArtefact(
        name=name,
        every=held.every,
        offset=offset,
        anchored=cron is not None,
        reads_from=held.reads_from,
        reads_to=before_start(-1),
        judges_from=held.judges_from,
        judges_to=held.judges_to,
        needs_before=query.reach_before,
        needs_after=query.reach_after,
        # The executed statements show what schedule.sql drops: test_replays.py.
        deduplicates=name.endswith("schedule.sql"),
        told_at_most=held.told_by,
    )
