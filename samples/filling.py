"""What a call has to say besides what a document asks for: the required members of its operation's model,
in CloudTrail's spelling.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cache, lru_cache

from ..catalog import MissingExtra, ServiceModels, load_service_models
from ..catalog.field_paths import judge_path
from ..catalog.record_facts import record_facts, written_member
from ..catalog.recorded import recorded
from ..catalog.service_models import Member, Operation, Shape
from .callers import Json
from .shapes import Scene, value_for

_DEEPEST = 8
# From a member to its spelling in the record, the likeliest first.
_Spell = Callable[[Member, bool], tuple[str, ...]]


@cache
def installed_models() -> ServiceModels | None:
    """The models of the botocore that is installed, None without it."""
    try:
        return load_service_models()
    except MissingExtra:
        return None


@lru_cache(maxsize=1 << 14)
def shape_at(models: ServiceModels | None, action: str, path: str) -> Shape | None:
    """The type of what stands at `path` in records of `action`, where the models know it."""
    if models is None or path.partition(".")[0] not in ("requestParameters", "responseElements"):
        return None
    operations = models.operations(action)
    if not operations:
        return None
    return judge_path(operations, path, recorded().fields_of(action)).shape


def members_at(models: ServiceModels | None, action: str, path: str) -> tuple[str, ...]:
    """What the members of the object at `path` are called in records of `action`, where the models know it."""
    if path == "requestParameters" and models is not None:
        shapes = [each.input for each in models.operations(action)]
        shape = next((each for each in shapes if each is not None), None)
    else:
        shape = shape_at(models, action, path)
    if shape is None or shape.kind != "structure":
        return ()
    return tuple(_lower_first(name) for name in shape.members)


def fill(draft: Json, action: str, closed: Collection[str], scene: Scene) -> None:
    """Complete the request in `draft`: members that the operation requires and that are not there yet.

    `closed` are paths at which nothing may stand.
    """
    if scene.models is None:
        return
    operation = _operation(draft, action, scene.models)
    if operation is None or operation.input is None:
        return
    if record_facts().null_because(action, "requestParameters"):
        return
    request = draft.get("requestParameters")
    request = dict(request) if isinstance(request, dict) else {}
    path, target = "requestParameters", request
    service = action.partition(":")[0]
    wrapper = f"{operation.name}Request"
    wrapped = operation.protocol == "ec2" and (
        wrapper in request or _is_recorded_wrapped(action, wrapper)
    )
    if wrapped:
        inner = request.setdefault(wrapper, {})
        if not isinstance(inner, dict):
            return
        path, target = f"{path}.{wrapper}", inner
    _Filler(_spelling(operation, wrapped), action, frozenset(closed), scene).structure(
        operation.input, target, path, 0
    )
    if service == "s3" and "bucketName" in request:
        request.setdefault("Host", f"{request['bucketName']}.s3.{scene.region}.amazonaws.com")
    if request:
        draft["requestParameters"] = request


def answer(action: str, known: object, scene: Scene) -> object:
    """The responseElements of a call that changed something: what is `known` of them, and what EC2 always says."""
    if not action.startswith("ec2:") or scene.models is None or not scene.models.operations(action):
        return known
    always = {"requestId": scene.ids.uuid()}
    if known is None:
        return always | {"_return": True}
    return always | known if isinstance(known, dict) else known


def _operation(draft: Json, action: str, models: ServiceModels) -> Operation | None:
    """The operation of whose request the members in `draft` can be: RDS and Neptune share actions."""
    paths = [f"requestParameters.{name}" for name in draft.get("requestParameters") or {}]
    operations = models.operations(action)
    for operation in operations:
        if all(judge_path([operation], path).certainty != "impossible" for path in paths):
            return operation
    return operations[0] if operations else None


def _is_recorded_wrapped(action: str, wrapper: str) -> bool:
    start = f"requestParameters.{wrapper}"
    return any(path.startswith(start) for path in recorded().fields_of(action))


def _spelling(operation: Operation, wrapped: bool) -> _Spell:
    if operation.protocol == "ec2":
        return _ec2_wrapped if wrapped else _ec2
    if operation.service in ("s3", "s3control"):
        return _s3

    def plain(member: Member, top: bool) -> tuple[str, ...]:
        written = written_member(operation.service, member.name)
        return (written,) if written is not None else _plain(member, top)

    return plain


def _lower_first(name: str) -> str:
    return name[:1].lower() + name[1:]


def _plain(member: Member, top: bool) -> tuple[str, ...]:
    return _lower_first(member.name), member.name, member.wire_name


def _s3(member: Member, top: bool) -> tuple[str, ...]:
    special = {"Bucket": "bucketName", "Key": "key"}.get(member.name) if top else None
    return (special or member.wire_name, _lower_first(member.name))


def _ec2_wrapped(member: Member, top: bool) -> tuple[str, ...]:
    return (member.name, member.wire_name[:1].upper() + member.wire_name[1:], member.wire_name)


def _ec2(member: Member, top: bool) -> tuple[str, ...]:
    name = _lower_first(member.name)
    if member.shape.kind != "list":
        return name, _lower_first(member.wire_name)
    stem = name.removesuffix("Ids").removesuffix("s")
    return f"{stem}sSet", f"{stem}Set", name, _lower_first(member.wire_name)


@dataclass(frozen=True, slots=True)
class _Filler:
    """Fills what a request requires. `closed` are paths that stay empty."""

    spell: _Spell
    action: str
    closed: frozenset[str]
    scene: Scene

    def structure(self, shape: Shape, found: Json, path: str, depth: int) -> None:
        """Complete the structure `found`, which stands at `path`."""
        if shape.kind != "structure" or depth > _DEEPEST:
            return
        required = shape.required
        for name, member in shape.members.items():
            spellings = self.spell(member, depth == 0)
            present = next((each for each in spellings if each in found), None)
            if present is not None:
                self._descend(member.shape, found[present], f"{path}.{present}", depth + 1)
            elif name in required and not any(
                f"{path}.{each}" in self.closed for each in spellings
            ):
                found[spellings[0]] = self._made(member, f"{path}.{spellings[0]}", depth + 1)

    def _descend(self, shape: Shape, value: object, path: str, depth: int) -> None:
        if shape.kind == "structure" and isinstance(value, dict):
            self.structure(shape, value, path, depth)
        elif shape.kind == "list":
            if isinstance(value, dict) and isinstance(value.get("items"), list):
                value, path = value["items"], f"{path}.items"
            if isinstance(value, list) and value and isinstance(value[0], dict):
                self.structure(shape.element.shape, value[0], f"{path}[]", depth)

    def _made(self, member: Member, path: str, depth: int) -> object:
        shape = member.shape
        if shape.kind == "structure":
            made: Json = {}
            self.structure(shape, made, path, depth)
            return made
        if shape.kind == "map":
            return {}
        if shape.kind != "list":
            return value_for(self.action, member.name, self.scene, shape)
        as_ec2 = self.spell is _ec2
        within = f"{path}.items[]" if as_ec2 else f"{path}[]"
        if depth > _DEEPEST:
            return []
        element = Member(member.name, member.name, shape.element.shape)
        one = self._made(element, within, depth + 1)
        if not as_ec2:
            return [one]
        if not isinstance(one, dict):
            one = {_lower_first(member.name).removesuffix("s"): one}
        return {"items": [one]}


def filler_for(
    action: str, path: str, scene: Scene, members: tuple[str, ...] | None = None
) -> object:
    """Something for a field of which no more is asked than that it holds something.

    `members`: it is an object that has no others.
    """
    field = path.rpartition(".")[2]
    if members is not None:
        return {name: value_for(action, name, scene) for name in members[:1]}
    shape = shape_at(scene.models, action, path)
    if shape is None or field.endswith("[]"):
        return value_for(action, field, scene)
    operation = scene.models.operations(action)[0] if scene.models else None
    assert operation is not None  # it has the shape
    wrapped = f"{operation.name}Request" in path
    filler = _Filler(_spelling(operation, wrapped), action, frozenset(), scene)
    return filler._made(Member(field, field, shape), path, 1) or {"value": "example"}
