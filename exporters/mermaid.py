"""Writes a picture as a Mermaid flowchart, which forges and wikis draw by themselves.

https://mermaid.js.org/syntax/flowchart.html
"""

from .dot import EDGE_STYLES
from .picture import EdgeKind, Picture

_ARROWS: dict[EdgeKind, str] = {
    "precondition": "-->",
    "consequence": "-.->",
    "companion": "-.-",
    "spoiler": "--x",
}
_CLASSES = {
    "root": "fill:#1d2733,color:#ffffff,stroke:#1d2733",
    "suppress": "fill:#eef7f3,stroke:#1b7f5c,color:#1d2733",
    "annotate": "fill:#eff5fb,stroke:#2a6fb0,color:#1d2733,stroke-dasharray:4 3",
    "never": "fill:#fbf7e6,stroke:#8a6d00,color:#1d2733,stroke-dasharray:2 2",
    "spoiler": "fill:#ffffff,stroke:#C1272D,color:#C1272D,stroke-dasharray:4 3",
    "action": "fill:#ffffff,stroke:#c3ccd5,color:#1d2733",
}


def to_mermaid(picture: Picture) -> str:
    """The picture as Mermaid text."""
    names = {node.id: f"n{index}" for index, node in enumerate(picture.nodes)}
    lines = ["flowchart LR"]
    groups = sorted({node.group for node in picture.nodes})
    for index, group in enumerate(groups):
        indent = "  "
        if group:
            lines.append(f'  subgraph g{index}["{encode_label(group)}"]')
            indent = "    "
        for node in picture.nodes:
            if node.group == group:
                label = "<br/>".join(encode_label(line) for line in node.lines)
                kind = node.policy if node.kind == "effect" and node.policy else node.kind
                lines.append(f'{indent}{names[node.id]}["{label}"]:::{kind}')
        if group:
            lines.append("  end")
    for edge in picture.edges:
        label = f"{edge.kind}: {edge.label}" if edge.label else edge.kind
        lines.append(
            f'  {names[edge.source]} {_ARROWS[edge.kind]}|"{encode_label(label)}"| {names[edge.target]}'
        )
    lines += [
        f'  click {names[node.id]} "{_encode_url(node.url)}" _blank'
        for node in picture.nodes
        if node.url
    ]
    used = {
        node.policy if node.kind == "effect" and node.policy else node.kind
        for node in picture.nodes
    }
    lines += [f"  classDef {name} {style}" for name, style in _CLASSES.items() if name in used]
    for relation in picture.kinds:
        numbers = [str(at) for at, edge in enumerate(picture.edges) if edge.kind == relation]
        lines.append(f"  linkStyle {','.join(numbers)} stroke:{EDGE_STYLES[relation][0]}")
    return "\n".join(lines) + "\n"


def encode_label(text: str) -> str:
    """A text that shows as itself inside a quoted Mermaid label, whatever it holds.

    Letters, digits and harmless signs stay; everything else becomes a numeric entity, which Mermaid
    writes with `#` in the place of HTML's `&#`.

    >>> encode_label('iam:DeleteUser "x"]')
    'iam:DeleteUser #34;x#34;#93;'
    """
    return "".join(
        each if each.isascii() and (each.isalnum() or each in " :.,_-/≤") else f"#{ord(each)};"
        for each in text
    )


def _encode_url(url: str) -> str:
    return "".join(
        each
        if each.isascii() and (each.isalnum() or each in ":/?&=+._-~%#")
        else f"%{ord(each):02X}"
        for each in url
    )
