"""How a name can belong to something again once what had it is gone, asked of the service models.

The origin removes an entity, and a key names it. Found are the service's operations that make such a thing, or give
one another name: by their verb (create, restore, copy, rename, ...), by the entity in their own name, and by the
member that carries the name, as it is called or with `New` or `Target` before it, however deep it stands.

What this cannot see: a way back that leads through another service, a name inside of a text or a free-form map, a
member that is called altogether differently, and an operation that botocore does not have. ARNs come back with the
names in them; those that hold something made up do not (`namesakes`).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product

from .chains import chain, silenced
from .check_codes import Problem
from .models import Cascade, Effect, KeySource, Spoiler
from .namesakes import can_outlive, can_return, has_chosen_arn, lies_before, member_of
from .service_models import Operation, ServiceModels, Shape

_REMOVES = re.compile(
    r"(?:Batch)?(?:Delete|Remove|Terminate|Deregister|Release|Schedule|Destroy|Close|Purge)"
    r"(?P<entity>[A-Z]\w*?)(?:Deletion|V\d)?"
)
_MAKES = (
    r"Create|Restore|Recover|Undelete|Import|Copy|Clone|Register|Request|Allocate|Provision|Purchase|Launch|Run"
    r"|Deploy|Replicate|Rename|Put"
)
_RENAMES = ("target", "destination")
# What may follow the entity in the name of an operation that makes one: RestoreDBInstanceFromS3.
_HOW = r"s?(?:From\w*|To\w*|With\w*|By\w*|Read\w*|Replica|Copy|V\d)?"
_SWAPS = re.compile(r"Switch[oO]ver\w+")
_DEEP = 3

# Operations that look like a way back and are none.
_NO_WAY_BACK = {
    "acm:ImportCertificate": "takes the ARN of a certificate that is there",
    "iam:CreateServiceLinkedRole": "makes roles that DeleteRole refuses, under names that are kept for them",
    "rds:SwitchoverGlobalCluster": "changes which member leads; the names stay",
    "rds:SwitchoverReadReplica": "changes which database leads; the names stay",
}


@dataclass(frozen=True, slots=True)
class WaysBack:
    """The actions that give a name back, each with the members that may carry it, in small letters; none: unknown.

    `known` is false when nothing was found that makes such a thing at all.
    """

    actions: Mapping[str, frozenset[str]]
    known: bool


def ways_back(action: str, member: str, models: ServiceModels) -> WaysBack:
    """The actions after which what `action` removed, and its `member` names, may be there again."""
    source = action.partition(":")[0]
    known, found = False, {}
    entities = tuple(_entities(action, models))
    for name in sorted(models.event_names(source)):
        other = f"{source}:{name}"
        for operation, entity in product(models.operations(other), entities):
            makes = _makes(operation.name, entity)
            known = known or makes
            carriers = _carriers(operation, entity, member, makes=makes)
            if carriers is not None and other not in {action, *_NO_WAY_BACK}:
                found[other] = carriers
    return WaysBack(found, known)


def missing_ways_back(cascade: Cascade, models: ServiceModels) -> Iterator[tuple[Effect, str]]:
    """Silenced effects with the way back that lies open, and what is missing against it.

    What lies before the origin needs against each way a spoiler with `between`, and one with a window after it.
    """
    for effect in silenced(cascade):
        if not lies_before(cascade, effect):
            continue
        # The thing itself is there again only when it goes by all of its keys: a spoiler on one of them sees it.
        by_key = {
            (key, path): ways_back(cascade.root.action, member_of(path), models)
            for key in chain(cascade, effect)[-1].join
            for path in cascade.root.keys[key].paths
        }
        for (key, _), found in by_key.items():
            for action, carriers in found.actions.items():
                others = [
                    list(_lacking(cascade, other, action, each.actions[action]))
                    for (other, _), each in by_key.items()
                    if other != key and action in each.actions
                ]
                if [] in others:
                    continue
                for lacking in _lacking(cascade, key, action, carriers):
                    yield effect, f"{action} ({lacking})"
            if not found.known and can_outlive(cascade, effect):
                yield effect, "by what nobody knows, since nothing was found that makes it"


def way_back_problems(cascade: Cascade, models: ServiceModels) -> Iterator[Problem]:
    """A problem for each silenced effect whose entity can come back by what no spoiler names."""
    by_effect: dict[str, list[str]] = {}
    for effect, way in missing_ways_back(cascade, models):
        by_effect.setdefault(effect.node, []).append(way)
    for index, effect in enumerate(cascade.effects):
        if ways := by_effect.get(effect.node):
            listed = ", ".join(dict.fromkeys(ways))
            message = f"what {effect.node} is about may be there again: {listed}"
            yield Problem(("effects", index), "way-back", message)


def _lacking(cascade: Cascade, key: str, action: str, carriers: frozenset[str]) -> Iterator[str]:
    against = [
        spoiler
        for spoiler in cascade.spoilers
        if spoiler.action == action and spoiler.join == (key,) and _reads(spoiler, key, carriers)
    ]
    if not any(spoiler.between for spoiler in against):
        yield "no spoiler with between: true"
    if not any(spoiler.within and spoiler.within.after for spoiler in against):
        yield "no spoiler after the origin"


def _reads(spoiler: Spoiler, key: str, carriers: frozenset[str]) -> bool:
    members = {member_of(path).lower() for path in spoiler.keys[key].paths}
    return not carriers or not carriers.isdisjoint(members)


def _entities(action: str, models: ServiceModels) -> Iterator[str]:
    for operation in models.operations(action):
        matched = _REMOVES.fullmatch(operation.name)
        if matched is not None:
            yield matched["entity"]
            if matched["entity"].endswith("s"):
                yield matched["entity"].removesuffix("s")


def _makes(operation: str, entity: str) -> bool:
    """Whether the operation's name says that it makes such an entity.

    >>> _makes("RestoreDBInstanceFromS3", "DBInstance"), _makes("CreateDBSnapshot", "DBInstance")
    (True, False)
    """
    makes = rf"(?:{_MAKES})(?:[A-Z][a-z]\w*)?{entity}{_HOW}|Cancel{entity}Deletion"
    return re.fullmatch(makes, operation) is not None


def _carriers(
    operation: Operation, entity: str, member: str, *, makes: bool
) -> frozenset[str] | None:
    """The members that carry the name which the operation gives; None when it gives none."""
    if _SWAPS.fullmatch(operation.name):
        # Names change hands; an id that AWS made up stays with what it was made up for.
        held = KeySource(path=f"requestParameters.{member}")
        return frozenset() if can_return(operation.service, held) else None
    names = {name.lower() for name in _spellings(entity, member)}
    wanted = {f"new{name}" for name in names}
    # Redshift's RestoreFromClusterSnapshot does not say what it restores.
    if makes or operation.name.startswith("RestoreFrom"):
        wanted |= names | {f"{prefix}{name}" for prefix in _RENAMES for name in names}
        # ElastiCache puts letters of its own before what is given.
        wanted |= {f"{name}suffix" for name in names}
    given = wanted & {name.lower() for name in _members(operation.input)}
    arns = {"arn", member.lower()} & {name.lower() for name in _members(operation.output)}
    if given or (makes and arns and has_chosen_arn(operation.service, member)):
        return frozenset(given | arns | names if makes else given)
    return None


def _spellings(entity: str, member: str) -> set[str]:
    """What a member may be called that carries the name which `member` carries."""
    if member.lower() == "id":
        return {member, f"{entity}Id"}
    if re.fullmatch(r".*(Id|ID|-id|[aA]rn|ARN)", member):
        return {member, member.replace("-", "")}
    return {member, f"{entity}Name", f"{entity}Identifier", entity}


def _members(shape: Shape | None, depth: int = 0) -> Iterator[str]:
    if shape is None or depth > _DEEP:
        return
    if shape.kind == "list":
        yield from _members(shape.element.shape, depth + 1)
    for name, member in shape.members.items() if shape.kind == "structure" else ():
        yield name
        yield from _members(member.shape, depth + 1)
