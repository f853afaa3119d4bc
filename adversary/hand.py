"""Somebody else makes the effect, and the origin is the owner's own."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import replace

from ..samples import iso
from .attempt import Barred, Json, Tried
from .attested import attested
from .stage import Stage, attempt, base, changed, perform
from .tables import HANDS_OUT

_ADDRESS = "203.0.113.66"
_TOOL = "Boto3/1.35.99 md/Botocore#1.35.99 ua/2.0 os/linux lang/python#3.12.8"
_OTHER_TOOL = "curl/8.5.0"


def hand(stage: Stage) -> Iterator[Tried]:
    """The effect by other hands: another principal, another session, the same credentials used elsewhere."""
    if (why := attested(stage.effect)) is not None:
        yield Barred(f"{why}: AWS attests who makes it")
        return
    if not stage.edges:
        yield Barred("the effect is what the instance is named after")
        return
    for story, members in _hands(stage):
        for count in range(1, len(stage.path)):
            events = {name: replace(step, by="owner") for name, step in base(stage).items()}
            for name in stage.path[:count]:
                events[name] = replace(changed(events[name], members), by="attacker")
            yield attempt(
                f"{story} makes {' and '.join(stage.path[:count])}; {stage.path[count]} is the owner's",
                events.values(),
                events[stage.effect.node],
                "nothing",
            )
    yield from _by_itself(stage)


def _by_itself(stage: Stage) -> Iterator[Tried]:
    name = stage.effect.action.partition(":")[2]
    if not HANDS_OUT.fullmatch(name):
        return
    events = base(stage)
    made = perform(
        stage, stage.effect, stage.times[stage.effect.node], stage.keys(stage.effect.node)
    )
    events[stage.effect.node] = made
    yield attempt(
        f"whoever makes {stage.cascade.root.action} makes {stage.effect.node} himself, for what it hands out",
        events.values(),
        made,
        f"nothing; {stage.cascade.root.action} is seen",
    )


def _hands(stage: Stage) -> Iterator[tuple[str, Mapping[str, object]]]:
    found = stage.sample.event(stage.effect.node).record
    identity: Json = found["userIdentity"]
    stranger = deepcopy(stage.stranger)
    yield "another principal", {"userIdentity": stranger, "sourceIPAddress": _ADDRESS}
    if identity.get("type") == "AssumedRole":
        yield "a session of the role under another name", {"userIdentity": _session(identity, "x")}
        yield (
            "a session of the role under the same name, of which no AssumeRole is in the log,",
            {"userIdentity": _session(identity, None)},
        )
    yield "the same key from another address", {"sourceIPAddress": _ADDRESS}
    agent = _TOOL if "Boto3" not in str(found["userAgent"]) else _OTHER_TOOL
    yield "the same key in another tool", {"userAgent": agent}


def _session(identity: Json, name: str | None) -> Json:
    """Another session of the role; of the same name where none is given."""
    made = deepcopy(identity)
    made["accessKeyId"] = "ASIAXXXXXXXXXXXXEVIL"
    made["sessionContext"]["attributes"]["creationDate"] = iso(1_773_700_000)
    if name is not None:
        role = str(made["principalId"]).partition(":")[0]
        made["principalId"] = f"{role}:{name}"
    return made
