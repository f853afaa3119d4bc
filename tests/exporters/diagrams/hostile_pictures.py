"""Texts that would be syntax somewhere, and the picture that says nothing else."""

from cloudcascade.exporters import Group, Link, Picture, PictureEdge, PictureNode, Row

TEXTS = [
    '"]; x -> y; [',
    "</svg><script>alert(1)</script>",
    "</TABLE>>]; x -> y [label=<",
    "<b>bold</b>",
    "<>",
    "&lt;i&gt; &amp; &#60; & #60; #quot;",
    "`code` ```mermaid",
    "one\ntwo\r\nthree\u2028four",
    "\u202eright to left\u2066\u200f",
    "\x00\x07\x1b[31m\x7f",
    "\ud800",
    "ends with \\",
    '\\N \\G \\" \\l',
    "n0 --> n1",
    "end",
    "1. one",
    "- list # heading",
    "%%{init: {'securityLevel': 'loose'}}%%",
    'click n0 call alert("x")',
    "style n0 fill:#f00;",
    "{{}} [[ ]] (( )) | ; :::x",
    "---",
    "a" * 2_048,
    "💥" * 2_048,
    "",
]


def hostile_picture(text: str, name: str = "a") -> Picture:
    """Two nodes and an edge between them, with `text` wherever a text can stand.

    `name` keeps the ids of several such pictures apart.
    """
    node, other, group = (f"{name} {text}", f"{name} other {text}", f"{name} group {text}")
    link = Link(text, f"https://docs.example/?a=1&b={text}", text)
    script = Link(text, f"javascript:{text}", text)
    return Picture(
        title=text,
        subtitle=text,
        description=text,
        nodes=(
            PictureNode(
                id=node,
                role="origin",
                rows=(Row(link, (script, link), (link,)), Row(script)),
                heading=text,
                notes=(text, text),
                tooltip=text,
                group=group,
            ),
            PictureNode(
                id=other,
                role="effect",
                rows=(Row(link, (script,)),),
                notes=(text,),
                style="precondition",
                policy="annotate",
                tooltip=text,
            ),
        ),
        edges=(PictureEdge(node, other, "precondition", (text, text), text),),
        groups=(Group(group, text),),
    )


def all_hostile() -> Picture:
    """All of the texts in one picture, so that it has to be drawn only once."""
    pictures = [hostile_picture(text, f"{at}") for at, text in enumerate(TEXTS)]
    return Picture(
        title=TEXTS[0],
        subtitle=TEXTS[1],
        description=" ".join(TEXTS),
        nodes=tuple(node for picture in pictures for node in picture.nodes),
        edges=tuple(edge for picture in pictures for edge in picture.edges),
        groups=tuple(group for picture in pictures for group in picture.groups),
    )
