"""The part of Kusto's query language in which Microsoft Sentinel's rules are written.

https://learn.microsoft.com/kusto/query/
"""

from .query import Judged, about, on_one_line, read
from .table import SPELLING, TABLE, column_of, columns
from .values import FUNCTIONS

__all__ = [
    "FUNCTIONS",
    "SPELLING",
    "TABLE",
    "Judged",
    "about",
    "column_of",
    "columns",
    "on_one_line",
    "read",
]
