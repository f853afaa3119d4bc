"""What the catalogue turns into: diagrams, and detection content for other platforms.

Pictures are drawn by `render`, a file a drawing language. Detection content is made by `export` from
a `Query`, a file a target.
"""

from .capabilities import Capabilities, Direction, Loss
from .detections import DETECTIONS, Detection, find_detection
from .diagrams.dot import to_dot
from .diagrams.draw_cascade import cascade_picture
from .diagrams.draw_graph import catalog_picture, neighbourhood_picture
from .diagrams.mermaid import to_mermaid
from .diagrams.picture import Group, Link, Picture, PictureEdge, PictureNode, Row
from .diagrams.render import FORMATS, Engine, Format, render
from .errors import CannotEncode, ExportError, Refused, RenderError
from .export import Export, Omission, assess, export, export_detections, plan, write
from .field_maps import FieldMap, Success, field_map
from .fitting import Fit, fit
from .header import header, loss_lines
from .lookups import LOOKUPS, Lookup
from .lower import lower
from .matrix import MatrixRow, Statement, Survey, matrix, statements, survey
from .query import Query
from .registry import find_target, target_names
from .revision import revision, semantic_revision
from .sample_cases import SampleCase, Sampler
from .sample_files import sample_files
from .schedule import DEFAULT_LATENESS
from .target import Artefact, Job, Options, Style, Target

__all__ = [
    "DEFAULT_LATENESS",
    "DETECTIONS",
    "FORMATS",
    "LOOKUPS",
    "Artefact",
    "CannotEncode",
    "Capabilities",
    "Detection",
    "Direction",
    "Engine",
    "Export",
    "ExportError",
    "FieldMap",
    "Fit",
    "Format",
    "Group",
    "Job",
    "Link",
    "Lookup",
    "Loss",
    "MatrixRow",
    "Omission",
    "Options",
    "Picture",
    "PictureEdge",
    "PictureNode",
    "Query",
    "Refused",
    "RenderError",
    "Row",
    "SampleCase",
    "Sampler",
    "Statement",
    "Style",
    "Success",
    "Survey",
    "Target",
    "assess",
    "cascade_picture",
    "catalog_picture",
    "export",
    "export_detections",
    "field_map",
    "find_detection",
    "find_target",
    "fit",
    "header",
    "loss_lines",
    "lower",
    "matrix",
    "neighbourhood_picture",
    "plan",
    "render",
    "revision",
    "sample_files",
    "semantic_revision",
    "statements",
    "survey",
    "target_names",
    "to_dot",
    "to_mermaid",
    "write",
]
