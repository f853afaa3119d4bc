"""`cascade graph`: the knowledge graph as a file, and what it says of itself."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, assert_never

import typer

from .app import app
from .options import CatalogOption, ConfigOption, JsonOption, Overlays, StrictOption, UnsafeOption
from .stores import AuthOption, StoreOption, opened_source
from .tables import console, table

if TYPE_CHECKING:
    from ..graph import GraphReader

graph_app = typer.Typer(
    no_args_is_help=True,
    help="The knowledge graph: export, import, counts, ATT&CK; push it to Neo4j and ask it there.",
)
app.add_typer(graph_app, name="graph", rich_help_panel="Questions")


class Form(StrEnum):
    """A file format for graphs."""

    json = "json"
    graphml = "graphml"
    cypher = "cypher"


FromOption = Annotated[
    Path | None,
    typer.Option(
        "--from",
        metavar="FILE",
        help="Ask an exported graph, not the catalogue.",
        exists=True,
        dir_okay=False,
    ),
]


@contextmanager
def opened_graph(
    file: Path | None,
    overlays: Overlays,
    store: str | None,
    auth: Path | None,
) -> "Iterator[GraphReader]":
    """The graph that the options of a command name: a file, a server's, or the catalogue's."""
    if file is None:
        with opened_source(store, auth, overlays) as source:
            yield source.whole()
        return
    if store is not None or auth is not None:
        raise typer.BadParameter("give either --from or --store")
    from ..graph import NetworkxStore, read_graph

    graph = NetworkxStore()
    read_graph(file, graph)
    yield graph


@graph_app.command("export")
def export_(
    form: Annotated[
        Form | None,
        typer.Argument(metavar="json|graphml|cypher", help="As --format; json by default."),
    ] = None,
    format_: Annotated[
        Form | None, typer.Option("--format", "-f", metavar="json|graphml|cypher")
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE")] = None,
    name: Annotated[
        str | None,
        typer.Option(
            "--as",
            metavar="NAME",
            help="The catalogue's name in a Cypher script. Default: cloudcascade.",
        ),
    ] = None,
    catalog: CatalogOption = None,
    config: ConfigOption = None,
    strict: StrictOption = False,
    allow_unsafe_overlay: UnsafeOption = False,
    store: StoreOption = None,
    store_auth: AuthOption = None,
) -> None:
    """Write the graph as node-link JSON (networkx, D3), GraphML (Gephi, yEd, Neo4j's APOC) or a Cypher script.

    The script loads into Neo4j where `cascade graph push` cannot reach: `cypher-shell -f cascades.cypher`.

    **Examples**

    `cascade graph export -f graphml -o cascades.graphml`

    `cascade graph export cypher -o cascades.cypher`
    """
    from ..graph import export_graphml, export_json

    if form is not None and format_ not in (None, form):
        raise typer.BadParameter("give the format once")
    chosen = form or format_ or Form.json
    if name is not None and chosen is not Form.cypher:
        raise typer.BadParameter("--as is for a Cypher script")
    with opened_source(
        store, store_auth, Overlays(catalog, config, strict, allow_unsafe_overlay)
    ) as source:
        graph = source.whole()
        match chosen:
            case Form.json:
                text = export_json(graph)
            case Form.graphml:
                text = export_graphml(graph)
            case Form.cypher:
                from ..graph.neo4j import DEFAULT_CATALOG, export_cypher

                text = export_cypher(graph, name or DEFAULT_CATALOG, source.documents())
            case _:
                assert_never(chosen)
    if output is None:
        sys.stdout.write(text)
    else:
        output.write_text(text, encoding="utf-8")


@graph_app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False)],
    as_json: JsonOption = False,
) -> None:
    """Read an exported graph, JSON or GraphML by content, check it, and say what it holds.

    Every other `graph` command takes such a file with `--from`.
    """
    from ..graph import NetworkxStore, read_graph

    store = NetworkxStore()
    form = read_graph(file, store)
    if not as_json:
        typer.echo(f"{file}: {form}")
    _print_stats(store, as_json)


@graph_app.command("stats")
def stats_(
    as_json: JsonOption = False,
    source: FromOption = None,
    catalog: CatalogOption = None,
    config: ConfigOption = None,
    strict: StrictOption = False,
    allow_unsafe_overlay: UnsafeOption = False,
    store: StoreOption = None,
    store_auth: AuthOption = None,
) -> None:
    """Count nodes and edges by kind, and name the actions that are both origin and effect."""
    with opened_graph(
        source, Overlays(catalog, config, strict, allow_unsafe_overlay), store, store_auth
    ) as graph:
        _print_stats(graph, as_json)


def _print_stats(store: "GraphReader", as_json: bool) -> None:
    from ..graph import cycles, relays, stats

    counted = stats(store)
    both = [each.action for each in relays(store)]
    rings = cycles(store)
    if as_json:
        told = {
            "nodes": counted.nodes,
            "edges": counted.edges,
            "origin_and_effect": both,
            "cycles": [list(ring) for ring in rings.found],
        }
        typer.echo(json.dumps(told, indent=2))
        return
    rows = table("nodes", "count")
    for kind, count in counted.nodes.items():
        rows.add_row(kind, str(count))
    console().print(rows)
    rows = table("edges", "count")
    for name, count in counted.edges.items():
        rows.add_row(name, str(count))
    console().print(rows)
    typer.echo(f"origin and effect: {', '.join(both) or 'none'}")
    typer.echo(f"cycles: {'; '.join(' → '.join(ring) for ring in rings.found) or 'none'}")


@graph_app.command("masks")
def masks(
    name: Annotated[
        str,
        typer.Argument(metavar="TECHNIQUE|CASCADE", help="Such as T1098, or aws.iam.delete-user."),
    ],
    as_json: JsonOption = False,
    source: FromOption = None,
    catalog: CatalogOption = None,
    config: ConfigOption = None,
    strict: StrictOption = False,
    allow_unsafe_overlay: UnsafeOption = False,
    store: StoreOption = None,
    store_auth: AuthOption = None,
) -> None:
    """Which cascades mask a technique (sub-techniques included), or which techniques a cascade masks.

    **Examples**

    `cascade graph masks T1556`

    `cascade graph masks aws.iam.delete-user`
    """
    from ..graph import cascades_masking, techniques_masked

    with opened_graph(
        source, Overlays(catalog, config, strict, allow_unsafe_overlay), store, store_auth
    ) as graph:
        if name[:1] in "Tt" and name[1:5].isdigit():
            found = cascades_masking(graph, name.upper())
        else:
            found = techniques_masked(graph, name)
    if as_json:
        told = [
            {
                "technique": each.technique,
                "name": each.name,
                "cascade": each.cascade,
                "action": each.action,
                "policy": each.policy,
            }
            for each in found
        ]
        typer.echo(json.dumps(told, indent=2))
        return
    rows = table("technique", "name", "action", "policy", "cascade")
    for each in found:
        rows.add_row(each.technique, each.name, each.action, each.policy, each.cascade)
    console().print(rows)
