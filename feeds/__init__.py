"""Fills the tables of explained events that exported artefacts ask, on the platforms themselves."""

from .client import Client, Patience
from .credentials import read_credentials
from .errors import FeedError
from .filling import Report, fill
from .opening import open_client
from .registry import feed_names, find_feed
from .row import Row, Statement
from .table import Feed, Held, Opening, Table
from .verdicts import MOST_LINE, read_verdicts
from .wanted import Wanted

__all__ = [
    "MOST_LINE",
    "Client",
    "Feed",
    "FeedError",
    "Held",
    "Opening",
    "Patience",
    "Report",
    "Row",
    "Statement",
    "Table",
    "Wanted",
    "feed_names",
    "fill",
    "find_feed",
    "open_client",
    "read_credentials",
    "read_verdicts",
]
