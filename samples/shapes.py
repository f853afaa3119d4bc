"""Values as AWS mints them: by the name of the field, and by the service model where there is one."""

import json
import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from ..catalog import ServiceModels
from ..catalog.service_models import Shape
from .demands import own_policy
from .identifiers import Ids, iso

# Ids of EC2 by the resource that the field names.
_EC2_IDS = {
    "allocation": "eipalloc",
    "association": "eipassoc",
    "flowlog": "fl",
    "group": "sg",
    "image": "ami",
    "instance": "i",
    "internetgateway": "igw",
    "launchtemplate": "lt",
    "natgateway": "nat",
    "networkacl": "acl",
    "networkinterface": "eni",
    "routetable": "rtb",
    "securitygroup": "sg",
    "snapshot": "snap",
    "subnet": "subnet",
    "transitgateway": "tgw",
    "transitgatewayattachment": "tgw-attach",
    "volume": "vol",
    "vpc": "vpc",
    "vpcendpoint": "vpce",
    "vpcpeeringconnection": "pcx",
}
_USE_EC2_IDS = frozenset({"autoscaling", "ec2", "elasticloadbalancing", "rds"})
# What an ARN in a field names: service, and the kind that stands before the name.
_ARNS = {
    "bucket": ("s3", ""),
    "cluster": ("", "cluster/"),
    "function": ("lambda", "function:"),
    "key": ("kms", "key/"),
    "kmskey": ("kms", "key/"),
    "loggroup": ("logs", "log-group:"),
    "policy": ("iam", "policy/"),
    "queue": ("sqs", ""),
    "role": ("iam", "role/"),
    "secret": ("secretsmanager", "secret:"),
    "targetgroup": ("elasticloadbalancing", "targetgroup/"),
    "topic": ("sns", ""),
    "user": ("iam", "user/"),
}
_GLOBAL_ARNS = frozenset({"iam", "organizations", "cloudfront", "route53"})
_UNTOLD = "resource"


@dataclass(frozen=True, slots=True)
class Scene:
    """Where and when a record is made. `at`: UTC, seconds since 1970; `models`: None without botocore."""

    ids: Ids
    account: str
    region: str
    at: int
    models: ServiceModels | None = None


def stem_of(name: str) -> str:
    """What a field is about, in small letters: `role` of `roleName`, `roleArn` and `role`.

    >>> stem_of("roleName"), stem_of("dBInstanceIdentifier"), stem_of("ARN")
    ('role', 'dbinstance', 'resource')
    """
    short = re.sub(
        r"(arn|arns|name|names|id|ids|identifier|set|list)$", "", name.removesuffix("[]").lower()
    )
    return re.sub(r"[^a-z0-9]", "", short) or _UNTOLD


def kind_of(action: str, field: str) -> str:
    """What a field of an action is about; where its name says nothing, what the action is about.

    >>> kind_of("cloudtrail:DeleteTrail", "name"), kind_of("iam:DeleteUser", "userName")
    ('trail', 'user')
    """
    kind = stem_of(field)
    if kind != _UNTOLD:
        return kind
    words = re.findall(r"[A-Z]+[a-z0-9]*", re.sub(r"\d{8}(v\d+)?$", "", action.partition(":")[2]))
    return "".join(words[1:]).lower() or _UNTOLD


def arn(action: str, field: str, name: str, scene: Scene) -> str:
    """The ARN, in the scene's account, of the resource called `name` that a field of `action` holds."""
    kind = "role" if field.lower().endswith(("role", "rolearn")) else kind_of(action, field)
    of, before = _ARNS.get(kind, ("", f"{kind}/"))
    of = of or action.partition(":")[0]
    if kind == "bucket":
        return f"arn:aws:s3:::{name}"
    region = "" if of in _GLOBAL_ARNS else scene.region
    return f"arn:aws:{of}:{region}:{scene.account}:{before}{name}"


