"""Every language tells tools as the engine does."""

import json
from collections.abc import Sequence

import pytest
from msgspec import Raw
from msgspec.json import encode
from sqlglot import exp

from cloudcascade.events import TOOL_MARKS, user_agent_family
from cloudcascade.exporters.languages.panther import cloudcascade_signal
from cloudcascade.exporters.targets.clickhouse import ClickHouse
from cloudcascade.exporters.targets.duckdb import DuckDB
from cloudcascade.exporters.tool_marks import tool_patterns

AGENTS = (
    "aws-cli/2.15.30 Python/3.11.6 Linux/5.10 exe/x86_64 prompt/off command/iam.delete-user",
    "APN/1.0 HashiCorp/1.0 Terraform/1.5.7 (+https://www.terraform.io) aws-sdk-go/1.44.0",
    "APN/1.0 HashiCorp/1.0 Terraform/1.5.7 aws-sdk-go/1.44.0 stratus-red-team_83c9a458",
    "stratus-red-team_83c9a458-cffd-4d43",
    "Boto3/1.34.0 md/Botocore#1.34.0",
    "[S3Console/0.4, aws-internal/3 aws-sdk-java/1.11.666]",
    "AWS Internal",
    "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/120.0",
    "cloudformation.amazonaws.com",
    "  7zip-ish tool",
    "Pacu\n/1.5",
    "\N{KELVIN SIGN}ube/1.0",
    "\N{LATIN SMALL LETTER SHARP S}ome/1.0",
    "12345 (/)",
    "-",
    "x" * 2_000,
    *(f"before {mark.upper()} after" for mark, _ in TOOL_MARKS),
)
FAMILIES = [user_agent_family(Raw(encode(agent))) for agent in AGENTS]


def statement(dialect: DuckDB | ClickHouse, values: Sequence[exp.Expr]) -> str:
    families = [
        exp.alias_(dialect.tool_family(dialect.agent(value)), f"f{place}")
        for place, value in enumerate(values)
    ]
    return exp.select(*families).sql(dialect=dialect.name)


def test_some_agents_have_a_tool_and_some_have_none() -> None:
    assert FAMILIES[:6] == [
        "aws-cli",
        "terraform",
        "terraform",
        "stratus-red-team",
        "boto3",
        "console",
    ]
    assert FAMILIES[9:15] == ["zip-ish", "pacu", "ube", "ome", None, None]


def test_duckdb_tells_them_alike() -> None:
    duckdb = pytest.importorskip("duckdb", reason="DuckDB is not installed")
    values: list[exp.Expr] = [exp.Literal.string(agent) for agent in AGENTS]
    (row,) = duckdb.sql(statement(DuckDB(), values)).fetchall()
    assert list(row) == FAMILIES


def test_panthers_signals_tell_them_alike() -> None:
    assert cloudcascade_signal.TOOLS == TOOL_MARKS
    assert [cloudcascade_signal.tool_family(agent) or None for agent in AGENTS] == FAMILIES


def test_the_patterns_are_in_the_order_of_the_marks() -> None:
    patterns = list(tool_patterns())
    assert [tool for _, tool in patterns].count("console") == 2
    marks = [mark for pattern, _ in patterns for mark in pattern.replace("[.]", ".").split("|")]
    assert marks == [mark for mark, _ in TOOL_MARKS]


def test_clickhouse_tells_them_alike() -> None:
    chdb = pytest.importorskip("chdb", reason="ClickHouse's engine is not installed")
    values: list[exp.Expr] = [exp.Literal.string(agent) for agent in AGENTS]
    told = chdb.query(statement(ClickHouse(), values), "JSONCompactEachRow")

    assert json.loads(str(told)) == FAMILIES
