"""What the SQL targets write: sound in their dialects, hostile names and all, and the same every time."""

import os
from pathlib import PurePosixPath

import pytest
import sqlglot
from hypothesis import example, given
from hypothesis import strategies as st
from sqlglot import exp

from cloudcascade.exporters.errors import ExportError
from cloudcascade.exporters.lower import lower
from cloudcascade.exporters.query import Key, Test
from cloudcascade.exporters.sql.dialect import Dialect, text
from cloudcascade.exporters.sql.fields import Fields
from cloudcascade.exporters.sql.layout import layout
from cloudcascade.exporters.sql.names import Names, snake_case
from cloudcascade.exporters.sql.setting import Setting
from cloudcascade.exporters.sql.statements import script
from cloudcascade.exporters.targets.athena import Athena
from cloudcascade.exporters.targets.bigquery import BigQuery
from cloudcascade.exporters.targets.clickhouse import ClickHouse
from cloudcascade.exporters.targets.duckdb import DuckDB
from cloudcascade.exporters.targets.postgresql import PostgreSQL
from cloudcascade.exporters.targets.snowflake import Snowflake
from cloudcascade.exporters.targets.spark import Spark
from cloudcascade.tests.support.cascades import DELETE_USER
from cloudcascade.tests.support.golden import SUPPRESSIBLE, check_golden, make_export
from cloudcascade.tests.support.sql_slices import statements_of

DIALECTS: dict[str, Dialect] = {
    "athena": Athena(),
    "bigquery": BigQuery(),
    "clickhouse": ClickHouse(),
    "duckdb": DuckDB(),
    "postgresql": PostgreSQL(),
    "snowflake": Snowflake(),
    "spark": Spark(),
}
# sqlglot takes its time to read a statement again: it reads those of every few.
SOME = SUPPRESSIBLE[:: 3 if os.environ.get("CASCADE_FULL") else 6]
GOLDEN = ("aws.iam.delete-user", "aws.ec2.delete-vpc", "aws.secretsmanager.delete-secret")
HOSTILE = "arn:aws:iam::111111111111:role/a\"'|*\\b$(x)`/x\n--\u202e;"
by_target = pytest.mark.parametrize("target", DIALECTS)


@by_target
def test_golden_files(target: str) -> None:
    made = make_export(target, GOLDEN).artefacts
    check_golden(target, [each for each in made if each.path.name == "alert.sql"])


@pytest.mark.parametrize("style", ["whole", "scheduled"])
@pytest.mark.parametrize("place", ["athena", "security-lake", "raw"])
def test_golden_files_of_athena(style: str, place: str) -> None:
    made = make_export("athena", GOLDEN[:1], style, layout=place).artefacts
    check_golden(f"athena-{style}-{place}", made)


@by_target
@pytest.mark.parametrize("style", ["whole", "scheduled"])
def test_every_suppressible_cascade_is_sound_sql(target: str, style: str) -> None:
    made = make_export(target, SOME, style)
    assert all("'only'" in omission.reason for omission in made.omitted)
    files = 5 if DIALECTS[target].one_statement else 3
    if style == "scheduled":
        files += 2 if DIALECTS[target].one_statement else 1
        files += target == "snowflake"  # its alert
    assert len(made.artefacts) == files * (len(SOME) - len(made.omitted))
    for artefact in made.artefacts:
        for statement in statements_of(artefact.text, DIALECTS[target].name):
            assert not isinstance(statement, exp.Command), artefact.path


@given(st.text(max_size=2_048), st.sampled_from(list(DIALECTS)))
@example(HOSTILE, "snowflake")
@example("\x00", "duckdb")
def test_any_text_is_a_literal_and_nothing_else(value: str, target: str) -> None:
    dialect = DIALECTS[target].name
    written = exp.select(exp.alias_(text(value), "value")).sql(dialect)
    read = sqlglot.parse_one(written, dialect=dialect)
    assert isinstance(read, exp.Select)
    (column,) = read.expressions
    assert isinstance(column.this, exp.Literal)


