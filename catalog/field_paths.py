"""Whether a field path can occur in the records of an operation, by CloudTrail's spelling of its model.

CloudTrail writes members of most services with a lower first letter (`sSHPublicKeyId`), drops the
single wrapper around the output of RDS and its like, and has ways of its own for EC2 and S3, which
the models decide only in part: there a path is at best `plausible`, until a record has shown it.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Literal

from .record_facts import written_member
from .service_models import Member, Operation, Shape

Certainty = Literal["known", "plausible", "impossible"]
# What stands at the end of a path. Only `value` can be the value of a key.
Kind = Literal["value", "boolean", "list", "object", "any"]
Part = tuple[str, bool]

# Services of the query protocol whose single structure in the output goes without its name.
_UNWRAPPED_OUTPUTS = frozenset({"docdb", "elasticache", "elb", "neptune", "rds", "redshift"})
# Secrets Manager changed its spelling in February 2024; both are in logs.
# https://docs.aws.amazon.com/secretsmanager/latest/userguide/cloudtrail_log_entries.html
_OTHER_SPELLINGS = {("secretsmanager", "ARN"): "arn"}


@dataclass(frozen=True, slots=True)
class PathVerdict:
    """What the models say of a path: how sure, what stands at its end, and why not.

    `shape` is the type there, where the models have it.
    """

    certainty: Certainty
    kind: Kind = "any"
    reason: str = ""
    shape: Shape | None = field(default=None, compare=False, repr=False)

    @property
    def _rank(self) -> int:
        return ("known", "plausible", "impossible").index(self.certainty)


def judge_path(
    operations: Iterable[Operation], path: str, recorded: Iterable[str] = ()
) -> PathVerdict:
    """The best verdict on a path under `requestParameters` or `responseElements` over `operations`.

    `recorded` are paths that records of the action have shown; of EC2 they tell which of its two
    spellings the action has.
    """
    verdicts = [_judge(operation, path, tuple(recorded)) for operation in operations]
    return min(verdicts, key=lambda verdict: verdict._rank)


def _judge(operation: Operation, path: str, recorded: tuple[str, ...]) -> PathVerdict:
    first, *rest = path.split(".")
    parts: list[Part] = [(part.removesuffix("[]"), part.endswith("[]")) for part in rest]
    is_input = first == "requestParameters"
    shape = operation.input if is_input else operation.output
    if first.endswith("[]") or not parts:
        return PathVerdict("impossible", reason=f"{first} is an object: name one of its members")
    if operation.protocol == "ec2":
        return _judge_ec2(operation, parts, is_input, recorded)
    if shape is None or not (shape.members or shape.is_open):
        side = "parameters" if is_input else "output"
        return PathVerdict("impossible", reason=f"{operation.name} has no {side}")
    if operation.service in ("s3", "s3control"):
        return _walk(shape, parts, _s3_members(operation), "s3")
    if not is_input and operation.service in _UNWRAPPED_OUTPUTS:
        wrapped = _single_structure(shape)
        if wrapped is not None:
            if parts[0][0] == _lower_first(wrapped.name) and len(parts) > 1:
                reason = f"CloudTrail drops the wrapper {parts[0][0]!r}"
                return PathVerdict("impossible", reason=reason)
            shape = wrapped.shape
    return _walk(shape, parts, _plain_members(operation), "plain")


# A structure's members as CloudTrail may spell them, and whether that spelling is certain.
Members = Callable[[Shape], Iterator[tuple[str, bool, Member]]]


def _plain_members(operation: Operation) -> Members:
    rest = operation.protocol.startswith("rest-")

    def members(shape: Shape) -> Iterator[tuple[str, bool, Member]]:
        for name, member in shape.members.items():
            if written := written_member(operation.service, name):
                yield written, True, member
                continue
            yield _lower_first(name), True, member
            if other := _OTHER_SPELLINGS.get((operation.service, name)):
                yield other, True, member
            if rest:  # some keep the capitals, others log what is on the wire
                yield name, False, member
                yield member.wire_name, False, member

    return members


def _s3_members(operation: Operation) -> Members:
    top = operation.input

    def members(shape: Shape) -> Iterator[tuple[str, bool, Member]]:
        for name, member in shape.members.items():
            if shape == top and name in ("Bucket", "Key"):
                yield ("bucketName" if name == "Bucket" else "key"), True, member
            else:
                yield member.wire_name, False, member
                yield _lower_first(name), False, member

    return members


def _walk(shape: Shape, parts: list[Part], members: Members, style: str) -> PathVerdict:
    certain = True
    for position, (name, each) in enumerate(parts):
        if shape.kind == "map":
            shape = shape.map_value
        elif shape.is_open:
            return PathVerdict("plausible")
        elif shape.kind != "structure":
            return PathVerdict(
                "impossible", reason=f"there is nothing inside {_text(parts[:position])!r}"
            )
        else:
            choices = {
                spelling: (sure, member)
                for spelling, sure, member in sorted(members(shape), key=lambda row: row[1])
            }
            if name not in choices:
                return PathVerdict("impossible", reason=_no_member(name, choices))
            sure, member = choices[name]
            certain = certain and sure
            shape = member.shape
        if shape.kind == "list":
            last = position == len(parts) - 1
            if style == "s3":  # one element is written without its list
                shape = shape.element.shape
                certain = False
            elif each:
                shape = shape.element.shape
            elif not last:
                return PathVerdict("impossible", reason=f"{name!r} is a list: write {name}[]")
        elif each:
            if style != "s3":
                return PathVerdict("impossible", reason=f"{name!r} is no list: write {name}")
            certain = False
    return PathVerdict("known" if certain else "plausible", _kind(shape), shape=shape)


def _judge_ec2(
    operation: Operation, parts: list[Part], is_input: bool, recorded: tuple[str, ...]
) -> PathVerdict:
    suffix = "Request" if is_input else "Response"
    wrapper = operation.name + suffix
    prefix = f"{'requestParameters' if is_input else 'responseElements'}."
    shown = {path.startswith(prefix + wrapper) for path in recorded if path.startswith(prefix)}
    is_wrapped = parts[0][0] == wrapper
    if shown and is_wrapped not in shown:
        written = "inside" if not is_wrapped else "without"
        return PathVerdict(
            "impossible", reason=f"records of {operation.name} have it {written} {wrapper}"
        )
    if not is_input and parts[0][0] in ("_return", "requestId"):
        return PathVerdict("known", "boolean" if parts[0][0] == "_return" else "value")
    shape = operation.input if is_input else operation.output
    rest = parts[1:] if is_wrapped else parts
    if shape is None or not shape.members:
        side = "parameters" if is_input else "output"
        return PathVerdict("impossible", reason=f"{operation.name} has no {side}")
    if not rest:
        return PathVerdict("plausible", "object")
    verdict = _walk_ec2(shape, rest, is_input, is_wrapped)
    # A plain member of an action whose spelling has been seen leaves no doubt.
    if verdict.certainty == "plausible" and shown and len(rest) == 1 and verdict.kind != "list":
        return PathVerdict("known", verdict.kind, shape=verdict.shape)
    return verdict


def _walk_ec2(shape: Shape, parts: list[Part], is_input: bool, is_wrapped: bool) -> PathVerdict:
    remaining = list(parts)
    while remaining:
        name, each = remaining.pop(0)
        if shape.kind != "structure":
            return PathVerdict("impossible", reason=f"there is nothing that holds {name!r}")
        choices = {
            spelling: member
            for member in shape.members.values()
            for spelling in _ec2_spellings(member, is_input, is_wrapped)
        }
        if name not in choices:
            return PathVerdict("impossible", reason=_no_member(name, choices))
        shape = choices[name].shape
        if shape.kind != "list":
            if each:
                return PathVerdict("impossible", reason=f"{name!r} is no list: write {name}")
            continue
        if not remaining and not each:
            return PathVerdict("plausible", "list", shape=shape)
        shape = shape.element.shape
        if is_wrapped:
            # A request's list is objects with `tag` and, of plain values, `content`; a response's
            # is in `item`. One element stands without a list.
            inner = "content" if is_input else "item"
            if (
                remaining
                and remaining[0][0] == inner
                and (not is_input or shape.kind != "structure")
            ):
                remaining.pop(0)
            continue
        if each or remaining.pop(0) != ("items", True):
            return PathVerdict("impossible", reason=f"{name!r} is a list: write {name}.items[]")
        if remaining and shape.kind != "structure":
            # Plain values come as objects with one member, such as `instanceId`.
            remaining.pop(0)
            return (
                PathVerdict("impossible", reason=f"there is nothing that holds {remaining[0][0]!r}")
                if remaining
                else PathVerdict("plausible", "value", shape=shape)
            )
    return PathVerdict("plausible", _kind(shape), shape=shape)


def _ec2_spellings(member: Member, is_input: bool, is_wrapped: bool) -> Iterator[str]:
    if not is_input:
        yield member.wire_name
        return
    if is_wrapped:
        yield from (member.name, member.wire_name)
        yield member.wire_name[:1].upper() + member.wire_name[1:]
        return
    yield from (_lower_first(member.name), _lower_first(member.wire_name))
    if member.shape.kind == "list":
        stem = _lower_first(member.name)
        for ending in ("Ids", "s"):
            yield stem.removesuffix(ending) + "Set"
            yield stem.removesuffix(ending) + "sSet"


def _single_structure(output: Shape) -> Member | None:
    members = list(output.members.values())
    return members[0] if len(members) == 1 and members[0].shape.kind == "structure" else None


def _kind(shape: Shape) -> Kind:
    if shape.kind in ("structure", "map"):
        return "any" if shape.is_open else "object"
    if shape.kind in ("list", "boolean"):
        return "list" if shape.kind == "list" else "boolean"
    return "value"


def _no_member(name: str, choices: Iterable[str]) -> str:
    names = sorted(set(choices))
    meant = get_close_matches(name, names, n=1) or [
        choice for choice in names if choice.lower() == name.lower()
    ]
    return f"there is no {name!r}" + (f"; did you mean {meant[0]!r}?" if meant else "")


def _lower_first(name: str) -> str:
    return name[:1].lower() + name[1:]


def _text(parts: list[Part]) -> str:
    return ".".join(name + ("[]" if each else "") for name, each in parts)
