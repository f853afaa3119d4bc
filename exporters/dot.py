"""Writes a picture as Graphviz DOT. All quoting is the `graphviz` package's."""

import graphviz

from .picture import EdgeKind, Picture, PictureNode

FONT = "Helvetica,Arial,sans-serif"

# Okabe and Ito's palette, which colour-blind readers tell apart; the line style says it again.
EDGE_STYLES: dict[EdgeKind, tuple[str, str]] = {
    "precondition": ("#0072B2", "solid"),
    "consequence": ("#B35900", "dashed"),
    "companion": ("#00785A", "dotted"),
    "spoiler": ("#C1272D", "dashed"),
}
_INK = "#1d2733"
_SOFT = "#5b6875"
_POLICY_STYLES = {
    "suppress": ("#1b7f5c", "rounded,filled", "#eef7f3"),
    "annotate": ("#2a6fb0", "rounded,filled,dashed", "#eff5fb"),
    "never": ("#8a6d00", "rounded,filled,dotted", "#fbf7e6"),
}


def to_dot(picture: Picture) -> str:
    """The picture as DOT text, laid out from left to right."""
    graph = graphviz.Digraph(
        name="cascade",
        graph_attr={
            "rankdir": "LR",
            "fontname": FONT,
            "fontsize": "14",
            "label": graphviz.escape(picture.title),
            "labelloc": "t",
            "labeljust": "l",
            "nodesep": "0.18",
            "ranksep": "1.1",
            "bgcolor": "white",
            "pad": "0.2",
            "tooltip": graphviz.escape(picture.title),
        },
        node_attr={"fontname": FONT, "fontsize": "11", "shape": "box", "margin": "0.14,0.07"},
        edge_attr={"fontname": FONT, "fontsize": "9", "arrowsize": "0.7"},
    )
    names = {node.id: f"n{index}" for index, node in enumerate(picture.nodes)}
    groups = sorted({node.group for node in picture.nodes})
    for index, group in enumerate(groups):
        if not group:
            continue
        with graph.subgraph(name=f"cluster_{index}") as cluster:
            cluster.attr(
                label=graphviz.escape(group), color="#dfe4ea", style="rounded", fontcolor=_SOFT
            )
            for node in picture.nodes:
                if node.group == group:
                    _add_node(cluster, names[node.id], node)
    for node in picture.nodes:
        if not node.group:
            _add_node(graph, names[node.id], node)
    for edge in picture.edges:
        colour, style = EDGE_STYLES[edge.kind]
        graph.edge(
            names[edge.source],
            names[edge.target],
            label=graphviz.escape(f" {edge.label} ") if edge.label else "",
            color=colour,
            fontcolor=colour,
            style=style,
            penwidth="1.5",
            tooltip=graphviz.escape(f"{edge.kind}: {edge.tooltip}"),
            edgetooltip=graphviz.escape(f"{edge.kind}: {edge.tooltip}"),
        )
    _add_legend(graph, picture)
    return str(graph.source)


def _add_node(graph: graphviz.Digraph, name: str, node: PictureNode) -> None:
    attributes = {
        "label": "\n".join(graphviz.escape(line) for line in node.lines).replace("\n", "\\n"),
        "tooltip": graphviz.escape(node.tooltip or node.id),
        "fontcolor": _INK,
        "color": "#c3ccd5",
        "style": "rounded,filled",
        "fillcolor": "#ffffff",
        "target": "_blank",
    }
    if node.url:
        attributes["URL"] = graphviz.escape(node.url)
    if node.kind == "root":
        attributes |= {"fillcolor": _INK, "fontcolor": "#ffffff", "color": _INK}
    elif node.kind == "spoiler":
        attributes |= {"color": "#C1272D", "fontcolor": "#C1272D", "style": "rounded,dashed"}
    elif node.policy is not None:
        colour, style, fill = _POLICY_STYLES[node.policy]
        attributes |= {"color": colour, "style": style, "fillcolor": fill, "penwidth": "1.4"}
    graph.node(name, **attributes)


def _add_legend(graph: graphviz.Digraph, picture: Picture) -> None:
    """One row that names the arrows and borders which occur."""
    with graph.subgraph(name="cluster_legend") as legend:
        legend.attr(label="", color="#dfe4ea", style="rounded", margin="6")
        for index, kind in enumerate(picture.kinds):
            colour, style = EDGE_STYLES[kind]
            ends = f"legend_{index}_a", f"legend_{index}_b"
            for end, label in zip(ends, ("", kind), strict=True):
                legend.node(
                    end,
                    label=label,
                    shape="plaintext" if label else "point",
                    fontsize="9",
                    fontcolor=_SOFT,
                    color=colour,
                    width="0.05",
                    height="0.05",
                    margin="0.02",
                )
            legend.edge(*ends, color=colour, style=style, penwidth="1.5", minlen="1")
        for policy in sorted({node.policy for node in picture.nodes if node.policy}):
            colour, style, fill = _POLICY_STYLES[policy]
            legend.node(
                f"legend_{policy}",
                label=policy,
                fontsize="9",
                color=colour,
                style=style,
                fillcolor=fill,
                fontcolor=_INK,
                height="0.2",
                margin="0.08,0.03",
            )
