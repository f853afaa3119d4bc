"""What each scheduler is given: a table of results, and what adds to it what no run has told before."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlglot import exp

from cloudcascade.exporters import export_detections
from cloudcascade.exporters.detections import DETECTIONS, FIRST_CALLER_IDENTITY
from cloudcascade.exporters.errors import ExportError
from cloudcascade.exporters.lower import lower
from cloudcascade.exporters.registry import find_target
from cloudcascade.exporters.sql.layout import layout
from cloudcascade.exporters.sql.reporting import ALERTS
from cloudcascade.exporters.sql.setting import Setting
from cloudcascade.exporters.sql.statements import reporting_script
from cloudcascade.exporters.targets.athena import Athena
from cloudcascade.exporters.targets.duckdb import DuckDB
from cloudcascade.exporters.targets.snowflake import Snowflake
from cloudcascade.tests.support.cascades import DELETE_USER
from cloudcascade.tests.support.cloudtrail import START, Event
from cloudcascade.tests.support.golden import make_export, make_options
from cloudcascade.tests.support.iam_user_scenarios import SCENARIOS
from cloudcascade.tests.support.offboarding import deactivate, delete_user
from cloudcascade.tests.support.query_oracle import alerts, session_actor
from cloudcascade.tests.support.schedule_replay import (
    crowded,
    first_calls,
    of_cascade,
    of_detection,
    replay,
)
from cloudcascade.tests.support.schedule_simulator import Weather
from cloudcascade.tests.support.sql_engines import (
    ENGINES,
    TABLE,
    DuckDBEngine,
    TrinoEngine,
    needs,
)
from cloudcascade.tests.support.sql_slices import ALERT, TASK, statements_of

CASCADE = "aws.iam.delete-user"
QUERY = lower(DELETE_USER)
EVERY = 900
ALL_OF_IT = Weather(name="all", lag=1_200, jitter=EVERY - 1, skipped=0.3, doubled=0.3)


def files(target: str, **options: Any) -> dict[str, str]:
    made = make_export(target, [CASCADE], "scheduled", **options).artefacts
    return {artefact.path.name: artefact.text for artefact in made}


def detection_files(target: str, **options: Any) -> dict[str, str]:
    found = find_target(target)
    made = export_detections(DETECTIONS, found, found.style("scheduled"), make_options(**options))
    return {f"{artefact.path.parent.name}/{artefact.path.name}": artefact.text for artefact in made}


# MERGE, which BigQuery and Snowflake are given, on an engine that knows it.


class Merging(DuckDB):
    """DuckDB that adds to its table of results by MERGE, as BigQuery and Snowflake do."""

    merges = True
    unique_results = False


@pytest.fixture(scope="module")
def duckdb() -> Iterator[DuckDBEngine]:
    if reason := needs("duckdb")():
        pytest.skip(reason)
    engine = DuckDBEngine()
    yield engine
    engine.close()


def test_merge_tells_each_alert_once_in_bad_weather(duckdb: DuckDBEngine) -> None:
    events = crowded([scenario.events for scenario in SCENARIOS[:20]], 1, 3_600)
    wanted = alerts(QUERY, events, session_actor)
    made = of_cascade(QUERY, Merging(), EVERY)
    assert made.schedule[1].startswith("MERGE INTO ")
    found = replay(duckdb, made, events, ALL_OF_IT, wanted, seed=1)
    assert found.wanted > 2
    assert (found.lost, found.false, found.duplicates) == (0, 0, 0)


def test_merge_tells_each_finding_once_in_bad_weather(duckdb: DuckDBEngine) -> None:
    events, wanted = first_calls(20, seed=2)
    made = of_detection(FIRST_CALLER_IDENTITY, Merging(), EVERY, 1_200, "arn, event_time")
    assert made.schedule[1].startswith("MERGE INTO ")
    found = replay(duckdb, made, events, ALL_OF_IT, wanted, seed=2, key=tuple)
    assert (found.lost, found.false, found.duplicates) == (0, 0, 0)


@pytest.mark.parametrize("target", ["bigquery", "snowflake"])
def test_what_is_scheduled_has_a_table_to_go_to(target: str) -> None:
    every = {"cascade": files(target)["schedule.sql"], **detection_files(target)}
    for name, script in every.items():
        if name.endswith(("alert.sql", "notify.sql")):
            continue
        trees = statements_of(script, target)
        (merge,) = (tree for tree in trees if isinstance(tree, exp.Merge))
        (made,) = (
            tree for tree in trees if isinstance(tree, exp.Create) and tree.args.get("exists")
        )
        table = made.this.this
        assert merge.this.name == table.name
        columns = [column.name for column in made.find_all(exp.ColumnDef)]
        (added,) = merge.find_all(exp.When)
        assert [each.name for each in added.args["then"].this.expressions] == columns


# BigQuery


def test_a_scheduled_query_of_bigquery_judges_by_the_instant_at_which_it_was_due() -> None:
    made = files("bigquery")
    assert "@run_time" in made["schedule.sql"]
    assert "CURRENT_TIMESTAMP" not in made["schedule.sql"]
    assert "@run_time" not in made["alert.sql"]


def test_results_of_bigquery_lie_in_the_dataset_that_is_read() -> None:
    made = files("bigquery", table="my-project.logs.cloudtrail")
    tables = {
        ".".join(part.name for part in table.parts)
        for tree in statements_of(made["schedule.sql"], "bigquery")
        for table in tree.find_all(exp.Table)
    }
    assert f"my-project.logs.{ALERTS}" in tables
    assert ALERTS not in tables


# Snowflake


@pytest.mark.parametrize(
    ("every", "schedule"),
    [
        (60, "USING CRON * * * * * UTC"),
        (900, "USING CRON 5/15 * * * * UTC"),
        (3_600, "USING CRON 35 * * * * UTC"),
        (7_200, "USING CRON 35 */2 * * * UTC"),
    ],
)
def test_a_task_of_snowflake_runs_so_often(every: int, schedule: str) -> None:
    task = TASK.search(files("snowflake", every=every)["schedule.sql"])
    assert task is not None
    assert (task["name"], task["schedule"]) == ("cloudcascade_aws_iam_delete_user", schedule)


def test_a_task_of_snowflake_keeps_the_events_adds_what_is_new_and_drops_them() -> None:
    task = TASK.search(files("snowflake")["schedule.sql"])
    assert task is not None
    run = statements_of(task["body"], "snowflake")
    assert [type(tree) for tree in run] == [exp.Create, exp.Merge, exp.Drop]


def test_an_alert_of_snowflake_asks_the_table_that_its_task_fills() -> None:
    notified = {"cascade": files("snowflake"), **_by_detection("snowflake")}
    names = set()
    for about, made in notified.items():
        alert = ALERT.search(made["notify.sql"])
        assert alert is not None, about
        # No schedule: it is asked when rows come in, and of these alone.
        assert "SCHEDULE" not in alert["name"] + alert["condition"] + alert["action"]
        (created,) = (
            tree
            for tree in statements_of(made["schedule.sql"], "snowflake")
            if isinstance(tree, exp.Create) and tree.args.get("exists")
        )
        (condition,) = statements_of(alert["condition"], "snowflake")
        (table,) = condition.find_all(exp.Table)
        assert table.name == alert["table"] == created.this.this.name
        columns = {column.name for column in created.find_all(exp.ColumnDef)}
        assert {column.name for column in condition.find_all(exp.Column)} <= columns
        names.add(alert["name"])
    assert len(names) == len(notified)


def _by_detection(target: str) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for path, text in detection_files(target).items():
        name, _, file = path.partition("/")
        found.setdefault(name, {})[file] = text
    return {name: made for name, made in found.items() if "lineage" not in name}


def test_an_alert_of_snowflake_is_about_its_own_cascade() -> None:
    alert = ALERT.search(files("snowflake")["notify.sql"])
    assert alert is not None
    (condition,) = statements_of(alert["condition"], "snowflake")
    (asked,) = condition.find_all(exp.EQ)
    assert asked.sql() == f"cascade = '{CASCADE}'"
    (call,) = statements_of(alert["action"].replace("CALL SYSTEM$", "SELECT "), "snowflake")
    said = [literal.name for literal in call.find_all(exp.Literal)]
    assert said == [f"New rows of {ALERTS}: {CASCADE}", "cloudcascade"]


@pytest.mark.parametrize("target", ["bigquery", "duckdb", "postgresql"])
def test_no_other_engine_has_an_alert(target: str) -> None:
    assert "notify.sql" not in files(target)


def test_nobody_is_told_of_each_chain_of_sessions() -> None:
    assert not any("lineage/notify" in name for name in detection_files("snowflake"))


def test_an_interval_that_cron_cannot_say_is_refused_for_a_task() -> None:
    with pytest.raises(ExportError, match="cron cannot run every 45m exactly"):
        files("snowflake", every=45 * 60)


def test_a_text_that_would_end_a_tasks_script_stays_inside_it() -> None:
    made = Snowflake().for_scheduler("a", ("CREATE", "SELECT '$$; DROP TABLE x; --'"), EVERY)
    task = made[1].split("\n", 2)[2]
    (read,) = statements_of(f"SELECT {task.partition('IMMEDIATE')[2]}", "snowflake")
    assert read.expressions[0].name == "BEGIN\nSELECT '$$; DROP TABLE x; --';\nEND;"


# Athena


def test_a_file_of_athena_that_adds_results_is_one_statement() -> None:
    made = files("athena")
    assert list(made) == [
        f"{name}.sql"
        for name in ("results", "events", "alert", "silenced", "explained", "schedule", "drop")
    ]
    kinds = {"results.sql": exp.Create, "schedule.sql": exp.Insert}
    for name, kind in kinds.items():
        for script in (
            made[name],
            detection_files("athena")[f"aws.detection.session-lineage/{name}"],
        ):
            (statement,) = statements_of(script, "athena")
            assert isinstance(statement, kind)


@pytest.fixture(scope="module")
def trino() -> Iterator[TrinoEngine]:
    _, missing, _ = ENGINES["trino"]
    if reason := missing():
        pytest.skip(reason)
    engine = TrinoEngine("athena")
    yield engine
    engine.close()


def recent(events: list[Event], hours: float) -> list[Event]:
    """The events, START being so many hours ago."""
    shift = datetime.now(UTC) - timedelta(hours=hours) - START
    return [
        {
            **event,
            "eventTime": (datetime.fromisoformat(event["eventTime"]) + shift).strftime(
                "%Y-%m-%dT%H:%M:%SZ"
            ),
        }
        for event in events
    ]


PARTED = f"{TABLE}_parted"


def parted(trino: TrinoEngine, days: dict[str, int]) -> None:
    """The table as partition projection shows it: each event on the day of its delivery, so many days after it."""
    late = " ".join(f"WHEN eventid = '{event}' THEN {number}" for event, number in days.items())
    moment = f"from_iso8601_timestamp(eventtime) + CASE {late} ELSE 0 END * INTERVAL '1' DAY"
    trino.server.ask(f"DROP TABLE IF EXISTS {PARTED}")
    trino.server.ask(
        f"CREATE TABLE {PARTED} AS SELECT *, date_format({moment}, '%Y/%m/%d') AS \"timestamp\" FROM {TABLE}"
    )


def test_athenas_files_tell_an_alert_once_and_read_the_partitions_that_matter(
    trino: TrinoEngine,
) -> None:
    # Of three slices that overlap this is well inside all.
    hours = (QUERY.hold + EVERY) / 3_600
    explained = [
        deactivate("explained", 0, user="bob", device="bob"),
        delete_user("gone", 60, user="bob"),
    ]
    alone = deactivate("alone", 0, user="eve", device="eve")
    trino.load(recent([*explained, alone], hours))
    parted(trino, {"gone": 1})
    setting = Setting(
        dialect=Athena(),
        layout=layout("athena"),
        table=PARTED,
        actor="session",
        every=EVERY,
        partition="timestamp",
    )
    made, *run = reporting_script(QUERY, setting)
    trino.run([made])
    for _ in range(2):
        trino.run(run)
    assert trino.run([f"SELECT event_id FROM {ALERTS}"]) == [("alone",)]
    # What lies in a partition of long ago is not read: that it would alert shows that the condition stands.
    trino.server.ask(f"DROP TABLE {ALERTS}")
    trino.run([made])
    parted(trino, {"alone": -400})
    trino.run(run)
    assert trino.run([f"SELECT event_id FROM {ALERTS}"]) == []
    trino.server.ask(f"DROP TABLE {ALERTS}")


# Partitions


@pytest.mark.parametrize(
    ("target", "place", "condition"),
    [
        ("athena", "athena", "DATE_FORMAT(FROM_UNIXTIME({since}, 'UTC'), '%Y/%m/%d')"),
        ("athena", "security-lake", "CAST(FROM_UNIXTIME({since}, 'UTC') AS TIMESTAMP)"),
        ("bigquery", "raw", "TIMESTAMP_SECONDS({since})"),
    ],
)
def test_a_run_asks_the_partitions_of_what_it_reads_back_to_and_of_a_day_before(
    target: str, place: str, condition: str
) -> None:
    made = files(target, layout=place, partition="parted")
    file = "events.sql" if target == "athena" else "schedule.sql"
    found = [
        each
        for tree in statements_of(made[file], target)
        for each in tree.find_all(exp.GTE)
        if each.this.name == "parted"
    ]
    (asked,) = found
    reads = [
        each.expression
        for tree in statements_of(made[file], target)
        for step in tree.find_all(exp.CTE)
        if step.alias == "recent_events"
        for each in step.find_all(exp.GTE)
    ]
    start = reads[0].sql(target)
    assert (
        asked.expression.sql(target).lower() == condition.format(since=f"{start} - 86400").lower()
    )


@pytest.mark.parametrize(("target", "place"), [("athena", "security-lake"), ("bigquery", "raw")])
def test_what_lies_in_no_partition_yet_is_read(target: str, place: str) -> None:
    made = files(target, layout=place, partition="parted")
    for tree in statements_of("".join(made[name] for name in sorted(made)), target):
        for asked in tree.find_all(exp.GTE):
            if asked.this.name == "parted":
                assert isinstance(asked.parent, exp.Or)
                assert asked.parent.expression.sql(target).endswith(" IS NULL")


@pytest.mark.parametrize("target", ["athena", "bigquery"])
def test_detections_ask_partitions_like_cascades(target: str) -> None:
    for name, script in detection_files(target, partition="parted").items():
        if name.endswith("results.sql"):
            continue
        columns = [
            column.name
            for tree in statements_of(script, target)
            for column in tree.find_all(exp.Column)
        ]
        assert "parted" in columns, name


def test_a_partition_is_refused_where_it_would_be_left_unasked() -> None:
    with pytest.raises(ExportError, match="postgresql has no partitions to choose from"):
        files("postgresql", partition="day")
    with pytest.raises(ExportError, match="whole reads all of the table"):
        make_export("athena", [CASCADE], "whole", partition="timestamp")
    athena = find_target("athena")
    with pytest.raises(ExportError, match="whole reads all of the table"):
        list(
            export_detections(
                DETECTIONS, athena, athena.style("whole"), make_options(partition="timestamp")
            )
        )


def test_a_hostile_name_of_a_partition_stays_a_name() -> None:
    name = 'a" >= 0 OR 1=1; --`'
    for target, file in (("athena", "events.sql"), ("bigquery", "alert.sql")):
        trees = statements_of(files(target, partition=name)[file], target)
        columns = {column.name for tree in trees for column in tree.find_all(exp.Column)}
        assert name in columns
