"""Writes a picture as a Mermaid flowchart, which forges and wikis draw by themselves.

Labels are quoted and every character in them that could mean something to Mermaid, Markdown or HTML is
written as a numeric entity. https://mermaid.js.org/syntax/flowchart.html
"""

import json
from collections.abc import Iterable, Iterator

from ..legible import MAX_TOOLTIP, legible, web_url
from .palette import FAINT, FRAME, INK, LOOKS, PAPER, PLAIN_FILL
from .picture import RELATION_MEANING, EdgeStyle, Picture, PictureEdge, PictureNode

# Between two letters or digits these are just letters to Mermaid.
_WITHIN_WORDS = frozenset(".:-_/")
_SIGNS = frozenset("≤·…�")


def to_mermaid(picture: Picture) -> str:
    """The picture as Mermaid text, laid out from left to right.

    Mermaid refuses more than 50,000 characters or 500 edges unless it is configured otherwise
    (https://mermaid.js.org/config/schema-docs/config.html); a whole catalogue may have more.
    """
    names = {node.id: f"n{index}" for index, node in enumerate(picture.nodes)}
    lines = [
        "---",
        # YAML reads a JSON text as it is.
        f"title: {json.dumps(legible(picture.title), ensure_ascii=False)}",
        "---",
        "flowchart LR",
        f"  accTitle: {encode_label(picture.title)}",
        f"  accDescr: {encode_label(picture.description, MAX_TOOLTIP)}",
    ]
    for index, group in enumerate(picture.groups):
        lines.append(f'  subgraph g{index}["{encode_label(group.title)}"]')
        lines += [f"    {_node(names, node)}" for node in picture.nodes if node.group == group.id]
        lines.append("  end")
    framed = {group.id for group in picture.groups}
    lines += [f"  {_node(names, node)}" for node in picture.nodes if node.group not in framed]
    lines += [f"  {_edge(names, edge)}" for edge in picture.edges]
    for node in picture.nodes:
        url = web_url(node.rows[0].title.url) if len(node.rows) == 1 else None
        if url:
            told = node.tooltip if node.tooltip != node.name else ""
            tooltip = f' "{encode_label(told)}"' if told else ""
            lines.append(f'  click {names[node.id]} href "{url}"{tooltip} _blank')
    lines += _looks(picture, names)
    return "\n".join(lines) + "\n"


def encode_label(text: str, limit: int | None = None) -> str:
    """A text that shows as itself inside a quoted Mermaid label, whatever it holds.

    Mermaid writes an entity with `#` in the place of HTML's `&#`.

    >>> encode_label('iam:DeleteUser "x"]')
    'iam:DeleteUser #34;x#34;#93;'
    """
    shown = legible(text, limit) if limit else legible(text)
    return "".join(
        char if _is_harmless(shown, at) else f"#{ord(char)};" for at, char in enumerate(shown)
    )


def _is_harmless(text: str, at: int) -> bool:
    char = text[at]
    if char.isalnum() or char == " " or char in _SIGNS:
        return True
    neighbours = text[at - 1 : at] + text[at + 1 : at + 2]
    return char in _WITHIN_WORDS and len(neighbours) == 2 and neighbours.isalnum()


def _node(names: dict[str, str], node: PictureNode) -> str:
    return f'{names[node.id]}["{"<br/>".join(_lines(node))}"]'


def _lines(node: PictureNode) -> Iterator[str]:
    if node.heading:
        yield encode_label(node.heading)
    for row in node.rows:
        told = [row.title.text, *(link.text for link in row.techniques)]
        if node.heading:
            yield " · ".join(encode_label(text) for text in told)
        else:
            yield encode_label(told[0])
            if len(told) > 1:
                yield " ".join(encode_label(text) for text in told[1:])
    for note in node.notes:
        yield encode_label(note)
    if node.policy in ("annotate", "never"):
        yield encode_label(node.policy)


def _edge(names: dict[str, str], edge: PictureEdge) -> str:
    arrow = "--x" if edge.style == "spoiler" else "<-->" if edge.mutual else "-->"
    words = [edge.style, *edge.label]
    label = "<br/>".join(encode_label(word) for word in words)
    return f'{names[edge.source]} {arrow}|"{label}"| {names[edge.target]}'


def _looks(picture: Picture, names: dict[str, str]) -> Iterator[str]:
    yield f"  classDef action fill:{PLAIN_FILL},stroke:{FAINT},color:{INK}"
    yield f"  classDef origin fill:{INK},stroke:{INK},color:{PAPER}"
    by_class: dict[str, list[str]] = {}
    for node in picture.nodes:
        kind: str = node.role if node.role in ("origin", "action") else node.style or "action"
        by_class.setdefault(kind, []).append(names[node.id])
        if node.policy in ("annotate", "never"):
            by_class.setdefault(node.policy, []).append(names[node.id])
    for style in RELATION_MEANING:
        if style in by_class:
            look = LOOKS[style]
            dashes = ",stroke-dasharray:6 4" if style == "spoiler" else ""
            yield f"  classDef {style} fill:{look.fill},stroke:{look.colour},color:{INK}{dashes}"
    if "annotate" in by_class:
        yield "  classDef annotate stroke-width:3px"
    if "never" in by_class:
        yield "  classDef never stroke-width:5px"
    for kind, members in by_class.items():
        yield f"  class {','.join(members)} {kind}"
    for index, _ in enumerate(picture.groups):
        yield f"  style g{index} fill:{PAPER},stroke:{FRAME},color:{FAINT}"
    yield from _strokes(picture.styles(), picture.edges)


def _strokes(styles: Iterable[EdgeStyle], edges: tuple[PictureEdge, ...]) -> Iterator[str]:
    for style in styles:
        look = LOOKS[style]
        numbers = ",".join(str(at) for at, edge in enumerate(edges) if edge.style == style)
        dashes = f",stroke-dasharray:{look.dashes}" if look.dashes else ""
        yield f"  linkStyle {numbers} stroke:{look.colour},stroke-width:2px{dashes}"
