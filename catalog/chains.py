"""What a silenced effect rests on: itself, the effects between it and the root, and what an ensemble requires."""

from .models import Cascade, Effect, Window


def chain(cascade: Cascade, effect: Effect) -> tuple[Effect, ...]:
    """The effect and its parents up to the root, which is left out where it is an effect itself.

    The cascade must have no structure problems.
    """
    found: list[Effect] = []
    while effect.node != cascade.root_node:
        found.append(effect)
        parent = cascade.parent_node(effect)
        if parent == cascade.root_node:
            break
        effect = cascade.effect(parent)
    return tuple(found)


def ground(cascade: Cascade, effect: Effect) -> tuple[Effect, ...]:
    """Every effect whose edge must hold before `effect` is explained, itself first."""
    required = cascade.ensemble.require[1:] if cascade.ensemble else ()
    members = (each for node in required for each in chain(cascade, cascade.effect(node)))
    return tuple({each.node: each for each in (*chain(cascade, effect), *members)}.values())


def reach(cascade: Cascade) -> Window:
    """How far from the root, in seconds, the events of an instance may lie."""
    before = after = 0
    for effect in cascade.effects:
        steps = chain(cascade, effect)
        before = max(before, sum(step.within.before for step in steps))
        after = max(after, sum(step.within.after for step in steps))
    return Window.model_construct(before=before, after=after)


def made_by_service(effect: Effect) -> bool:
    """Whether the effect's events are calls that an AWS service made in its caller's name, with an address of its own.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/access_forward_access_sessions.html
    """
    invoked = effect.where.get("userIdentity.invokedBy")
    return invoked is not None and (invoked.equals is not None or invoked.in_ is not None)


def silenced(cascade: Cascade) -> tuple[Effect, ...]:
    """The effects whose policy is `suppress`."""
    return tuple(each for each in cascade.effects if cascade.policy_of(each) == "suppress")


def resting_on(cascade: Cascade, node: str) -> frozenset[str]:
    """The silenced effects that `node` has a part in, by name."""
    return frozenset(
        each.node
        for each in silenced(cascade)
        if each.node == node or any(step.node == node for step in ground(cascade, each))
    )
