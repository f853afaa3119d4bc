"""Solves the keys of an instance: one value for all that must be equal, and what each field holds for it.

Keys that are joined, or stand in one field, form a class. A class gets a value that every field of it can
hold under its conditions.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from ..catalog import Cascade, Condition, Effect, Origin, Spoiler
from ..catalog.resource_names import resource_name
from ..catalog.service_models import Shape
from .demands import FREE, Demand, Unsatisfiable, demand_of, met, pick
from .fields import path_of, shortened
from .filling import shape_at
from .shapes import Scene, arn, fits, is_typical, names_an_arn, value_for

Scalar: TypeAlias = str | int
Node: TypeAlias = Origin | Effect | Spoiler
Values: TypeAlias = dict[str, Scalar]
_Cell: TypeAlias = tuple[str, str]

# Transforms under which a field may hold an ARN for the name that the key has.
_OF_ARNS = frozenset({"arn-name", "resource-name"})
ACCOUNT_FIELDS = frozenset({"recipientAccountId", "userIdentity.accountId"})


@dataclass(frozen=True, slots=True)
class Place:
    """Where a key stands in a node's record, and what the field has to be besides."""

    node: str
    action: str
    key: str
    path: str
    transform: str | None
    demand: Demand
    shape: Shape | None

    @property
    def field(self) -> str:
        """The last name of the path."""
        return self.path.rpartition(".")[2].removesuffix("[]")


def absent_paths(where: Mapping[str, Condition]) -> frozenset[str]:
    """The fields in which nothing may stand."""
    return frozenset(path for path, each in where.items() if demand_of(each).absent)


def places(name: str, node: Node, scene: Scene) -> dict[str, Place]:
    """Where each key of a node stands."""
    absent = absent_paths(node.where)
    found = {}
    for key, source in node.keys.items():
        path = path_of(source, absent)
        demand = demand_of(node.where[path]) if path in node.where else FREE
        shape = shape_at(scene.models, node.action, path)
        found[key] = Place(name, node.action, key, path, source.transform, demand, shape)
    return found


def solve(
    cascade: Cascade,
    nodes: Sequence[tuple[str, Origin | Effect]],
    scene: Scene,
) -> dict[str, Values]:
    """A value for each key of each of `nodes`, by node and key; the nodes' parents are among them.

    Raises:
        Unsatisfiable: the document contradicts itself.
    """
    where = {name: places(name, node, scene) for name, node in nodes}
    classes = _classes(cascade, nodes, where)
    values: dict[_Cell, Scalar] = {}
    # A field that is read whole by one key and by its last part by another is made from the latter.
    for members in sorted(classes, key=lambda each: not _is_part(each, where)):
        found = [where[name][key] for name, key in members]
        value = _value_of(cascade, found, where, values, scene)
        values.update(dict.fromkeys(members, value))
    return {name: {key: values[name, key] for key in where[name]} for name, _ in nodes}


def _classes(
    cascade: Cascade,
    nodes: Sequence[tuple[str, Origin | Effect]],
    where: Mapping[str, Mapping[str, Place]],
) -> list[tuple[_Cell, ...]]:
    leader: dict[_Cell, _Cell] = {(name, key): (name, key) for name in where for key in where[name]}

    def head(cell: _Cell) -> _Cell:
        while leader[cell] != cell:
            cell = leader[cell]
        return cell

    for name, node in nodes:
        by_field: dict[tuple[str, str | None], _Cell] = {}
        for key, place in where[name].items():
            twin = by_field.setdefault((place.path, place.transform), (name, key))
            leader[head((name, key))] = head(twin)
        if isinstance(node, Effect) and node is not cascade.root:
            parent = cascade.parent_node(node)
            for key in node.join:
                leader[head((name, key))] = head((parent, key))
    groups: dict[_Cell, list[_Cell]] = {}
    for cell in leader:
        groups.setdefault(head(cell), []).append(cell)
    return [tuple(group) for group in groups.values()]


def _is_part(members: Iterable[_Cell], where: Mapping[str, Mapping[str, Place]]) -> bool:
    return any(
        place.transform in _OF_ARNS
        and any(
            other.path == place.path and other.transform is None for other in where[name].values()
        )
        for name, key in members
        for place in (where[name][key],)
    )


