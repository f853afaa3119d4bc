"""Answers to a query that name their columns once, and then list rows of cells.

- Azure Monitor: https://learn.microsoft.com/azure/azure-monitor/logs/api/response-format
- ES|QL: https://www.elastic.co/docs/reference/query-languages/esql/esql-rest
- Splunk, output_mode=json_rows: https://help.splunk.com/en/splunk-enterprise/leverage-rest-apis/rest-api-reference
- Trino, Databricks: the same in other words
"""

from collections.abc import Iterable, Iterator, Sequence

from .container import Container, Inside, Members, Unusable

_NAMES = ("columns", "fields", "Columns")
_ROWS = ("rows", "values", "Rows", "data")


def grid(names: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[Inside]:
    """Each row as an object."""
    for row in rows:
        if len(row) == len(names):
            yield dict(zip(names, row, strict=True))
        else:
            yield Unusable(f"{len(row)} cells under {len(names)} columns")


def _open(value: Members) -> Iterable[Inside] | None:
    tables = value.get("tables")
    if isinstance(tables, list):
        return tables
    names = next((each for name in _NAMES if isinstance(each := value.get(name), list)), None)
    rows = next((each for name in _ROWS if isinstance(each := value.get(name), list)), None)
    if not names or rows is None or not all(isinstance(row, list) for row in rows):
        return None
    return grid([_name(each) for each in names], rows)


def _name(column: object) -> str:
    return str(column.get("name", "")) if isinstance(column, dict) else str(column)


CONTAINER = Container(
    title="a table of rows",
    open=_open,
    first=True,
    document=((b'"columns"', b'"name"'), (b'"fields"', b'"rows"')),
)
