"""Who may act in a sample: the profiles, and a caller bent to what a document demands of `userIdentity`."""

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import replace
from types import MappingProxyType

from . import callers
from .callers import Caller
from .demands import Demand, Unsatisfiable, met, pick
from .fields import read, write
from .shapes import Scene, value_for

INVOKED_BY = "userIdentity.invokedBy"
_TYPE = "userIdentity.type"
_ISSUER = "userIdentity.sessionContext.sessionIssuer.userName"
_STARTED = 1_800  # a session began half an hour before its first event
_CLOUDFORMATION = "cloudformation.amazonaws.com"


def _address(scene: Scene) -> str:
    return f"198.51.100.{scene.ids.rng.randrange(1, 255)}"


def _vendor(scene: Scene) -> str:
    return f"{scene.ids.rng.randrange(10**11, 10**12)}"


def _console(scene: Scene) -> Caller:
    of = callers.sso_role(scene.ids, scene.account, "PlatformAdministrator")
    name = scene.ids.of("alex.kim", "priya.nair", "tomas.berg", "lena.vogt")
    return callers.session(
        scene.ids, of, name, since=scene.at - _STARTED, address=_address(scene),
        agent=callers.BROWSER, console=True, mfa=True,
    )  # fmt: skip


def _cli(scene: Scene) -> Caller:
    name = scene.ids.of("alex.kim", "priya.nair", "tomas.berg", "lena.vogt")
    return callers.iam_user(
        scene.ids, scene.account, name, address=_address(scene), agent=callers.CLI
    )


def _deploying(scene: Scene, agent: str) -> Caller:
    of = callers.role(scene.ids, scene.account, "infrastructure-deploy")
    name = f"run-{scene.ids.rng.randrange(10**9, 10**10)}"
    return callers.session(
        scene.ids, of, name, since=scene.at - _STARTED, address=_address(scene), agent=agent
    )


def _cross_account(scene: Scene) -> Caller:
    return replace(callers.cross_account(scene.ids, _vendor(scene)), address=_address(scene))


Profile = Callable[[Scene], Caller]
PROFILES: Mapping[str, Profile] = MappingProxyType(
    {
        "console": _console,
        "cli": _cli,
        "pipeline": lambda scene: _deploying(scene, callers.TERRAFORM),
        "service": lambda scene: callers.on_behalf(_deploying(scene, callers.GO), _CLOUDFORMATION),
        "cross-account": _cross_account,
    }
)
"""The callers by whom a sample may be begun, each made anew for a scene: somebody in the console, an IAM user
with the command line, a pipeline with Terraform, CloudFormation in somebody's name, a principal of another account."""


def _of_type(wanted: str, name: str | None, scene: Scene, like: Caller) -> Caller:
    """A caller of a `userIdentity.type`, with the address and the tool of `like`."""
    ids, account, since = scene.ids, scene.account, scene.at - _STARTED
    address, agent = like.address, like.agent
    if wanted == "IAMUser":
        signed_in = since if like.console else None
        made = callers.iam_user(
            ids, account, name or f"user-{ids.hex(6)}", address=address, agent=agent,
            signed_in=signed_in,
        )  # fmt: skip
    elif wanted == "Root":
        made = callers.root_user(ids, account, signed_in=since, address=address, agent=agent)
    elif wanted == "IdentityCenterUser":
        made = callers.directory_user(ids, account, address=address, agent=agent)
    elif wanted == "AWSService":
        made = callers.aws_service("signin.amazonaws.com")
    elif wanted == "AWSAccount":
        made = callers.cross_account(ids, _vendor(scene))
    else:
        of = callers.role(ids, account, name or f"role-{ids.hex(6)}")
        made = callers.session(
            ids, of, f"session-{ids.hex(6)}", since=since, address=address, agent=agent
        )
    return replace(made, address=address, agent=agent, console=like.console)


# What a demanded member says of the type, where the type itself is not demanded.
_TYPE_OF_MEMBER = (
    ("userIdentity.onBehalfOf", "IdentityCenterUser"),
    ("userIdentity.sessionContext.sessionIssuer", "AssumedRole"),
    ("userIdentity.userName", "IAMUser"),
)


