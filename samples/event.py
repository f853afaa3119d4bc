"""Makes one record: of an action, by a caller, with values where a node's keys stand and its conditions met."""

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import replace

from ..catalog.recorded import recorded
from .callers import Caller, Json
from .demands import Demand, Unsatisfiable, demand_of, met, open_policy, own_policy, pick
from .fields import leaves, read, write
from .filling import answer, fill, filler_for, members_at, shape_at
from .keys import Node, Place, Scalar, absent_paths, held, places
from .profiles import called_through, suited
from .records import Call, record, service_event
from .shapes import Scene, value_for

_READS = re.compile(
    r"(Get|List|Describe|Head|Lookup|Search|BatchGet|Query|Scan|Select|Assume|Decode|Detect|Verify|Check|Test"
    r"|Simulate|Validate|View|Estimate|Preview|Decrypt|Encrypt|GenerateDataKey|Generate)"
)
# Members of a record that a call brings along; all other members follow from caller, time and place.
_OF_THE_CALL = ("requestParameters", "responseElements")
_BESIDE = ("additionalEventData", "resources", "serviceEventDetails")
_SIGN_IN = frozenset({"signin"})
_MESSAGES = {
    "AccessDenied": "User is not authorized to perform this operation",
    "Client.DependencyViolation": "The resource has dependencies and cannot be deleted.",
    "NoSuchEntityException": "The entity cannot be found.",
}


def make_event(
    what: Node | str,
    keys: Mapping[str, Scalar],
    caller: Caller | None,
    scene: Scene,
    *,
    error: str | None = None,
    extra: Mapping[str, object] | None = None,
) -> Json:
    """A record of `what`: a node of a document, or a bare action.

    `keys` are values of the node's keys by name; keys that are left out get some value. `caller` is None for what a
    service does by itself. `error` is an errorCode. `extra` are further fields by their paths, written last, so
    that they may break what the node demands.

    Raises:
        Unsatisfiable: the node's conditions contradict each other or the values.
    """
    node = None if isinstance(what, str) else what
    action = what if isinstance(what, str) else what.action
    draft: Json = {}
    closed: set[str] = set()
    demands: dict[str, Demand] = {}
    where: dict[str, Place] = {}
    if node is not None:
        demands = demands_of(node, keys, scene)
        closed |= absent_paths(node.where)
        where = places("", node, scene)
        for name, place in where.items():
            # Had an earlier one a value, that would be the key's.
            paths = node.keys[name].paths
            closed |= set(paths[: paths.index(place.path)])
        _write_keys(draft, where, keys, scene)
        _meet(draft, demands, action, scene)
    code = read(draft, "errorCode")
    error = str(code) if code else error
    if caller is not None:
        fill(draft, action, closed, scene)
        if node is not None:
            _agree(draft, node, where)
        _prune(draft, demands)
        if error is None and not is_read(action):
            draft["responseElements"] = answer(action, draft.get("responseElements"), scene)
        made = _by(caller, action, draft, demands, error, scene)
    else:
        made = _by_itself(action, draft, demands, scene)
    for path, value in draft.items():
        if path not in (*_OF_THE_CALL, *_BESIDE, "userIdentity", "errorCode"):
            made[path] = value
    for path, value in (extra or {}).items():
        write(made, path, value)
    return made


def demands_of(node: Node, keys: Mapping[str, Scalar], scene: Scene) -> dict[str, Demand]:
    """What the conditions of a node demand, by field, and what its keys demand of the caller."""
    demands = _conditions(node)
    if not any(
        path.startswith("userIdentity.") for key in node.keys.values() for path in key.paths
    ):
        return demands
    for name, place in places("", node, scene).items():
        if place.path.startswith("userIdentity.") and name in keys:
            demands[place.path] = Demand(choices=(held(place, keys[name], scene),))
    return demands


