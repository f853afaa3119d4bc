"""What the catalogue turns into: diagrams, each drawing language in a file of its own."""

from .dot import to_dot
from .mermaid import to_mermaid
from .picture import (
    Picture,
    PictureEdge,
    PictureNode,
    cascade_picture,
    catalog_picture,
    neighbourhood_picture,
)
from .render import FORMATS, Format, RenderError, render

__all__ = [
    "FORMATS",
    "Format",
    "Picture",
    "PictureEdge",
    "PictureNode",
    "RenderError",
    "cascade_picture",
    "catalog_picture",
    "neighbourhood_picture",
    "render",
    "to_dot",
    "to_mermaid",
]
