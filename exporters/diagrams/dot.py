"""Writes a picture as Graphviz DOT.

All quoting is the `graphviz` package's, and the HTML-like labels are made as an XML tree and
written by the standard library, so that no value ever becomes syntax.
https://graphviz.org/doc/info/shapes.html#html
"""

from collections.abc import Iterable
from xml.etree import ElementTree as ET

import graphviz

from ..legible import MAX_LABEL, MAX_TOOLTIP, legible, web_url
from .palette import FAINT, FONT, FRAME, INK, LINK, LINK_ON_INK, LOOKS, PAPER, PLAIN_FILL
from .picture import POLICY_MEANING, RELATION_MEANING, Link, Picture, PictureEdge, PictureNode, Row

_STROKES = {"solid": "──", "dashed": "╌╌", "dotted": "┈┈"}
_BORDERS = {"suppress": "single border", "annotate": "double border", "never": "heavy border"}
_SPACE = "\N{NO-BREAK SPACE}"
_TITLE_SIZE = "11"
_SMALL_SIZE = "9"


def to_dot(picture: Picture, *, markup: bool = True) -> str:
    """The picture as DOT text, laid out from left to right.

    Without `markup` labels are plain text, one line for each of `plain_lines`, for builds of Graphviz
    that lack HTML-like labels.
    """
    graph = graphviz.Digraph(
        graph_attr={
            "rankdir": "LR",
            "fontname": FONT,
            "fontsize": "12",
            "fontcolor": INK,
            "label": _markup(_header(picture))
            if markup
            else _plain(_widened(header_lines(picture)), r"\l"),
            "labelloc": "t",
            "labeljust": "l",
            "nodesep": "0.14",
            "ranksep": "0.9",
            "bgcolor": PAPER,
            "pad": "0.25",
            "charset": "utf-8",
        },
        node_attr={"fontname": FONT, "fontsize": _TITLE_SIZE, "shape": "box", "target": "_blank"},
        edge_attr={"fontname": FONT, "fontsize": _SMALL_SIZE, "arrowsize": "0.7"},
    )
    names = node_names(picture)
    for index, group in enumerate(picture.groups):
        with graph.subgraph(name=f"cluster_{index}") as frame:
            frame.attr(
                id=f"c{index}",
                label=_text(group.title),
                tooltip=_text(group.title),
                fontsize="10",
                fontcolor=FAINT,
                color=FRAME,
                style="rounded",
                margin="10",
            )
            for node in picture.nodes:
                if node.group == group.id:
                    _add_node(frame, names[node.id], node, markup)
    framed = {group.id for group in picture.groups}
    for node in picture.nodes:
        if node.group not in framed:
            _add_node(graph, names[node.id], node, markup)
    for index, edge in enumerate(picture.edges):
        _add_edge(graph, f"e{index}", names, edge)
    return str(graph.source)


def node_names(picture: Picture) -> dict[str, str]:
    """What nodes are called in DOT. In SVG they have it as id; edges are `e0`, frames `c0`, and so on."""
    return {node.id: f"n{index}" for index, node in enumerate(picture.nodes)}


def plain_lines(node: PictureNode) -> list[Link]:
    """The lines of a node's label without markup."""
    lines = [Link(legible(node.heading))] if node.heading else []
    for row in node.rows:
        title, techniques = row.title, row.techniques
        if node.heading:
            told = " · ".join(link.text for link in (title, *techniques))
            lines.append(Link(legible(told), title.url))
        else:
            lines += [Link(legible(link.text), link.url) for link in (title, *techniques)]
    lines += [Link(legible(note)) for note in _small_print(node)]
    return lines


def header_lines(picture: Picture) -> list[Link]:
    """Title, subtitle and legend, without markup."""
    legend = [
        f"{_STROKES[LOOKS[style].line]} {style}: {RELATION_MEANING[style]}"
        for style in picture.styles()
    ]
    return [
        Link(legible(text, 2 * MAX_LABEL))
        for text in (picture.title, picture.subtitle, "   ".join(legend), _border_legend(picture))
        if text
    ]


