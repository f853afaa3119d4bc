"""The outline of a query's SQL says of its steps what the statements say."""

import pytest
import sqlglot
from sqlglot import exp

from cloudcascade.catalog import load_catalog
from cloudcascade.exporters.fitting import fit
from cloudcascade.exporters.lower import lower
from cloudcascade.exporters.query import Query
from cloudcascade.exporters.sql.layout import layout
from cloudcascade.exporters.sql.setting import ActorKey, Setting
from cloudcascade.exporters.sql.statements import outline, script
from cloudcascade.exporters.targets.duckdb import TARGET, DuckDB
from cloudcascade.tests.support.golden import SUPPRESSIBLE

CATALOG = load_catalog()


def setting(actor: ActorKey, every: int | None = None) -> Setting:
    return Setting(
        dialect=DuckDB(), layout=layout("raw"), table="lake.log", actor=actor, every=every
    )


def query_of(cascade: str) -> Query:
    fitted = fit(
        lower(CATALOG.get(cascade), CATALOG.cascades), TARGET.style("whole").capabilities
    ).query
    assert fitted is not None
    return fitted


def lines_of(cascade: str) -> dict[str, str]:
    lines = outline(query_of(cascade), setting("session"))
    return {line.partition(" from ")[0]: line for line in lines}


@pytest.mark.parametrize("actor", ["initial-principal", "session"])
@pytest.mark.parametrize("cascade", SUPPRESSIBLE[::5])
def test_every_step_has_a_line_that_names_what_it_reads(cascade: str, actor: ActorKey) -> None:
    how = setting(actor, every=900)
    (statement,) = script(query_of(cascade), "alert", how)
    tree = sqlglot.parse_one(statement, dialect="duckdb")
    written = [
        (
            step.alias,
            {".".join(part.name for part in table.parts) for table in step.find_all(exp.Table)},
        )
        for step in tree.find_all(exp.CTE)
    ]
    told = []
    for line in outline(query_of(cascade), how):
        name, _, rest = line.partition(" from ")
        told.append((name, set(rest.partition(": ")[0].split(", "))))
    assert told == written


def test_a_line_says_which_events_are_kept_and_how_they_hang_on_which_others() -> None:
    lines = lines_of("aws.iam.delete-user")
    assert lines["update_access_key"] == (
        "update_access_key from events, delete_user: iam:UpdateAccessKey that succeeded where "
        "requestParameters.status = Inactive, up to 1h before or up to 2m after delete_user: "
        "same user_name, tool_family, address, credential, account, actor"
    )


def test_a_line_says_what_voids_and_why() -> None:
    line = lines_of("aws.iam.delete-user")["voided_delete_user"]
    assert "those that are voided by iam:CreateUser that succeeded, up to 1h after " in line
    assert "same user_name, account (user recreated)" in line


def test_the_table_is_read_first_and_what_is_explained_stands_last() -> None:
    names = list(lines_of("aws.iam.delete-user"))
    assert names[0] == "read_events"
    assert names[-1] == "explained"
