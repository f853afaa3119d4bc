"""The graph on a Neo4j server: needs the extra `neo4j`, and imports the driver when a connection is made.

>>> parse_address("neo4j://localhost")
StoreAddress(uri='neo4j://localhost:7687', database=None, catalog='cloudcascade')
"""

from .address import (
    Credentials,
    StoreAddress,
    find_credentials,
    is_address,
    parse_address,
)
from .connection import Connection
from .pushing import clear, push
from .store import Neo4jStore
from .writing import Changes

__all__ = [
    "Changes",
    "Connection",
    "Credentials",
    "Neo4jStore",
    "StoreAddress",
    "clear",
    "find_credentials",
    "is_address",
    "parse_address",
    "push",
]