def _add_node(graph: graphviz.Digraph, name: str, node: PictureNode, markup: bool) -> None:
    look = LOOKS.get(node.style) if node.style else None
    attributes = {
        "id": name,
        "label": _markup(_box(node)) if markup else _plain(plain_lines(node), r"\n"),
        "tooltip": _text(node.tooltip or node.name, MAX_TOOLTIP),
        # Without fonts at hand the width of a line is a guess: leave room.
        "margin": "0.08,0.04" if markup else "0.3,0.08",
        "style": "rounded,filled",
        "color": look.colour if look else FAINT,
        "fillcolor": look.fill if look else PLAIN_FILL,
        "fontcolor": INK,
        "penwidth": "1.2",
    }
    if node.role == "origin":
        attributes |= {"fillcolor": INK, "fontcolor": PAPER, "color": INK}
    elif node.role == "spoiler":
        attributes["style"] = "rounded,filled,dashed"
    if node.policy == "annotate":
        attributes["peripheries"] = "2"
    elif node.policy == "never":
        attributes["penwidth"] = "3"
    url = web_url(node.rows[0].title.url) if len(node.rows) == 1 else None
    if url and not markup:
        attributes["URL"] = _escaped(url)
    graph.node(name, **attributes)


def _add_edge(
    graph: graphviz.Digraph, edge_id: str, names: dict[str, str], edge: PictureEdge
) -> None:
    look = LOOKS[edge.style]
    tooltip = _text(f"{edge.style}: {edge.tooltip}", MAX_TOOLTIP)
    attributes = {
        "id": edge_id,
        "style": look.line,
        "color": look.colour,
        "fontcolor": look.colour,
        "penwidth": look.width,
        "tooltip": tooltip,
        "edgetooltip": tooltip,
        "labeltooltip": tooltip,
    }
    if edge.label:
        attributes["label"] = _plain([Link(f" {legible(line)} ") for line in edge.label], r"\n")
    # A spoiler stands behind what it voids, but its arrow points forward to it.
    backwards = edge.target_first or edge.style == "spoiler"
    ends = (edge.target, edge.source) if backwards else (edge.source, edge.target)
    attributes["dir"] = "both" if edge.mutual else "back" if backwards else "forward"
    if edge.style == "spoiler":
        attributes["arrowtail"] = "tee"
        attributes["arrowsize"] = "1.1"
    graph.edge(names[ends[0]], names[ends[1]], **attributes)


def _small_print(node: PictureNode) -> Iterable[str]:
    yield from node.notes
    if node.policy in ("annotate", "never"):
        yield node.policy


def _border_legend(picture: Picture) -> str:
    return "   ".join(
        f"{_BORDERS[policy]} = {policy}: {POLICY_MEANING[policy]}" for policy in picture.policies()
    )


def _box(node: PictureNode) -> ET.Element:
    table = ET.Element("TABLE", BORDER="0", CELLBORDER="0", CELLSPACING="0", CELLPADDING="1")
    on_dark = node.role == "origin"
    faint = FRAME if on_dark else FAINT
    if node.heading:
        cell = _cell(table)
        cell.set("COLSPAN", "2")
        _font(ET.SubElement(cell, "B"), legible(node.heading), size=_TITLE_SIZE)
    for row in node.rows:
        _add_row(table, row, node, faint, LINK_ON_INK if on_dark else LINK)
    for note in _small_print(node):
        cell = _cell(table)
        cell.set("COLSPAN", "2")
        _font(ET.SubElement(cell, "I"), legible(note), faint)
    if not len(table):
        _font(_cell(table), "")
    return table


