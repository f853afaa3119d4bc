"""The graph on a Neo4j server: needs the extra `neo4j`, and imports the driver when a connection is made.

>>> parse_address("neo4j://localhost")
StoreAddress(uri='neo4j://localhost:7687', database=None, catalog='cloudcascade')
"""

from .address import (
    DEFAULT_CATALOG,
    Credentials,
    StoreAddress,
    find_credentials,
    parse_address,
)
from .connection import Connection
from .pushing import clear, push
from .raw import Answer, ask
from .script import cypher_statements, export_cypher
from .store import Neo4jStore
from .writing import Changes

__all__ = [
    "DEFAULT_CATALOG",
    "Answer",
    "Changes",
    "Connection",
    "Credentials",
    "Neo4jStore",
    "StoreAddress",
    "ask",
    "clear",
    "cypher_statements",
    "export_cypher",
    "find_credentials",
    "parse_address",
    "push",
]