def suited(caller: Caller, demands: Mapping[str, Demand], scene: Scene) -> Caller:
    """`caller`, or where it is of the wrong kind another one, with the members of `userIdentity` that are demanded.

    `demands` are by path, `userIdentity.` included. What is demanded of `invokedBy` is no matter of who somebody
    is, and left to `called_through`.
    """
    identity = {
        path: demand
        for path, demand in demands.items()
        if path.startswith("userIdentity.") and path != INVOKED_BY
    }
    if all(
        met(demand, read({"userIdentity": caller.identity}, path), scene.account)
        for path, demand in identity.items()
    ):
        return caller
    wanted = _type_wanted(identity, scene)
    names = [
        str(pick(identity[path], scene.account, lambda: f"role-{scene.ids.hex(6)}", path))
        for path in (_ISSUER, "userIdentity.userName")
        if path in identity and not identity[path].absent
    ]
    if wanted is not None and (wanted != caller.identity.get("type") or names):
        caller = _of_type(wanted, names[0] if names else None, scene, caller)
    holder = {"userIdentity": deepcopy(caller.identity)}
    for path, demand in identity.items():
        if not met(demand, read(holder, path), scene.account):
            field = path.rpartition(".")[2]
            value = None if demand.absent else _drawn(demand, field, scene, path)
            write(holder, path, value)
    return replace(caller, identity=holder["userIdentity"])


def _drawn(demand: Demand, field: str, scene: Scene, path: str) -> object:
    return pick(demand, scene.account, lambda: value_for("iam:GetUser", field, scene), path)


def _type_wanted(demands: Mapping[str, Demand], scene: Scene) -> str | None:
    if _TYPE in demands and not demands[_TYPE].absent:
        return str(pick(demands[_TYPE], scene.account, lambda: "AssumedRole", _TYPE))
    for start, kind in _TYPE_OF_MEMBER:
        if any(path.startswith(start) and not demands[path].absent for path in demands):
            return kind
    return None


def called_through(caller: Caller, demand: Demand | None, scene: Scene) -> Caller:
    """`caller` as a call shows it of whose `invokedBy` this is demanded: through a service, or by itself."""
    current = caller.identity.get("invokedBy")
    if demand is None or met(demand, current, scene.account):
        return caller
    if demand.absent:
        if not met(demand, None, scene.account):
            raise Unsatisfiable(f"{INVOKED_BY} cannot be there and not be there")
        direct = {name: each for name, each in caller.identity.items() if name != "invokedBy"}
        return replace(
            caller,
            identity=direct,
            address=_address(scene) if caller.by_service else caller.address,
            agent=callers.GO if caller.by_service else caller.agent,
        )
    service = pick(demand, scene.account, lambda: _CLOUDFORMATION, INVOKED_BY)
    if isinstance(service, str):
        return callers.on_behalf(caller, service)
    # No name of a service: nobody's address or tool follows from it.
    return replace(caller, identity={**caller.identity, "invokedBy": service})


def attested(service: str, demands: Mapping[str, Demand], shared: bool, scene: Scene) -> Caller:
    """A caller whom AWS attests to be `service`: the service itself, or a session of its service-linked role where
    the document speaks of a role or others act as the same principal (`shared`).
    """
    identity = {path for path in demands if path.startswith("userIdentity.") and path != INVOKED_BY}
    through = demands.get(INVOKED_BY)
    elsewhere = through is not None and not met(through, service, scene.account)
    if not (shared or identity or elsewhere):
        return callers.aws_service(service)
    if _TYPE in identity and met(demands[_TYPE], "AWSService", scene.account):
        return suited(callers.aws_service(service), demands, scene)
    name = f"AWSServiceRoleFor{service.partition('.')[0].title().replace('-', '')}"
    if _ISSUER in demands:
        name = str(pick(demands[_ISSUER], scene.account, lambda: name, _ISSUER))
    linked = callers.role(scene.ids, scene.account, name, f"/aws-service-role/{service}/")
    made = callers.session(
        scene.ids, linked, service.partition(".")[0], since=scene.at - _STARTED,
        address=service, agent=service,
    )  # fmt: skip
    return suited(callers.on_behalf(made, service), demands, scene)
