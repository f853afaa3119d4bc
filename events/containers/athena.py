"""Results of `aws athena get-query-results`, whose first row names the columns.

https://docs.aws.amazon.com/athena/latest/APIReference/API_ResultSet.html
"""

from collections.abc import Iterable

from .container import Container, Inside, Members, at
from .grids import grid


def _open(value: Members) -> Iterable[Inside] | None:
    rows = at(value, "ResultSet.Rows")
    if not isinstance(rows, list):
        return None
    cells = [[_cell(each) for each in _data(row)] for row in rows]
    return grid([str(name) for name in cells[0]], cells[1:]) if cells else ()


def _data(row: object) -> list[object]:
    data = at(row, "Data")
    return data if isinstance(data, list) else []


def _cell(cell: object) -> object:
    return at(cell, "VarCharValue")


CONTAINER = Container(title="Athena", open=_open, document=((b'"ResultSet"',),))
