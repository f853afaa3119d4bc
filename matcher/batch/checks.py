"""All that a node asks of an event, and an edge of two, with what holds and what does not.

What does not hold is what the near misses call a fault: there is one judge.
"""

from collections.abc import Iterator

from ..event import Event
from ..inquiry import Check
from ..plan.nodes import NodePlan
from ..verdict import Fault
from ..wording import moment_of
from .faults import asked, edge_faults, is_value, own_faults, service_fault, told


def node_checks(node: NodePlan, event: Event) -> Iterator[Check]:
    """What the node asks of the event by itself: that it succeeded, and its conditions."""
    failed = {fault.field: fault for fault in own_faults(node, event)}
    if not node.any_outcome:
        if event.error:
            yield _failed(failed["errorCode"])
        else:
            yield Check(True, "errorCode", "is not there")
    if "responseElements" in failed and node.told & ~event.holds:
        yield _failed(failed["responseElements"])
    for number, path in enumerate(node.action.conditions):
        if node.mask >> number & 1:
            holds = bool(event.holds >> number & 1)
            found = None if holds else failed[path].found
            yield Check(holds, path, asked(node, number), found)


def edge_checks(node: NodePlan, child: Event, parent: Event) -> Iterator[Check]:
    """What the edge of `node` asks of two events."""
    failed = {fault.field: fault for fault in edge_faults(node, child, parent)}

    def check(field: str, expected: str, found: str | None) -> Check:
        fault = failed.get(field)
        return Check(True, field, expected, found) if fault is None else _failed(fault)

    earliest, latest = parent.time - node.before, parent.time + node.after
    window = f"is from {moment_of(earliest)} to {moment_of(latest)}"
    yield check("eventTime", window, moment_of(child.time))
    if node.service is not None:
        fault = service_fault(node, child)
        if node.service in child.services:
            yield Check(True, "userIdentity", fault.expected or "", fault.found)
        else:
            yield _failed(fault)
    elif node.actor != "any":
        yield check("actor", is_value(parent.actor), child.actor)
    if node.same_account:
        yield check("account", is_value(parent.account), child.account)
    for name, ours, theirs in node.join:
        yield check(name, is_value(told(parent.values[theirs])), told(child.values[ours]))
    for name, ours, theirs in node.distinct:
        yield check(name, f"is not {told(parent.values[theirs])}", told(child.values[ours]))
    if node.same_tool:
        yield check("userAgent", is_value(parent.agent), child.agent)


def _failed(fault: Fault) -> Check:
    return Check(False, fault.field or "", fault.expected or fault.reason, fault.found)
