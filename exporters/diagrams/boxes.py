"""The boxes that all pictures share."""

from collections.abc import Iterable

from ...catalog.attack import technique
from .links import action_url, technique_url
from .picture import Link, Row


def action_row(action: str, attack: Iterable[str], sources: tuple[Link, ...] = ()) -> Row:
    """An action with links to its page, its techniques' pages and the evidence."""
    return Row(
        title=Link(action, action_url(action), f"{action}: documentation"),
        techniques=tuple(technique_link(id_) for id_ in attack),
        sources=sources,
    )


def technique_link(technique_id: str) -> Link:
    """A technique's id, leading to MITRE's page; pointing at it tells its name and tactics."""
    facts = technique(technique_id)
    name = facts.full_name if facts else ""
    tactics = ", ".join(tactic.name for tactic in facts.tactics) if facts else ""
    told = f"{technique_id} {name}".strip() + (f" ({tactics})" if tactics else "")
    return Link(technique_id, technique_url(technique_id), told)