@by_target
def test_a_hostile_operand_stays_inside_its_condition(target: str) -> None:
    fields = Fields(DIALECTS[target], layout("raw"))
    test = fields.condition(Test("requestParameters.roleName", "equals", (HOSTILE,)))
    assert test is not None
    statement = exp.select("1").where(test).sql(DIALECTS[target].name)
    assert len(sqlglot.parse(statement, dialect=DIALECTS[target].name)) == 1


@pytest.mark.parametrize("name", ["a b", 'a"; DROP TABLE x; --', "a-b", "Ünï"])
@by_target
def test_a_table_with_an_odd_name_is_quoted(target: str, name: str) -> None:
    setting = Setting(
        dialect=DIALECTS[target], layout=layout("raw"), table=f"lake.{name}", actor="session"
    )
    statements = script(lower(DELETE_USER), "alert", setting)
    read = [
        table
        for statement in statements
        for tree in sqlglot.parse(statement, dialect=DIALECTS[target].name)
        if tree is not None
        for table in tree.find_all(exp.Table)
    ]
    assert any(table.name == name and table.db == "lake" for table in read)


def test_a_table_keeps_what_its_layout_says() -> None:
    assert layout("raw").find("requestParameters.userName") is not None
    assert layout("athena").find("resources[].ARN") is not None
    assert layout("security-lake").find("additionalEventData.ARN") is None


def test_an_unknown_layout_is_refused() -> None:
    with pytest.raises(ExportError, match="no table layout is called 'azure'"):
        layout("azure")
    with pytest.raises(ExportError, match="bigquery knows the layouts raw, not 'athena'"):
        make_export("bigquery", GOLDEN[:1], layout="athena")


def test_a_key_that_the_table_does_not_keep_is_no_expression() -> None:
    fields = Fields(DuckDB(), layout("security-lake"))
    assert fields.key(Key("secret", ("additionalEventData.ARN",))) is None


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("DeleteUser", "delete_user"),
        ("DeleteVirtualMFADevice", "delete_virtual_mfa_device"),
        ("CreateFunction20150331", "create_function20150331"),
        ("MFA", "mfa"),
    ],
)
def test_steps_are_named_after_their_event(name: str, written: str) -> None:
    assert snake_case(name) == written


def test_a_name_is_given_once_and_is_no_word_of_the_language() -> None:
    names = Names()
    assert [names.unique(each) for each in ("user", "user", "device", "device")] == [
        "user_name",
        "user_name_2",
        "device",
        "device_2",
    ]


def test_files_lie_in_a_folder_of_their_engine_and_cascade() -> None:
    paths = [artefact.path for artefact in make_export("duckdb", GOLDEN[:1]).artefacts]
    folder = PurePosixPath("duckdb/aws.iam.delete-user")
    assert paths == [folder / f"{name}.sql" for name in ("alert", "silenced", "explained")]


def test_athena_gets_one_statement_a_file_and_drops_the_table_of_the_cascade_in_the_end() -> None:
    made = make_export("athena", GOLDEN[:1]).artefacts
    names = ["events.sql", "alert.sql", "silenced.sql", "explained.sql", "drop.sql"]
    assert [artefact.path.name for artefact in made] == names
    first, *asked, last = (sqlglot.parse(artefact.text, dialect="athena") for artefact in made)
    table = "cascade_events_aws_iam_delete_user"
    assert isinstance(first[0], exp.Create)
    assert first[0].this.name == table
    for statements in asked:
        (statement,) = statements
        assert isinstance(statement, exp.Select)
        assert table in {read.name for read in statement.find_all(exp.Table)}
    (dropped,) = last
    assert isinstance(dropped, exp.Drop)
    assert table in {part.name for part in dropped.find_all(exp.Identifier)}


def test_a_cascade_that_silences_nothing_is_labelled_only() -> None:
    made = make_export("duckdb", ["aws.iam.access-key-rotation"])
    assert [artefact.path.name for artefact in made.artefacts] == ["explained.sql"]
