"""Where a graph is kept on a server, and with which credentials: as they are typed, checked."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from ..errors import StoreError

# https://neo4j.com/docs/python-manual/current/connect-advanced/: +s checks the certificate, +ssc takes any.
SCHEMES = ("neo4j", "neo4j+s", "neo4j+ssc", "bolt", "bolt+s", "bolt+ssc")
DEFAULT_CATALOG = "cloudcascade"
USERNAME, PASSWORD = "NEO4J_USERNAME", "NEO4J_PASSWORD"
_CATALOG = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_MAX_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class StoreAddress:
    """A graph on a server: `uri` is `scheme://host:port`, `catalog` sets the graph apart in the database.

    Of no database the user's own is meant.
    """

    uri: str
    database: str | None = None
    catalog: str = DEFAULT_CATALOG

    def __str__(self) -> str:
        """As it is typed."""
        return f"{self.uri}/{self.database or ''}?catalog={self.catalog}"


@dataclass(frozen=True, slots=True)
class Credentials:
    """A name and a password. Neither `repr` nor any message shows the password."""

    username: str
    password: str = field(repr=False)


def parse_address(text: str) -> StoreAddress:
    """Read `neo4j://HOST[:PORT][/DATABASE][?catalog=NAME]`.

    Raises:
        StoreError: it is no such address, or has a password in it.

    >>> parse_address("neo4j://graph.example:7687/security?catalog=prod")
    StoreAddress(uri='neo4j://graph.example:7687', database='security', catalog='prod')
    """
    try:
        parts = urlsplit(text.strip())
        port = parts.port
    except ValueError:
        # The text may hold a password, and is not repeated.
        raise StoreError("the store is no address: neo4j://HOST:7687/DATABASE") from None
    if parts.username is not None or parts.password is not None:
        raise StoreError(
            "the store has a user or a password in its address, where every process of this machine sees it:"
            f" set {USERNAME} and {PASSWORD}, or give --store-auth FILE"
        )
    if parts.scheme not in SCHEMES or not parts.hostname:
        raise StoreError(
            f"{text!r} is no store; write neo4j://HOST:7687/DATABASE?catalog=NAME ({', '.join(SCHEMES)})"
        )
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    database = unquote(parts.path.removeprefix("/")) or None
    if database is not None and "/" in database:
        raise StoreError(f"{database!r} is no name of a database")
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    catalog = options.pop("catalog", DEFAULT_CATALOG)
    if options or parts.fragment:
        raise StoreError(f"a store takes ?catalog=NAME, and nothing else: {text!r}")
    if _CATALOG.fullmatch(catalog) is None:
        raise StoreError(
            f"{catalog!r} is no name of a catalogue; letters, digits, '.', '_' and '-'"
        )
    return StoreAddress(f"{parts.scheme}://{host}:{port or 7687}", database, catalog)


def find_credentials(file: Path | None, environment: Mapping[str, str]) -> Credentials | None:
    """The credentials of `file`, or else of the environment; None where there are none.

    A file has a line `NEO4J_USERNAME=...` and one `NEO4J_PASSWORD=...`, as Neo4j Aura hands them out; lines of
    other names and comments may stand between. Without a name the user is `neo4j`.

    Raises:
        StoreError: the file cannot be read or has no password.
    """
    values = environment if file is None else _read(file)
    password = values.get(PASSWORD)
    if password is None:
        if file is not None:
            raise StoreError(f"{file}: has no line {PASSWORD}=...")
        return None
    return Credentials(values.get(USERNAME) or "neo4j", password)


def _read(file: Path) -> dict[str, str]:
    try:
        with file.open("rb") as stream:
            text = stream.read(_MAX_BYTES).decode()
    except OSError as error:
        raise StoreError(f"{file}: {error.strerror or error}") from error
    except UnicodeDecodeError:
        raise StoreError(f"{file}: is no text") from None
    values = {}
    for line in text.splitlines():
        name, equals, value = line.strip().removeprefix("export ").partition("=")
        if equals and not name.startswith("#"):
            quoted = len(value) >= 2 and value[0] == value[-1] and value[0] in "'\""
            values[name.strip()] = value[1:-1] if quoted else value
    return values
