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


def hostile_picture(text: str) -> Picture:
    """Two nodes and an edge between them, with `text` wherever a text can stand."""
    link = Link(text, f"https://docs.example/?a=1&b={text}", text)
    script = Link(text, f"javascript:{text}", text)
    return Picture(
        title=text,
        subtitle=text,
        description=text,
        nodes=(
            PictureNode(
                id=text or "a",
                role="origin",
                rows=(Row(link, (script, link), (link,)), Row(script)),
                heading=text,
                notes=(text, text),
                tooltip=text,
                group=text,
            ),
            PictureNode(
                id="other",
                role="effect",
                rows=(Row(link, (script,)),),
                notes=(text,),
                style="precondition",
                policy="annotate",
                tooltip=text,
            ),
        ),
        edges=(PictureEdge(text or "a", "other", "precondition", (text, text), text),),
        groups=(Group(text, text),),
    )
