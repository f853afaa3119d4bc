"""`cascade graph`: the knowledge graph as a file, and what it says of itself."""

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .app import app
from .options import CatalogOption, ConfigOption, JsonOption, open_catalog
from .queries import open_graph
from .tables import console, table

if TYPE_CHECKING:
    from ..graph import NetworkxStore

graph_app = typer.Typer(
    no_args_is_help=True, help="The knowledge graph: export, import, counts, ATT&CK."
)
app.add_typer(graph_app, name="graph", rich_help_panel="Questions")


class Form(StrEnum):
    """A file format for graphs."""

    json = "json"
    graphml = "graphml"


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


def _opened(
    source: Path | None, catalog: list[Path] | None, config: Path | None
) -> "NetworkxStore":
    if source is None:
        return open_graph(open_catalog(catalog, config))
    from ..graph import NetworkxStore, read_graph

    store = NetworkxStore()
    read_graph(source, store)
    return store


@graph_app.command("export")
def export_(
    form: Annotated[Form, typer.Option("--format", "-f", metavar="json|graphml")] = Form.json,
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE")] = None,
    catalog: CatalogOption = None,
    config: ConfigOption = None,
) -> None:
    """Write the graph as node-link JSON (networkx, D3) or GraphML (Gephi, yEd, Neo4j's APOC).

    **Example**

    `cascade graph export -f graphml -o cascades.graphml`
    """
    from ..graph import export_graphml, export_json

    store = _opened(None, catalog, config)
    text = export_json(store) if form is Form.json else export_graphml(store)
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
) -> None:
    """Count nodes and edges by kind, and name the actions that are both origin and effect."""
    _print_stats(_opened(source, catalog, config), as_json)


def _print_stats(store: "NetworkxStore", as_json: bool) -> None:
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
) -> None:
    """Which cascades mask a technique (sub-techniques included), or which techniques a cascade masks.

    **Examples**

    `cascade graph masks T1556`

    `cascade graph masks aws.iam.delete-user`
    """
    from ..graph import cascades_masking, techniques_masked

    store = _opened(source, catalog, config)
    if name[:1] in "Tt" and name[1:5].isdigit():
        found = cascades_masking(store, name.upper())
    else:
        found = techniques_masked(store, name)
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
