"""What the effect takes off held somebody back who acts without it."""

from collections.abc import Iterator

from ..catalog.namesakes import member_of
from .attempt import Barred, Tried
from .attested import attested
from .stage import Stage, attempt, base, perform
from .tables import Held, guardrail

_DENIES = {
    "policyArn": "arn:aws:iam::{account}:policy/deny-everything-but-billing",
    "policyName": "deny-everything-but-billing",
    "groupName": "quarantined",
    "policyId": "p-0denyall",
}


def guardrails(stage: Stage) -> Iterator[Tried]:
    """The effect as the removal of a Deny from somebody who acts until he goes, or stays."""
    if (why := attested(stage.effect)) is not None:
        yield Barred(f"{why}: AWS makes it for its origin")
        return
    held = guardrail(stage.effect)
    if held is None:
        yield Barred(f"{stage.effect.action} takes off nothing that holds anybody back")
        return
    tie = _tie(stage, held)
    if tie is not None and not held.acts:
        yield Barred(f"join: {tie}; what it held goes itself")
        return
    events = base(stage)
    extra = {}
    if held.what is not None:
        account = stage.sample.scene.account
        denied = _DENIES.get(held.what, "v1").format(account=account)
        extra = {f"requestParameters.{held.what}": denied}
    target = perform(
        stage,
        stage.effect,
        stage.times[stage.effect.node],
        stage.keys(stage.effect.node),
        extra=extra,
        label=f"{stage.effect.node} ({next(iter(extra.values()), held.holder)})",
    )
    events[stage.effect.node] = target
    root = stage.cascade.root.action
    who = f"{held.holder} is another than what {root} removes, and stays"
    if tie is not None:
        who = f"{held.holder} acts by a credential it had, until {root}"
    yield attempt(
        f"what held it back comes off: {who}",
        events.values(),
        target,
        f"what goes; {root} is seen",
    )


def _tie(stage: Stage, held: Held) -> str | None:
    """The key that ties what was held to what the origin removes, if one does on every edge."""
    node: dict[str, str | int] = dict(stage.keys(stage.effect.node))
    for key, source in stage.effect.keys.items():
        if held.holder not in {member_of(path) for path in source.paths}:
            continue
        value = node[key]
        joined = stage.edges[-1].join if stage.edges else ()
        if any(stage.keys(stage.root)[each] == value for each in joined):
            return key
    return None