def _conditions(node: Node) -> dict[str, Demand]:
    return {path: demand_of(condition) for path, condition in node.where.items()}


def is_read(action: str) -> bool:
    """Whether a call changes nothing, by its name."""
    return _READS.match(action.partition(":")[2]) is not None


def is_service_event(what: Node | str) -> bool:
    """Whether an event is something that a service does by itself, without a caller."""
    action = what if isinstance(what, str) else what.action
    demands = {} if isinstance(what, str) else _conditions(what)
    names_caller = any(
        path.startswith("userIdentity.") and path != "userIdentity.invokedBy" for path in demands
    )
    if names_caller or action.partition(":")[0] in ("signin", "sso"):
        return False
    kind = demands.get("eventType")
    if kind is not None:
        return kind.choices == ("AwsServiceEvent",)
    known = recorded().events.get(action)
    return known is not None and any(
        path.startswith("serviceEventDetails") for path in known.fields
    )


def _write_keys(
    draft: Json, where: Mapping[str, Place], keys: Mapping[str, Scalar], scene: Scene
) -> None:
    written: dict[str, object] = {}
    # A name is written before the ARN that ends in it, which then stands.
    for name, place in sorted(where.items(), key=lambda each: each[1].transform is None):
        if name in keys:
            value: object = held(place, keys[name], scene)
        elif place.path in written:
            continue
        else:
            value = pick(
                place.demand,
                scene.account,
                lambda at=place: value_for(at.action, at.field, scene, at.shape),  # type: ignore[misc]
                place.path,
            )
        write(draft, place.path, value)
        written[place.path] = value
        if place.path == "resources[].ARN":
            write(draft, "resources[].accountId", scene.account)
            write(draft, "resources[].type", _resource_type(place.action))


def _agree(draft: Json, node: Node, where: Mapping[str, Place]) -> None:
    """Let the other fields in which a key may stand hold what it is, where they are there at all."""
    settled = {place.path for place in where.values()} | set(node.where)
    for name, place in where.items():
        for path in node.keys[name].paths:
            if path not in settled and isinstance(read(draft, path), str):
                write(draft, path, read(draft, place.path))


def _prune(draft: Json, demands: Mapping[str, Demand]) -> None:
    """Take out of objects what they may not hold besides: an operation may require more than a document allows."""
    for path, demand in demands.items():
        found = read(draft, path)
        if demand.members is not None and isinstance(found, dict):
            write(draft, path, {name: found[name] for name in found if name in demand.members})


def _resource_type(action: str) -> str:
    service = action.partition(":")[0]
    kinds = {"kms": "AWS::KMS::Key", "s3": "AWS::S3::Bucket", "sts": "AWS::IAM::Role"}
    return kinds.get(service, f"AWS::{service.title()}::Resource")


def _meet(draft: Json, demands: Mapping[str, Demand], action: str, scene: Scene) -> None:
    # The deepest first: what is asked to exist often does by then.
    for path in sorted(demands, key=lambda path: (-path.count("."), path)):
        demand = demands[path]
        if path.startswith("userIdentity."):
            continue
        if demand.absent:
            if not met(demand, None, scene.account):
                raise Unsatisfiable(f"{path} of {action} cannot be there and not be there")
            if any(value is not None for value in leaves(draft, path)):
                raise Unsatisfiable(f"{path} must be absent from {action}, and holds a key")
            continue
        for listed in (each.only for each in demand.refused if each.only is not None):
            _add_unlisted(draft, path, listed, demands, action, scene)
        if met(demand, read(draft, path), scene.account):
            continue
        if read(draft, path) is not None:
            raise Unsatisfiable(f"{path} of {action} cannot be two things at once")
        write(draft, path, _value(path, demand, action, scene))


