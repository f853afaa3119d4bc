"""Says how good a reason an effect has, so that of several explanations the best is told first.

docs/semantics.md, Verdicts, is the definition.
"""

from .chains import made_by_service
from .models import Cascade, Condition, Effect

_UNTIED = 2
_NO_TOOL = 1


def class_of(cascade: Cascade, effect: Effect) -> int:
    """The class of what explains an event at `effect`: the lower, the sooner it is told."""
    return _UNTIED * (not _is_tied(cascade, effect)) + _NO_TOOL * (not _asks_for_tool(effect))


def _is_tied(cascade: Cascade, effect: Effect) -> bool:
    """Whether AWS attests the cause, or both events are about one thing."""
    if cascade.ensemble is not None and effect.node == cascade.root_node:
        return all(_edge_ties(cascade.effect(member)) for member in cascade.ensemble.require[1:])
    return _edge_ties(effect)


def _edge_ties(effect: Effect) -> bool:
    return bool(effect.join) or effect.actor.startswith("service:") or made_by_service(effect)


def _asks_for_tool(effect: Effect) -> bool:
    agent = effect.where.get("userAgent")
    return effect.tool == "same" or (agent is not None and _says_which(agent))


def _says_which(condition: Condition) -> bool:
    stated = (condition.equals, condition.in_, condition.startswith, condition.endswith)
    return any(each is not None for each in stated)