def names_an_arn(field: str, shape: Shape | None = None) -> bool:
    """Whether a field holds an ARN, by its name or by the pattern of its type."""
    named = field.removesuffix("[]").lower().endswith(("arn", "arns"))
    return named or bool(shape and shape.pattern and re.match(r"\^?\(?arn:", shape.pattern))


_IDENTITY_POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::example/*"}
    ],
}
Maker = Callable[[Scene, str], str]
# Fields by their names in small letters; the first that matches counts.
_BY_NAME: tuple[tuple[str, Maker], ...] = (
    (r"account(id)?s?|accountids?to.*|.*accountid", lambda scene, _: scene.account),
    (r".*accesskeyid", lambda scene, _: scene.ids.unique("AKIA")),
    (r"sshpublickeyid", lambda scene, _: scene.ids.unique("APKA")),
    (r"servicespecificcredentialid", lambda scene, _: scene.ids.unique("ACCA")),
    (r"serialnumber", lambda scene, _: f"arn:aws:iam::{scene.account}:mfa/mfa-{scene.ids.hex(6)}"),
    (r"(.*kms)?keyids?|.*token|.*requestid|.*workflowid|uuid", lambda scene, _: scene.ids.uuid()),
    (r".*cidripv6", lambda scene, _: f"2001:db8:{scene.ids.hex(4)}::/64"),
    (r".*cidr.*", lambda scene, _: f"10.{int(scene.ids.hex(2), 16)}.0.0/24"),
    (r"sourceipaddress|.*ipaddress", lambda scene, _: f"198.51.100.{int(scene.ids.hex(2), 16)}"),
    (r".*email.*", lambda scene, _: f"ops-{scene.ids.hex(6)}@example.com"),
    (r".*(url|uri|endpoint)", lambda scene, _: f"https://example.com/{scene.ids.hex(8)}"),
    (r".*domain(name)?", lambda scene, _: f"app-{scene.ids.hex(6)}.example.com"),
    (r"policydocument", lambda scene, _: json.dumps(_IDENTITY_POLICY)),
    (r".*(policy|policydocument)", lambda scene, _: json.dumps(own_policy(scene.account))),
    (r".*(time|date|timestamp)", lambda scene, _: iso(scene.at)),
    (r"bucket(name)?", lambda scene, _: f"example-{scene.ids.hex(10)}"),
)


def is_typical(field: str) -> bool:
    """Whether a field's name alone tells what its values look like."""
    lowered = field.removesuffix("[]").lower()
    return (
        stem_of(field) in _EC2_IDS
        or names_an_arn(field)
        or any(re.fullmatch(pattern, lowered) for pattern, _ in _BY_NAME)
    )


def text_for(action: str, field: str, scene: Scene) -> str:
    """A text that a field of `action` may hold."""
    lowered, kind = field.removesuffix("[]").lower(), kind_of(action, field)
    service = action.partition(":")[0]
    if names_an_arn(field):
        return arn(action, field, f"{kind}-{scene.ids.hex(8)}", scene)
    if service in _USE_EC2_IDS and kind in _EC2_IDS and lowered.endswith(("id", "ids")):
        return f"{_EC2_IDS[kind]}-{scene.ids.hex(17)}"
    for pattern, make in _BY_NAME:
        if re.fullmatch(pattern, lowered):
            return make(scene, field)
    return f"{kind}-{scene.ids.hex(8)}"


def value_for(action: str, field: str, scene: Scene, shape: Shape | None = None) -> object:
    """A single value that a field of `action` may hold, as its `shape` allows."""
    if shape is None:
        return text_for(action, field, scene)
    if shape.kind == "string" and shape.choices:
        return scene.ids.of(*shape.choices)
    simple = _OF_KIND.get(shape.kind)
    return simple(shape, scene) if simple else _allowed(shape, action, field, scene)


_OF_KIND: dict[str, Callable[[Shape, Scene], object]] = {
    "boolean": lambda shape, scene: False,
    "integer": lambda shape, scene: max(shape.least, min(1, shape.most or 1)),
    "long": lambda shape, scene: max(shape.least, min(1, shape.most or 1)),
    "double": lambda shape, scene: float(max(shape.least, 1)),
    "float": lambda shape, scene: float(max(shape.least, 1)),
    "timestamp": lambda shape, scene: iso(scene.at),
    "blob": lambda shape, scene: "ZXhhbXBsZQ==",
}


# What services ask for that no field's name tells. `h` are hexadecimal digits, `n` is a number from 1 to 256.
_PECULIAR = (
    "v{n}",
    "fs-{h:.17}",
    "ou-{h:.4}-{h:.8}",
    "{region}_{h:.9}",
    "sha256:{h}",
    "lambda:InvokeFunction",
    "t3.micro",
    "{n:06}",
    "arn:aws:iam::{account}:role/role-{h:.8}",
    "arn:aws:iam::aws:policy/ReadOnlyAccess",
    "arn:aws:sso:::instance/ssoins-{h:.16}",
    "arn:aws:sso:::permissionSet/ssoins-{h:.16}/ps-{h:.16}",
    "arn:aws:{service}:{region}:{account}:{kind}-{h:.8}",
    "arn:aws:imagebuilder:{region}:{account}:image-pipeline/{kind}-{h:.8}",
    "example-{h:.32}",
    "1.0",
    "AWS:Application",
    "AmiProduct@1.0",
    "AddDeliveryOptions",
    "{day}",
    "o-{h:.10}/r-{h:.4}",
    "arn:aws:detective:{region}:{account}:graph:{h:.32}",
    "arn:aws:lambda:{region}:{account}:function:{kind}-{h:.8}",
    "arn:aws:sso::{account}:application/ssoins-{h:.16}/apl-{h:.16}",
    "arn:aws:trustedadvisor::{account}:recommendation/{h:.8}",
)


def _allowed(shape: Shape, action: str, field: str, scene: Scene) -> str:
    usual = text_for(action, field, scene)
    stem = kind_of(action, field)
    more = scene.ids.hex(64)
    begins = re.match(r"\^?\(?([A-Za-z]+-)", shape.pattern or "")
    for text in (
        usual,
        arn(action, field, f"{stem}-{more[:8]}", scene),
        *(f"{begins[1]}{more[:length]}" for length in (17, 10, 8) if begins),
        f"{stem}{more[:8]}",
        scene.ids.uuid(),
        *(more[:length] for length in (64, 40, 32, 17, 16, 12, 10, 8)),
        *(f"{prefix}-{more[:length]}" for prefix in (stem, stem[:1]) for length in (17, 10, 8)),
        scene.account,
        "1",
        scene.region,
        *(
            each.format(
                h=more,
                n=int(more[:2], 16) + 1,
                region=scene.region,
                account=scene.account,
                service=action.partition(":")[0],
                kind=stem,
                day=iso(scene.at)[:10],
            )
            for each in _PECULIAR
        ),
    ):
        if fits(text, shape):
            return text
    usual = usual.ljust(shape.least, "x")
    return usual if shape.most is None else usual[: shape.most]


def fits(text: str, shape: Shape) -> bool:
    """Whether the model allows a text. A pattern that Python cannot read allows all."""
    if len(text) < shape.least or (shape.most is not None and len(text) > shape.most):
        return False
    compiled = _compiled(shape.pattern) if shape.pattern is not None else None
    return compiled is None or compiled.search(text) is not None


@cache
def _compiled(pattern: str) -> re.Pattern[str] | None:
    with warnings.catch_warnings():  # Java's dialect nests sets, of which Python warns
        warnings.simplefilter("ignore")
        try:
            return re.compile(f"^(?:{pattern})$")
        except re.error:
            return None
