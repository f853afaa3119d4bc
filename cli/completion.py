"""Shell completion of what the catalogue knows."""

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from ..catalog import Cascade


def complete_cascade(context: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """The cascade ids that hold what was typed, with their titles."""
    return [
        (cascade.id, cascade.title) for cascade in _cascades() if incomplete.lower() in cascade.id
    ]


def complete_action(context: typer.Context, incomplete: str) -> list[str]:
    """The actions that begin with what was typed, with or without the service."""
    typed = incomplete.lower()
    actions = {cascade.root.action for cascade in _cascades()} | {
        effect.action for cascade in _cascades() for effect in cascade.effects
    }
    return sorted(
        action
        for action in actions
        if action.lower().startswith(typed) or action.lower().partition(":")[2].startswith(typed)
    )


def complete_name(context: typer.Context, incomplete: str) -> list[str]:
    """Cascade ids and actions."""
    return [name for name, _ in complete_cascade(context, incomplete)] + complete_action(
        context, incomplete
    )


def _cascades() -> "tuple[Cascade, ...]":
    from ..catalog import load_catalog

    return load_catalog().cascades