def _add_row(table: ET.Element, row: Row, node: PictureNode, faint: str, link: str) -> None:
    service, colon, event = legible(row.title.text).partition(":")
    if not colon:
        service, event = "", service
    title = _linked_cell(table, row.title)
    if service:
        _font(title, service + colon, faint, size="10")
    if node.heading:
        _font(title, event, size="10")
    else:
        _font(ET.SubElement(title, "B"), event, size=_TITLE_SIZE)
    small = [*row.techniques, *row.sources]
    if not small:
        title.set("COLSPAN", "2")
        return
    if node.heading:
        cells = ET.SubElement(list(table)[-1], "TD", ALIGN="LEFT")
    else:
        title.set("COLSPAN", "2")
        cells = _cell(table)
        cells.set("COLSPAN", "2")
    inner = ET.SubElement(
        cells, "TABLE", BORDER="0", CELLBORDER="0", CELLSPACING="0", CELLPADDING="1"
    )
    line = ET.SubElement(inner, "TR")
    for each in small:
        cell = ET.SubElement(line, "TD", ALIGN="LEFT")
        _lead(cell, each)
        _font(cell, legible(each.text), link if each in row.techniques else faint)


def _header(picture: Picture) -> ET.Element:
    table = ET.Element("TABLE", BORDER="0", CELLBORDER="0", CELLSPACING="0", CELLPADDING="2")
    _font(ET.SubElement(_cell(table), "B"), legible(picture.title), size="16")
    if picture.subtitle:
        _font(_cell(table), legible(picture.subtitle), FAINT, size="10")
    if picture.styles():
        legend_cell = _cell(table)
        for style in picture.styles():
            look = LOOKS[style]
            _font(legend_cell, _STROKES[look.line], look.colour, size="12")
            _font(
                legend_cell, f"{_SPACE}{style}: {RELATION_MEANING[style]}{4 * _SPACE}", look.colour
            )
    if legend := _border_legend(picture):
        _font(_cell(table), legend, FAINT)
    return table


def _cell(table: ET.Element) -> ET.Element:
    return ET.SubElement(ET.SubElement(table, "TR"), "TD", ALIGN="LEFT")


def _linked_cell(table: ET.Element, link: Link) -> ET.Element:
    cell = _cell(table)
    _lead(cell, link)
    return cell


def _lead(cell: ET.Element, link: Link) -> None:
    url = web_url(link.url)
    if url:
        cell.set("HREF", url)
        cell.set("TARGET", "_blank")
        cell.set("TITLE", _no_backslash(legible(link.tooltip or link.text, MAX_TOOLTIP)))


def _font(
    parent: ET.Element, text: str, colour: str | None = None, *, size: str = _SMALL_SIZE
) -> None:
    font = ET.SubElement(parent, "FONT", {"POINT-SIZE": size})
    if colour:
        font.set("COLOR", colour)
    font.text = _no_backslash(text) or " "  # empty markup is an error to Graphviz


def _markup(element: ET.Element) -> str:
    # In angle brackets the graphviz package writes it as it is.
    return f"<{ET.tostring(element, encoding='unicode')}>"


def _text(text: str, limit: int | None = None) -> str:
    return _escaped(legible(text, limit) if limit else legible(text))


def _widened(lines: list[Link]) -> list[Link]:
    # The first line is set in bold later, which Graphviz does not reckon with.
    return [Link(line.text + _SPACE * (len(line.text) // 6)) for line in lines]


def _plain(lines: Iterable[Link], end: str) -> str:
    # `end` is a line break of DOT's own, and says how the line is justified.
    joined = end.join(_escaped(line.text or " ") for line in lines)
    label: str = graphviz.nohtml(joined + (end if end == r"\l" else ""))
    return label


def _escaped(text: str) -> str:
    # Labels know HTML's entities; `escape` sees to backslashes and to a leading `<`.
    escaped: str = graphviz.escape(_no_backslash(text).replace("&", "&amp;"))
    return escaped


def _no_backslash(text: str) -> str:
    # Releases of Graphviz differ in where a backslash is an escape, so none gets there.
    return text.replace("\\", "\N{SET MINUS}")
