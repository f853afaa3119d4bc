"""What a command may be told as CASCADE|ACTION: a cascade of the catalogue, or an action in it."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..catalog import Cascade, Catalog


def cascade_or_action(name: str, known: "Catalog") -> "Cascade | str":
    """The cascade that `name` means, or else the action.

    Raises:
        UnknownName: it is neither, or more than one.
    """
    from ..catalog import UnknownName, resolve_action, resolve_cascade

    try:
        return known.get(resolve_cascade(name, (each.id for each in known.cascades)))
    except UnknownName as no_cascade:
        try:
            return resolve_action(name, known.actions())
        except UnknownName as no_action:
            raise (no_action if ":" in name or no_action.candidates else no_cascade) from None
