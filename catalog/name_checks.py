"""The rules about names: what is silenced because of its name must be about the one thing that the origin is about."""

from collections.abc import Iterable, Iterator

from .chains import chain, silenced
from .check_codes import Problem
from .models import Cascade, Effect
from .namesakes import can_outlive, lacks_region


def name_problems(cascade: Cascade) -> Iterator[Problem]:
    """Silenced effects that a namesake can stand for: of another Region, or of another time."""
    nodes = {effect.node: index for index, effect in enumerate(cascade.effects)}
    edges: dict[str, str] = {}
    for effect in silenced(cascade):
        for edge in chain(cascade, effect):
            edges.setdefault(edge.node, effect.node)
        if can_outlive(cascade, effect) and not _belongs_to_next(cascade, effect):
            assert cascade.origin is not None
            origin = cascade.origin.action
            message = (
                f"between {effect.node} and its origin the name may have been given anew: name {origin} as a "
                "spoiler with between: true, so that an effect belongs to the first origin after it"
            )
            yield Problem(("effects", nodes[effect.node]), "first-origin", message)
    for node, rests in edges.items():
        edge = cascade.effects[nodes[node]]
        if lacks_region(cascade, edge):
            keys = ", ".join(edge.join)
            whose = "" if node == rests else f", and {rests} is silenced through it"
            message = f"{node} joins on {keys}, which another Region may have, too: add region: same{whose}"
            yield Problem(("effects", nodes[node], "join"), "regionless", message)


def silenced_origins(cascades: Iterable[Cascade]) -> Iterator[tuple[Cascade, int, Cascade]]:
    """Silenced effects that are the origin of a cascade which silences: whose, which one, and that cascade."""
    known = tuple(cascades)
    origins = {
        each.origin.action: each for each in known if each.origin is not None and silenced(each)
    }
    for cascade in known:
        for index, effect in enumerate(cascade.effects):
            if cascade.policy_of(effect) == "suppress" and effect.action in origins:
                yield cascade, index, origins[effect.action]


def silenced_origin(effect: Effect, index: int, other: Cascade) -> Problem:
    """The problem that the origin which vouches for the effects of `other` is not seen itself."""
    message = f"{effect.node} is the origin of {other.id}, which silences because its origin is seen: annotate it"
    return Problem(("effects", index), "silences-origin", message)


def _belongs_to_next(cascade: Cascade, effect: Effect) -> bool:
    assert cascade.origin is not None
    keys = set(chain(cascade, effect)[-1].join)
    return any(
        spoiler.between and spoiler.action == cascade.origin.action and set(spoiler.join) <= keys
        for spoiler in cascade.spoilers
    )
