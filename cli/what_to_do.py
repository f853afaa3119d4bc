"""What may be done with side effects, and by which command: said by `cascade show` and `cascade explains`."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from .shown import shown

if TYPE_CHECKING:
    from ..catalog import Cascade, Effect, Policy
    from ..catalog.models import Condition

_TARGET = "sentinel"
_ELSEWHERE = "cascade export --list names the other platforms"


def conditions(node: str, where: "Mapping[str, Condition]") -> Iterator[str]:
    """A line for each condition on a node of a cascade."""
    for path, condition in where.items():
        told = condition.model_dump(by_alias=True, exclude_defaults=True)
        yield shown(f"{node} only where {path} {json.dumps(told, ensure_ascii=False)}")


def of_cascade(cascade: "Cascade") -> Iterator[str]:
    """What of a cascade may be silenced or labelled, and by which command."""
    by_policy: dict[Policy, list[str]] = {}
    for effect in cascade.effects:
        by_policy.setdefault(cascade.policy_of(effect), []).append(effect.node)
    silent = by_policy.get("suppress", [])
    labelled = by_policy.get("annotate", [])
    if silent:
        yield f"may be silenced here: {', '.join(silent)}"
        yield f"  {export_command(cascade.id)}"
    if labelled and not silent:
        yield f"nothing of this may be silenced, because its policy is annotate; label it: {', '.join(labelled)}"
        yield f"  {export_command(cascade.id)}"
    elif labelled:
        yield f"may only be labelled: {', '.join(labelled)}"
    if never := by_policy.get("never"):
        yield f"neither silenced nor labelled: {', '.join(never)}"
    if silent or labelled:
        yield f"  {_ELSEWHERE}"


def of_action(action: str, cascades: Iterable[tuple["Cascade", "Effect"]]) -> Iterator[str]:
    """What of an action may be silenced, by which command; or why nothing of it may be."""
    silent: dict[str, str] = {}
    labelled: dict[str, str] = {}
    never: list[str] = []
    for cascade, effect in cascades:
        policy = cascade.policy_of(effect)
        root = cascade.root.action
        if policy == "suppress":
            silent[cascade.id] = root
        elif policy == "annotate":
            labelled[cascade.id] = root
        else:
            never.append(cascade.id)
    if silent:
        yield "may be silenced here, as a side effect of"
        yield from (f"  {root}: {export_command(id_)}" for id_, root in silent.items())
        yield f"  {_ELSEWHERE}"
        if only := [f"{root} ({id_})" for id_, root in labelled.items() if id_ not in silent]:
            yield f"only labelled, as a side effect of {', '.join(only)}"
        return
    if labelled:
        yield (
            f"nothing of this may be silenced, because {'each cascade' if len(labelled) > 1 else 'the cascade'} "
            "that explains it says annotate; label it with"
        )
        yield from (f"  {root}: {export_command(id_)}" for id_, root in labelled.items())
        yield f"  {_ELSEWHERE}"
    elif never:
        yield f"nothing of this may be silenced or labelled, because {', '.join(never)} says never"
    else:
        yield (
            f"nothing of this may be silenced, because no cascade brings {action} along; "
            "label it by a cascade of your own"
        )
        yield f"  cascade new aws.{action.partition(':')[0]}.my-cascade --effect {action}"


def export_command(cascade: str) -> str:
    """The command that makes detection content of a cascade."""
    return f"cascade export {_TARGET} {cascade} --out rules"
