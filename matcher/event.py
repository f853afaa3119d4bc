"""What the matcher keeps of an event that some cascade cares about."""

import hashlib
from collections.abc import Callable

import msgspec

from ..events import Brief, event_time, user_agent_family
from .actors.callers import MAX_KEPT_BYTES, Caller, caller_of
from .plan.fields import KeyValue, View, view_of
from .plan.nodes import ActionPlan

# How many callers' answers to its conditions an action remembers.
_CALLERS_KEPT = 256


class Event(msgspec.Struct, gc=False, eq=False):
    """An event, reduced to what the plan asks of it.

    `time` is in seconds since the epoch, UTC. `holds` has a bit for each of the action's conditions.
    `actor` is the initial principal, filled in when all credentials are known.
    """

    id: str
    time: int
    action: ActionPlan
    account: str | None
    region: str | None
    principal: str | None
    access_key: str | None
    role: str | None
    services: frozenset[str]
    arn: str | None
    issuer: str | None
    error: str | None
    agent: str | None
    values: tuple[KeyValue, ...]
    holds: int
    actor: str | None = None

    def weight(self) -> int:
        """How many characters it holds, about."""
        texts = (self.id, self.arn, self.issuer, self.principal, self.access_key, self.error)
        weight = sum([len(text) for text in texts if text])
        for value in self.values:
            if type(value) is str:
                weight += len(value)
            elif type(value) is frozenset:
                weight += sum([64 + len(str(each)) for each in value])
        return weight

    def content(self) -> tuple[str, ...]:
        """What two events of one id are compared by, when they differ."""
        return (
            self.action.action,
            str(self.time),
            *(
                "" if text is None else text
                for text in (
                    self.account,
                    self.region,
                    self.principal,
                    self.access_key,
                    self.role,
                    self.arn,
                    self.issuer,
                    self.error,
                    self.agent,
                )
            ),
            str(self.holds),
            repr(sorted(self.services)),
            *(_text(value) for value in self.values),
        )


def _text(value: KeyValue) -> str:
    return repr(sorted(value, key=repr) if isinstance(value, frozenset) else value)


def read_event(
    record: Brief,
    action: ActionPlan,
    intern: Callable[[str | None], str | None],
    caller: Caller | None = None,
) -> Event:
    """Read from `record` what `action` asks for. `intern` makes equal texts one object; `caller` is who made
    the call, where that is known already.

    Raises:
        ValueError: eventTime is no time.
    """
    time = event_time(record.eventTime)
    if caller is None:
        caller = caller_of(record.userIdentity)
    account = record.recipientAccountId or caller.account
    view = view_of(record, account, caller)
    holds = caller_conditions(action, caller) if action.caller_tests else 0
    for bit, test in action.tests:
        if test(view):
            holds |= bit
    return Event(
        record.eventID or content_id(record),
        time,
        action,
        intern(account or None),
        intern(record.awsRegion),
        caller.principal,
        caller.access_key,
        caller.role,
        caller.services,
        caller.arn,
        caller.issuer,
        record.errorCode or None,
        intern(user_agent_family(record.userAgent)) if action.wants_agent else None,
        tuple([key(view) for key in action.keys]),
        holds,
    )


def caller_conditions(action: ActionPlan, caller: Caller) -> int:
    """The bits of those conditions of `action` that hold for all events of `caller`, whatever else is in them."""
    known = action.callers.get(caller)
    if known is None:
        if len(action.callers) >= _CALLERS_KEPT:
            action.callers.clear()
        view = View()
        view.caller = caller
        known = sum(bit for bit, test in action.caller_tests if test(view))
        if len(caller.raw) <= MAX_KEPT_BYTES:
            action.callers[caller] = known
    return known


def content_id(record: Brief) -> str:
    """A name for a record without an eventID: the hash of what it says."""
    return "sha256:" + hashlib.sha256(msgspec.json.encode(record)).hexdigest()
