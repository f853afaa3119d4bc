"""What is wrong with an event at a node, with a root, and with an edge between two events."""

from collections.abc import Iterator

from ..event import Event
from ..instances import Instances, is_judgeable
from ..joins import actor_fits, fits, tools_agree
from ..plan.condition_words import in_words
from ..plan.fields import KeyValue, covers, differs
from ..plan.found import KEPT_MEMBERS, cut
from ..plan.nodes import REGION, NodePlan
from ..verdict import Fault
from ..wording import moment_of

_MOST_VALUES = 4


def own_faults(node: NodePlan, event: Event) -> Iterator[Fault]:
    """Why an event of the node's action does not fit it."""
    yield from _outcome(node, event, "this call")
    yield from _unmet(node, event, "")


def root_faults(node: NodePlan, event: Event, instances: Instances) -> Iterator[Fault]:
    """Why an event begins no instance of the cascade whose root `node` is."""
    what = node.name if node.cascade.ensemble else "origin"
    yield from _outcome(node, event, what)
    yield from _unmet(node, event, f"{what}: ")
    if not fits(node, event):
        return
    if not is_judgeable(node.cascade, event):
        yield Fault(f"{what} lacks a key that would void it")
        return
    voided = instances.voided(node.cascade, event)
    if voided is not None:
        yield Fault(voided)
        return
    lacking = instances.lacking(node.cascade, event)
    if lacking is not None:
        yield Fault(f"no {lacking} that fits")


def missing_key(node: NodePlan, name: str) -> Fault:
    """That an event does not say what it would hang on its parent by."""
    return Fault(f"key {name} is missing", name, "is there", None)


def edge_faults(node: NodePlan, child: Event, parent: Event) -> Iterator[Fault]:
    """Why the edge of `node` does not hold between two events."""
    if node.same_account and (child.account is None or child.account != parent.account):
        yield Fault("other account", "account", is_value(parent.account), child.account)
    if node.service is None and not actor_fits(node, child, parent):
        known = child.actor and parent.actor
        reason = "other actor" if known else "unknown actor"
        yield Fault(reason, "actor", is_value(parent.actor), child.actor and cut(child.actor))
    earliest, latest = parent.time - node.before, parent.time + node.after
    outside = max(earliest - child.time, child.time - latest)
    if outside > 0:
        yield Fault(
            f"{_spoken(outside)} outside the window",
            "eventTime",
            f"is from {moment_of(earliest)} to {moment_of(latest)}",
            moment_of(child.time),
        )
    for name, ours, theirs in node.join:
        mine, other = child.values[ours], parent.values[theirs]
        if not covers(other, mine):
            reason = "other Region" if name == REGION else f"key {name} differs"
            yield Fault(reason, name, is_value(told(other)), told(mine))
    for name, ours, theirs in node.distinct:
        mine, other = child.values[ours], parent.values[theirs]
        if not differs(other, mine):
            expected = "is there on both" if other is None else f"is not {told(other)}"
            yield Fault(f"key {name} is the same or missing", name, expected, told(mine))
    if node.same_tool and not tools_agree(child, parent):
        known = child.agent and parent.agent
        reason = f"other tool: {child.agent} and {parent.agent}" if known else "unknown tool"
        yield Fault(reason, "userAgent", is_value(parent.agent), child.agent)


def service_fault(node: NodePlan, event: Event) -> Fault:
    """That AWS does not attest the caller whom the node asks for."""
    found = ", ".join(sorted(event.services)) or None
    return Fault(
        "not made by the service", "userIdentity", is_value(node.service), found and cut(found)
    )


def _outcome(node: NodePlan, event: Event, what: str) -> Iterator[Fault]:
    if event.error and not node.any_outcome:
        yield Fault(f"{what} failed: {event.error}", "errorCode", "is not there", cut(event.error))
    elif node.told & ~event.holds:
        yield Fault(f"{what} failed in part", "responseElements", in_words(None))


def _unmet(node: NodePlan, event: Event, prefix: str) -> Iterator[Fault]:
    for bit, path in enumerate(node.action.conditions):
        if node.mask & ~event.holds & (1 << bit):
            yield Fault(
                f"{prefix}condition on {path} does not hold",
                path,
                asked(node, bit),
                found_at(event, path),
            )


def found_at(event: Event, path: str) -> str | None:
    """What the event has at the path of a condition that does not hold; None where nothing is there."""
    if path in KEPT_MEMBERS:
        member = KEPT_MEMBERS[path]
        text = None if member is None else getattr(event, member)
        return text and cut(text)
    first = event.action.conditions.index(path)
    return next((text for number, text in event.found if number == first), None)


def asked(node: NodePlan, number: int) -> str:
    """What a condition of the node's action asks for, in words."""
    known = node.action.asked_words
    if number not in known:
        known[number] = in_words(node.action.asked[number])
    return known[number]


def is_value(value: str | None) -> str:
    """What is asked for where this value must be met; that it be known, where it is not."""
    return "is known" if value is None else f"is {cut(value)}"


def told(value: KeyValue) -> str | None:
    """The values of a key, in words."""
    if value is None:
        return None
    if not isinstance(value, frozenset):
        return cut(str(value))
    some = [cut(str(each)) for each in sorted(value, key=str)[:_MOST_VALUES]]
    beyond = len(value) - len(some)
    return cut(", ".join([*some, f"{beyond} more"] if beyond else some))


def _spoken(seconds: int) -> str:
    """A span as people say it; minutes only when they say it all.

    >>> _spoken(71 * 60), _spoken(61), _spoken(5 * 3600)
    ('71m', '61s', '300m')
    """
    return f"{seconds // 60}m" if seconds % 60 == 0 or seconds >= 600 else f"{seconds}s"
