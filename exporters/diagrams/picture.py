"""A picture, before it is written in any language: boxes, arrows, and what is said of them.

The texts are data. Each encoder makes them inert in its own language, whatever they hold.
"""

from dataclasses import dataclass
from typing import Literal

from ...catalog.terms import Policy, Relation

Role = Literal["origin", "effect", "action", "spoiler"]
EdgeStyle = Relation | Literal["spoiler"]

RELATION_MEANING: dict[EdgeStyle, str] = {
    "precondition": "the caller does it first",
    "consequence": "AWS does it afterwards",
    "companion": "done alongside",
    "spoiler": "voids the explanation",
}
POLICY_MEANING: dict[Policy, str] = {
    "suppress": "may be silenced",
    "annotate": "labelled, still shown",
    "never": "not silenced, not labelled",
}


@dataclass(frozen=True, slots=True)
class Link:
    """A text, where it leads (None: nowhere), and what to say when one points at it."""

    text: str
    url: str | None = None
    tooltip: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One action in a box: its name, the ATT&CK ids it maps to, and the sources that vouch for it."""

    title: Link
    techniques: tuple[Link, ...] = ()
    sources: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class PictureNode:
    """A box. Usually it has one row; a stack of many has a `heading`.

    The border shows `policy`, the colour `style`.
    """

    id: str
    role: Role
    rows: tuple[Row, ...]
    heading: str = ""
    notes: tuple[str, ...] = ()
    style: EdgeStyle | None = None
    policy: Policy | None = None
    tooltip: str = ""
    group: str | None = None

    @property
    def name(self) -> str:
        """What to call it in a sentence."""
        return self.heading or ", ".join(row.title.text for row in self.rows)


@dataclass(frozen=True, slots=True)
class PictureEdge:
    """An arrow from what brings along to what is brought along, or from a spoiler to what it voids.

    `target_first` asks for a place of the target before the source in reading order; the arrow's
    head does not move. `mutual` arrows have two heads.
    """

    source: str
    target: str
    style: EdgeStyle
    label: tuple[str, ...] = ()
    tooltip: str = ""
    target_first: bool = False
    mutual: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """A frame around the boxes that name it."""

    id: str
    title: str


@dataclass(frozen=True, slots=True)
class Picture:
    """What to draw. `description` says it in words, for those who cannot see it."""

    title: str
    subtitle: str
    description: str
    nodes: tuple[PictureNode, ...]
    edges: tuple[PictureEdge, ...]
    groups: tuple[Group, ...] = ()

    def styles(self) -> tuple[EdgeStyle, ...]:
        """The styles that a legend has to explain, in a fixed order."""
        used = {edge.style for edge in self.edges}
        return tuple(style for style in RELATION_MEANING if style in used)

    def policies(self) -> tuple[Policy, ...]:
        """The policies that a legend has to explain, in a fixed order."""
        used = {node.policy for node in self.nodes}
        return tuple(policy for policy in POLICY_MEANING if policy in used)
