"""What the catalogue turns into: diagrams, each drawing language in a file of its own."""

from .dot import to_dot
from .draw_cascade import cascade_picture
from .draw_graph import catalog_picture, neighbourhood_picture
from .errors import RenderError
from .mermaid import to_mermaid
from .picture import Group, Link, Picture, PictureEdge, PictureNode, Row
from .render import FORMATS, Engine, Format, render

__all__ = [
    "FORMATS",
    "Engine",
    "Format",
    "Group",
    "Link",
    "Picture",
    "PictureEdge",
    "PictureNode",
    "RenderError",
    "Row",
    "cascade_picture",
    "catalog_picture",
    "neighbourhood_picture",
    "render",
    "to_dot",
    "to_mermaid",
]