def _add_unlisted(
    draft: Json,
    path: str,
    listed: Collection[str],
    demands: Collection[str],
    action: str,
    scene: Scene,
) -> None:
    """Give the object at `path` a member that is not among the listed ones, and of which nothing is demanded."""
    found = read(draft, path)
    if "[]" in path or not (found is None or isinstance(found, dict)):
        return
    open_to = (
        name
        for name in members_at(scene.models, action, path)
        if name not in listed and f"{path}.{name}" not in demands
    )
    name = next(open_to, "example")
    write(draft, f"{path}.{name}", filler_for(action, f"{path}.{name}", scene))


def _value(path: str, demand: Demand, action: str, scene: Scene) -> object:
    if demand.own_account:
        shape = shape_at(scene.models, action, path)
        whole = path.rpartition(".")[2] == "bucketPolicy"
        whole = whole or (shape is not None and shape.kind == "structure")
        policy = own_policy(scene.account)
        return pick(demand, scene.account, lambda: policy if whole else json.dumps(policy), path)
    plain = not (demand.choices or demand.prefix or demand.suffix)

    def draw() -> object:
        if plain and demand.present and not demand.refused:
            return filler_for(action, path, scene, demand.members)
        shape = shape_at(scene.models, action, path)
        value = value_for(action, path.rpartition(".")[2], scene, shape)
        # What refuses a policy that lets nobody in is met by one that lets in all.
        return json.dumps(open_policy()) if _is_policy(value) and demand.refused else value

    return pick(demand, scene.account, draw, path)


def _is_policy(value: object) -> bool:
    return isinstance(value, str) and value.startswith("{")


def _by(
    caller: Caller,
    action: str,
    draft: Json,
    demands: Mapping[str, Demand],
    error: str | None,
    scene: Scene,
) -> Json:
    caller = called_through(
        suited(caller, demands, scene), demands.get("userIdentity.invokedBy"), scene
    )
    identity = draft.get("userIdentity")
    if isinstance(identity, dict):
        caller = replace(caller, identity=_merged(caller.identity, identity))
    console = demands.get("sessionCredentialFromConsole")
    draft.pop("sessionCredentialFromConsole", None)
    if console is not None:
        caller = replace(caller, console=not console.absent)
    service, _, name = action.partition(":")
    caller = replace(caller, agent=caller.agent.replace("{command}", f"{service}.{_dashed(name)}"))
    if service in _SIGN_IN:
        draft.setdefault("eventType", "AwsConsoleSignIn")
    call = Call(
        action,
        draft.get("requestParameters"),
        None if error is not None else draft.get("responseElements"),
        error=None if error is None else (error, _MESSAGES.get(error, "The request failed.")),
        read_only=is_read(action),
        extra={name: draft[name] for name in _BESIDE if name in draft},
    )
    return record(scene.ids, caller, call, scene.at, region=scene.region, account=scene.account)


def _by_itself(action: str, draft: Json, demands: Mapping[str, Demand], scene: Scene) -> Json:
    made = service_event(
        scene.ids,
        action,
        scene.at,
        region=scene.region,
        account=scene.account,
        details=draft.get("serviceEventDetails"),
        resources=draft.get("resources"),
        additional=draft.get("additionalEventData"),
    )
    for name in _OF_THE_CALL:
        if name in draft:
            made[name] = draft[name]
    if (through := demands.get("userIdentity.invokedBy")) is not None:
        source = made["userIdentity"]["invokedBy"]
        service = pick(through, scene.account, lambda: source, "userIdentity.invokedBy")
        made["userIdentity"]["invokedBy"] = service
    if isinstance(draft.get("userIdentity"), dict):
        made["userIdentity"] = _merged(made["userIdentity"], draft["userIdentity"])
    return made


def _merged(one: Json, other: Json) -> Json:
    return one | {
        name: _merged(one[name], each)
        if isinstance(each, dict) and isinstance(one.get(name), dict)
        else each
        for name, each in other.items()
    }


def _dashed(name: str) -> str:
    name = re.sub(r"\d{8}(v\d+)?$", "", name)
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name).lower()