def _value_of(
    cascade: Cascade,
    found: Sequence[Place],
    where: Mapping[str, Mapping[str, Place]],
    values: Mapping[_Cell, Scalar],
    scene: Scene,
) -> Scalar:
    if any(place.path in ACCOUNT_FIELDS for place in found):
        return _account_of(cascade, found, scene)
    if all(place.path == "awsRegion" and place.demand == FREE for place in found):
        return scene.region
    for place in found:
        for other in where[place.node].values():
            part = values.get((place.node, other.key))
            if place.transform is None and other.transform and other.path == place.path and part:
                return arn(place.action, place.field, str(part), scene)
    demanded = [place for place in found if place.demand.choices is not None]
    best = demanded[0] if demanded else max(found, key=_tells)
    names_only = any(place.transform in _OF_ARNS for place in found)

    def draw() -> object:
        value = value_for(best.action, best.field, scene, best.shape)
        if not isinstance(value, str):
            return value if type(value) is int else f"value-{scene.ids.hex(8)}"
        return shortened(value.replace(":", "/"), None).rpartition("/")[2] if names_only else value

    whole = [place.demand for place in found if place.transform is None]
    demand = _joint(whole, "/".join(place.path for place in found))
    value: object
    if best.transform in _OF_ARNS:
        # The field's own conditions speak of the ARN around the name.
        chosen = pick(best.demand, scene.account, draw, best.path) if demanded else draw()
        value = shortened(str(chosen), best.transform)
        if not met(demand, value, scene.account):
            value = str(pick(demand, scene.account, draw, best.path))
    else:
        value = pick(demand, scene.account, draw, best.path)
    if isinstance(value, str) and any(place.transform == "lower" for place in found):
        return value.lower()
    if isinstance(value, int | str) and not isinstance(value, bool):
        return value
    raise Unsatisfiable(f"{best.path} holds no value that a key could have")


def _joint(demands: Iterable[Demand], what: str) -> Demand:
    joint = FREE
    for each in demands:
        choices = each.choices if joint.choices is None else joint.choices
        if joint.choices is not None and each.choices is not None:
            choices = tuple(value for value in joint.choices if value in each.choices)
            if not choices:
                raise Unsatisfiable(f"no value of {what} meets all conditions")
        joint = replace(
            joint,
            choices=choices,
            prefix=max(joint.prefix, each.prefix, key=len),
            suffix=max(joint.suffix, each.suffix, key=len),
            present=joint.present or each.present,
            own_account=joint.own_account or each.own_account,
            refused=(*joint.refused, *each.refused),
        )
    return joint


def _tells(place: Place) -> tuple[bool, bool, bool, bool, int]:
    """How much a place tells of what its values look like."""
    kind = place.shape.kind if place.shape is not None else ""
    limited = place.shape is not None and bool(place.shape.pattern or place.shape.choices)
    peculiar = place.shape is not None and not fits("example-0a1b2c3d", place.shape)
    return (
        kind in ("integer", "long"),
        peculiar and place.transform is None,
        place.transform is None and names_an_arn(place.field, place.shape),
        is_typical(place.field),
        len(place.field) + 20 * limited,
    )


def _account_of(cascade: Cascade, found: Sequence[Place], scene: Scene) -> str:
    """The scene's account; another one where the document lets the effects lie in any."""
    effects = [
        cascade.effect(place.node)
        for place in found
        if place.path == "recipientAccountId" and place.node != cascade.root_node
    ]
    if effects and all(each.account == "any" for each in effects):
        return f"{scene.ids.rng.randrange(10**11, 10**12)}"
    return scene.account


def held(place: Place, value: Scalar, scene: Scene) -> Scalar:
    """What the field of `place` holds, so that its key has the value.

    Raises:
        Unsatisfiable: the conditions on the field forbid it.
    """
    demand = place.demand
    if demand.choices is not None:
        for choice in demand.choices:
            if isinstance(choice, str | int) and _counts_as(choice, place.transform) == value:
                return choice
        raise Unsatisfiable(f"{place.path} may not hold {value!r}")
    if place.transform not in _OF_ARNS or not isinstance(value, str):
        return value
    if place.transform == "resource-name":
        return _arn_of(place, value, scene)
    if demand.prefix.startswith("arn:"):
        return demand.prefix + value
    if names_an_arn(place.field, place.shape) and not demand.prefix:
        return arn(place.action, place.field, value, scene)
    if place.shape is not None and not fits(value, place.shape) and not demand.prefix:
        return arn(place.action, place.key, value, scene)
    return value


def _arn_of(place: Place, name: str, scene: Scene) -> str:
    """The ARN of which the field's transform makes `name`, where the field holds ARNs; else the name."""
    may_be_plain = place.shape is None or fits(name, place.shape)
    if not names_an_arn(place.field, place.shape) and may_be_plain:
        return name
    plain = [arn(place.action, field, name, scene) for field in (place.field, place.key)]
    endings = ("", f"-{scene.ids.hex(6)}", f"/{scene.ids.uuid()}")
    forms = (each + ending for each in plain for ending in endings)
    return next((form for form in forms if resource_name(form) == name), name)


def _counts_as(choice: Scalar, transform: str | None) -> Scalar:
    return shortened(choice, transform) if isinstance(choice, str) else choice
