"""`cascade graph push`, `pull`, `diff` and `query`: the graph on a Neo4j server."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .graph import FromOption, graph_app, opened_graph
from .options import (
    CatalogOption,
    ConfigOption,
    DerivedOption,
    JsonOption,
    Overlays,
    StrictOption,
    UnsafeOption,
)
from .stores import AuthOption, StoreOption, connected, opened_source
from .tables import console, table

if TYPE_CHECKING:
    from ..graph import Difference
    from ..graph.neo4j import Changes

PushedStoreOption = Annotated[
    str,
    typer.Option(
        "--store",
        metavar="URI",
        help="neo4j://HOST:7687/DATABASE?catalog=NAME. The user is that of NEO4J_USERNAME and NEO4J_PASSWORD.",
    ),
]
_SHOWN_DIFFERENCES = 20
_LONGEST_CELL = 500


@graph_app.command()
def push(
    store: PushedStoreOption,
    store_auth: AuthOption = None,
    prune: Annotated[
        bool, typer.Option("--prune/--no-prune", help="Delete what the catalogue no longer holds.")
    ] = True,
    as_json: JsonOption = False,
    catalog: CatalogOption = None,
    config: ConfigOption = None,
    strict: StrictOption = False,
    allow_unsafe_overlay: UnsafeOption = False,
    derived: DerivedOption = False,
) -> None:
    """Write the catalogue into a Neo4j database, in batches. What is there already stays untouched.

    **Examples**

    `cascade graph push --store neo4j://localhost:7687`

    `cascade graph push --store "neo4j://graph.example/security?catalog=prod" --catalog ./cascades`
    """
    from ..graph import draw_graph
    from ..graph.neo4j import push as push_graph

    with opened_source(
        None, None, Overlays(catalog, config, strict, allow_unsafe_overlay), derived=derived
    ) as source:
        cascades, documents = source.catalog().cascades, source.documents()
    from ..catalog import known_actions, known_controllers

    drawing = draw_graph(cascades, known=known_actions(), controllers=known_controllers())
    with connected(store, store_auth) as connection:
        changes = push_graph(
            connection,
            drawing.all_nodes.values(),
            drawing.all_edges,
            documents=documents,
            prune=prune,
            progress=_progress,
        )
        if as_json:
            typer.echo(json.dumps(asdict(changes), indent=2))
        else:
            typer.echo(f"{connection.address}: {_spoken(changes)}")


def _progress(done: int, of: int) -> None:
    if sys.stderr.isatty():
        print(f"\rcascade: {done} of {of} written", end="\n" if done == of else "", file=sys.stderr)


def _spoken(changes: "Changes") -> str:
    told = [
        f"{number} {name.replace('_', ' ')}" for name, number in asdict(changes).items() if number
    ]
    return ", ".join(told) or "nothing to change"


@graph_app.command()
def pull(
    store: PushedStoreOption,
    store_auth: AuthOption = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Write node-link JSON here. Default: standard output.",
        ),
    ] = None,
) -> None:
    """Read the graph back from a Neo4j database, as JSON that every `graph` command takes with `--from`.

    **Example**

    `cascade graph pull --store neo4j://localhost:7687 -o pulled.json`
    """
    from ..graph import NetworkxStore, copy_graph, export_json
    from ..graph.neo4j import Neo4jStore

    pulled = NetworkxStore()
    with connected(store, store_auth) as connection:
        copy_graph(Neo4jStore(connection), pulled)
    text = export_json(pulled)
    if output is None:
        sys.stdout.write(text)
    else:
        output.write_text(text, encoding="utf-8")


@graph_app.command()
def diff(
    store: PushedStoreOption,
    store_auth: AuthOption = None,
    as_json: JsonOption = False,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Exit with status 1 when there is any difference.")
    ] = False,
    catalog: CatalogOption = None,
    config: ConfigOption = None,
    strict: StrictOption = False,
    allow_unsafe_overlay: UnsafeOption = False,
    derived: DerivedOption = False,
) -> None:
    """What a push would change: nodes and relationships to add, to remove and to change.

    **Example**

    `cascade graph diff --store neo4j://localhost:7687 --exit-code`
    """
    from ..graph import NetworkxStore, copy_graph, differences
    from ..graph.neo4j import Neo4jStore

    with (
        opened_source(
            None, None, Overlays(catalog, config, strict, allow_unsafe_overlay), derived=derived
        ) as source,
        connected(store, store_auth) as connection,
    ):
        kept, pulled = Neo4jStore(connection), NetworkxStore()
        copy_graph(kept, pulled)
        found = differences(
            pulled,
            source.whole(),
            old_documents=kept.documents(),
            new_documents=source.documents(),
        )
    if as_json:
        typer.echo(json.dumps(asdict(found), indent=2))
    else:
        _print_difference(found)
    if exit_code and found:
        raise typer.Exit(1)


def _print_difference(found: "Difference") -> None:
    for sign, names in (("+", found.added), ("-", found.removed), ("~", found.changed)):
        for name in names[:_SHOWN_DIFFERENCES]:
            typer.echo(f"{sign} {name}")
        if len(names) > _SHOWN_DIFFERENCES:
            typer.echo(f"{sign} and {len(names) - _SHOWN_DIFFERENCES} more (--json tells all)")
    typer.echo(
        f"{len(found.added)} to add, {len(found.removed)} to remove, {len(found.changed)} to change"
    )


@graph_app.command()
def query(
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="A named query. Without one: the list of them."),
    ] = None,
    parameters: Annotated[
        list[str] | None,
        typer.Option(
            "--param",
            "-p",
            metavar="NAME=VALUE",
            help="A parameter of the query. May be given again.",
        ),
    ] = None,
    cypher: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT",
            help="A query of your own, in Cypher, of a --store. `$catalog` is the catalogue's name.",
        ),
    ] = None,
    write: Annotated[
        bool, typer.Option("--write", help="Let the Cypher query change the database.")
    ] = False,
    limit: Annotated[
        int, typer.Option(metavar="N", min=1, help="Rows at most; the rest is not fetched.")
    ] = 1_000,
    as_json: JsonOption = False,
    source: FromOption = None,
    catalog: CatalogOption = None,
    config: ConfigOption = None,
    strict: StrictOption = False,
    allow_unsafe_overlay: UnsafeOption = False,
    store: StoreOption = None,
    store_auth: AuthOption = None,
) -> None:
    """Ask the graph a named question, of any store, or one in Cypher, of a Neo4j server.

    A Cypher query is read-only: it is refused when the server's own plan of it writes, and runs in a transaction
    that may only read. Its parameters are JSON where they are (`-p n=3`), and text otherwise.

    **Examples**

    `cascade graph query` · what there is

    `cascade graph query reached-by -p action=cloudtrail:StopLogging`

    `cascade graph query blast-radius -p technique=T1685.002 --store neo4j://localhost:7687`

    `cascade graph query --store neo4j://localhost:7687 --cypher "MATCH (a:Action) RETURN a.id" --limit 5`
    """
    given = dict(_parameter(text) for text in parameters or ())
    if cypher is not None:
        if name is not None or store is None or source is not None:
            raise typer.BadParameter("--cypher goes with --store, and with no NAME")
        _ask_cypher(cypher, given, store, store_auth, write=write, limit=limit, as_json=as_json)
        return
    if write:
        raise typer.BadParameter("--write is for --cypher")
    from ..graph import NAMED, ask_named

    if name is None:
        rows = [
            {
                "query": each.name,
                "parameters": [*each.parameters, *(f"[{optional}]" for optional in each.optional)],
                "tells": each.summary,
            }
            for each in NAMED.values()
        ]
    else:
        with opened_graph(
            source, Overlays(catalog, config, strict, allow_unsafe_overlay), store, store_auth
        ) as graph:
            rows = ask_named(graph, name, given)
    columns = list(rows[0]) if rows else []
    _print_rows(
        columns, [list(row.values()) for row in rows[:limit]], len(rows) > limit, limit, as_json
    )


def _parameter(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.isidentifier():
        raise typer.BadParameter(f"{text!r} is no parameter; write -p NAME=VALUE")
    return name, value


def _json_or_text(value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        return value


def _ask_cypher(
    text: str,
    given: dict[str, str],
    store: str,
    auth: Path | None,
    *,
    write: bool,
    limit: int,
    as_json: bool,
) -> None:
    from ..graph.neo4j import ask

    with connected(store, auth) as connection:
        parameters = {name: _json_or_text(value) for name, value in given.items()}
        parameters.setdefault("catalog", connection.address.catalog)
        answer = ask(connection, text, parameters, limit=limit, write=write)
    rows = [list(row) for row in answer.rows]
    _print_rows(list(answer.columns), rows, answer.more, limit, as_json)
    if answer.changes:
        typer.echo(f"cascade: {_spoken(answer.changes)}", err=True)


def _print_rows(
    columns: list[str], rows: list[list[Any]], more: bool, limit: int, as_json: bool
) -> None:
    from rich.text import Text

    if as_json:
        typer.echo(json.dumps([dict(zip(columns, row, strict=True)) for row in rows], indent=2))
    elif columns:
        shown = table(*columns)
        for row in rows:
            shown.add_row(*(Text(_cell(value)) for value in row))
        console().print(shown)
    if more:
        typer.echo(f"cascade: the first {limit} rows; --limit sets another number", err=True)


def _cell(value: Any) -> str:
    from .shown import shown

    if isinstance(value, list | tuple) and all(isinstance(each, str) for each in value):
        value = " ".join(value)
    text = shown(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
    # A cascade's document, say: a table is for looking at, --json for all of it.
    return text if len(text) <= _LONGEST_CELL else f"{text[:_LONGEST_CELL]}…"
