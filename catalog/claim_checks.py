"""The rules about what a document claims of events that it does not explain, and of who made those that it does."""

import re
from collections.abc import Iterator

from .chains import chain
from .check_codes import Problem
from .everyday import is_everyday
from .models import Cascade, Condition, Effect, Where

# Programs that a cascade may be named after. One that merely anybody's calls fit must not be: the report would say
# that a tool was at work which nobody uses.
TOOLS = (
    "ansible",
    "cdk",
    "cloud-custodian",
    "cluster-autoscaler",
    "crossplane",
    "csi",
    "eksctl",
    "external-dns",
    "karpenter",
    "kubernetes",
    "load-balancer-controller",
    "nuke",
    "opentofu",
    "packer",
    "pulumi",
    "terraform",
)
_NAMED = re.compile(rf"\b(?:{'|'.join(TOOLS)})\b")


def claim_problems(cascade: Cascade) -> Iterator[Problem]:
    """Everyday calls that are said to be orphans, and tools in whose name a cascade speaks without asking for them."""
    for index, effect in enumerate(cascade.effects):
        if effect.unexplained == "orphan" and is_everyday(effect.action):
            message = f"{effect.action} is called all day, and an orphan nowhere: say unexplained: unlisted"
            yield Problem(("effects", index), "everyday", message)
    # A title says with blanks what an id says with hyphens.
    for place in ("id", "title"):
        named = _NAMED.findall(getattr(cascade, place).lower().replace(" ", "-"))
        for tool in dict.fromkeys(named):
            loose = [
                effect.node for effect in cascade.effects if not _asks_for(cascade, effect, tool)
            ]
            if loose:
                message = f"names {tool}, which {loose[0]} and its origin do not ask for in `where`"
                yield Problem((place,), "tool-unasked", message)


def _asks_for(cascade: Cascade, effect: Effect, tool: str) -> bool:
    """Whether a condition on the effect, or on something that it hangs on, shows the tool."""
    nodes = (*chain(cascade, effect), effect, cascade.root)
    return any(tool in text.lower() for node in nodes for text in _shown(node.where))


def _shown(where: Where) -> Iterator[str]:
    for path, condition in where.items():
        yield path
        yield from _operands(condition)


def _operands(condition: Condition) -> Iterator[str]:
    for value in (
        condition.equals,
        condition.startswith,
        condition.endswith,
        *(condition.in_ or ()),
    ):
        if isinstance(value, str):
            yield value
