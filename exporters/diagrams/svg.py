"""Finishes the SVG that Graphviz draws: words for those who cannot see it, links line by line.

Graphviz titles everything with its name in DOT. Here the titles say what a person would say, the picture
gets a role, a title and a description (https://www.w3.org/TR/svg-aam-1.0/), and the document type,
which keeps an SVG from being pasted into a page, is gone.
"""

import re
from collections.abc import Sequence
from xml.etree import ElementTree as ET

from ..errors import RenderError
from ..legible import MAX_TOOLTIP, legible, web_url
from .dot import header_lines, node_names, plain_lines
from .palette import FAINT, FRAME, LINK, LINK_ON_INK
from .picture import Link, Picture

_SVG = "{http://www.w3.org/2000/svg}"
_XLINK = "{http://www.w3.org/1999/xlink}"
# Releases up to at least 2.43 write the `&` of a link's address as it is.
_BARE_AMPERSAND = re.compile(rb"&(?!#[0-9]+;|#x[0-9A-Fa-f]+;|(?:amp|lt|gt|quot|apos);)")
_MAX_DESCRIPTION = 4_000


def finish_svg(drawn: bytes, picture: Picture, *, markup: bool) -> bytes:
    """The SVG, accessible and ready to be put into a page.

    `markup` says whether the DOT it was drawn from had HTML-like labels; without them each line of a
    label gets its link and its weight here.

    Raises:
        RenderError: what was drawn is no SVG.
    """
    ET.register_namespace("", _SVG[1:-1])
    ET.register_namespace("xlink", _XLINK[1:-1])
    try:
        root = ET.fromstring(_BARE_AMPERSAND.sub(b"&amp;", drawn))  # noqa: S314 - Graphviz made it
    except ET.ParseError as error:
        raise RenderError(f"Graphviz drew something that is no SVG: {error}") from error
    _unwrap(root, every=not markup)
    _title_links(root)
    titles = _titles(picture)
    names = node_names(picture)
    nodes = {names[node.id]: node for node in picture.nodes}
    for group in list(root.iter(f"{_SVG}g")):
        kind, name = group.get("class"), group.get("id", "")
        title = group.find(f"{_SVG}title")
        if title is not None and kind != "graph":
            title.text = titles[name]
        if not markup:
            if kind == "graph":
                _dress(group, header_lines(picture), LINK, FAINT)
            elif kind == "node":
                node = nodes[name]
                on_dark = node.role == "origin"
                _dress(
                    group,
                    plain_lines(node),
                    LINK_ON_INK if on_dark else LINK,
                    FRAME if on_dark else FAINT,
                )
    description = legible(picture.description, _MAX_DESCRIPTION)
    root.set("role", "img")
    root.set("aria-label", legible(picture.title))
    told = ((f"{_SVG}title", legible(picture.title)), (f"{_SVG}desc", description))
    for position, (tag, text) in enumerate(told):
        element = ET.Element(tag)
        element.text = text
        root.insert(position, element)
    finished: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return finished + b"\n"


def _titles(picture: Picture) -> dict[str, str]:
    """What to say of each node, edge and frame, by its id in the SVG."""
    names = node_names(picture)
    titles = {
        names[node.id]: legible(node.tooltip or node.name, MAX_TOOLTIP) for node in picture.nodes
    }
    for index, edge in enumerate(picture.edges):
        titles[f"e{index}"] = legible(f"{edge.style}: {edge.tooltip}", MAX_TOOLTIP)
    for index, group in enumerate(picture.groups):
        titles[f"c{index}"] = legible(group.title)
    return titles


def _unwrap(root: ET.Element, *, every: bool) -> None:
    """Take out links that lead nowhere (Graphviz makes them for tooltips), or every link.

    They stand around the links of single lines, and links must not nest.
    """
    for parent in list(root.iter()):
        for link in parent.findall(f"{_SVG}a"):
            if every or not link.get(f"{_XLINK}href"):
                position = list(parent).index(link)
                parent.remove(link)
                for offset, child in enumerate(link):
                    parent.insert(position + offset, child)


def _title_links(root: ET.Element) -> None:
    """Browsers show a `title` element and not the attribute."""
    for link in root.iter(f"{_SVG}a"):
        told = link.attrib.pop(f"{_XLINK}title", "")
        if told:
            title = ET.Element(f"{_SVG}title")
            title.text = told
            link.insert(0, title)


def _dress(group: ET.Element, lines: Sequence[Link], link_colour: str, faint: str) -> None:
    """Give the lines of a plain label their links; the first is set in bold."""
    holders = [group]
    if group.get("class") == "node":
        holders += group.findall(f"{_SVG}g")
    texts = [(holder, text) for holder in holders for text in holder.findall(f"{_SVG}text")]
    for index, ((holder, text), line) in enumerate(zip(texts, lines, strict=False)):
        url = web_url(line.url)
        if index == 0:
            text.set("font-weight", "bold")
        else:
            text.set("fill", link_colour if url else faint)
        if url is None:
            continue
        link = ET.Element(f"{_SVG}a", {f"{_XLINK}href": url, "target": "_blank"})
        position = list(holder).index(text)
        holder.remove(text)
        link.append(text)
        holder.insert(position, link)
