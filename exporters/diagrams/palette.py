"""Colours, fonts and strokes of all pictures.

Colour never speaks alone: each relation has a line of its own, each policy a border of its own. The
hues are Okabe and Ito's, which stay apart for colour-blind readers, darkened until text in them
can be read on white. https://jfly.uni-koeln.de/color/
"""

from dataclasses import dataclass

from .picture import EdgeStyle

FONT = "Helvetica,Arial,sans-serif"
INK = "#1B2733"
FAINT = "#5B6773"
LINK = "#0B5CAD"
LINK_ON_INK = "#9CCBFF"
FRAME = "#C9D1D9"
PAPER = "#FFFFFF"
PLAIN_FILL = "#F6F8FA"


@dataclass(frozen=True, slots=True)
class Look:
    """How a relation is drawn: DOT's line style, SVG's dash pattern, colours, width in points."""

    line: str
    dashes: str
    colour: str
    fill: str
    width: str


LOOKS: dict[EdgeStyle, Look] = {
    "precondition": Look("solid", "", "#0A5C96", "#EDF5FB", "1.5"),
    "consequence": Look("dashed", "6 4", "#00704F", "#EAF6F1", "1.5"),
    "companion": Look("dotted", "1 4", "#8A3F74", "#F8EFF5", "2"),
    "spoiler": Look("dashed", "6 4", "#B42318", "#FDF1EF", "1.5"),
}
