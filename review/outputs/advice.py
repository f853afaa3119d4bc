"""Of each kind of finding a title, and what to do about it: what tools show beside a finding."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Advice:
    """`title` is a few words, `help` says why it matters and what to do."""

    title: str
    help: str


ADVICE: Mapping[str, Advice] = MappingProxyType(
    {
        "side-effect": Advice(
            "Fires on a side effect",
            "A benign action sets this event off: `cascade explains ACTION` tells which. Where AWS attests the "
            "caller, exclude what it attests (userIdentity.invokedBy, a service-linked role), and nothing that "
            "a caller can choose. Where it does not, exclude the ids that a cascade explains (`cascade feed`), "
            "or label them. What may only be labelled must stay visible.",
        ),
        "bypassable": Advice(
            "Bypassable by a chosen value",
            "The rule leaves out events by a value that whoever calls may choose: a userAgent, the name of a "
            "session, a role, a tag. An attacker sets it and is not seen. Exclude by what AWS writes instead.",
        ),
        "unknown-name": Advice(
            "Looks for an event that is never logged",
            "CloudTrail logs no event under this name, as far as the service models, the catalogue and public "
            "logs say. That part of the rule never fires. Correct the name; a case that differs is another name "
            "on most platforms.",
        ),
        "ignores-event-source": Advice(
            "Does not ask which service",
            "Several services log events of this name. Ask for the eventSource, or the rule fires on calls that "
            "it is not about.",
        ),
        "ignores-success": Advice(
            "Fires on refused calls",
            "The rule does not ask whether the call succeeded. Where it is about what was done, ask for the "
            "absence of errorCode; where it is about attempts, leave it and say so in the rule.",
        ),
        "everything": Advice(
            "Fires on too much",
            "The rule fires on so large a part of all actions that side effects are not told one by one. Name "
            "the actions that it is about.",
        ),
        "counts-by-caller": Advice(
            "Counts by caller",
            "The rule counts by who calls, and not by whom it is done to: one teardown by one caller counts "
            "like an attack on many. Add the target to what it counts by.",
        ),
        "overlap": Advice(
            "Overlaps another rule",
            "Another rule fires on the very same actions: each event alerts twice. Merge them, or say what "
            "tells them apart.",
        ),
        "not-judged": Advice(
            "Not judged",
            "The rule could not be executed, and nothing is said about it: this is no clean bill. The reason "
            "names what could not be executed.",
        ),
    }
)
