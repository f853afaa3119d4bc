"""What the matcher keeps of an event that some cascade cares about."""

import hashlib
from collections.abc import Callable

import msgspec

from ..events import (
    NO_ERROR,
    Brief,
    Projection,
    event_time,
    text_of,
    user_agent_family,
    user_agent_of,
)
from .actors.callers import MAX_KEPT_BYTES, Caller, caller_of
from .plan.fields import KeyValue, View, view_of
from .plan.found import found_instead
from .plan.nodes import ActionPlan

# How many callers' answers to its conditions an action remembers.
_CALLERS_KEPT = 256
_NO_MESSAGE = (b"null", b'""')
_LONGEST_ERROR = 200


class Event(msgspec.Struct, gc=False, eq=False):
    """An event, reduced to what the plan asks of it.

    `time` is in seconds since the epoch, UTC. `holds` has a bit for each of the action's conditions.
    `source` is `sourceIPAddress`, and `credential` what the call was signed with (`Caller.credential`).
    `actor` is the initial principal, filled in when all credentials are known. `late`: it came to a stream after its
    time. `unsure`: nothing says whether the call succeeded, and it is taken to have.
    `user_agent` is the userAgent, cut to MAX_TOOL_TEXT characters. `file` is where the record was read, and `position`
    its number there, from 1, among the records of API calls. `found` holds what stands at the paths of conditions of
    nodes that do not hold, by the number of the first of them (`plan.found`). None of these decides anything.
    """

    id: str
    time: int
    action: ActionPlan
    account: str | None
    region: str | None
    principal: str | None
    access_key: str | None
    credential: str | None
    source: str | None
    role: str | None
    services: frozenset[str]
    arn: str | None
    issuer: str | None
    error: str | None
    agent: str | None
    values: tuple[KeyValue, ...]
    holds: int
    actor: str | None = None
    late: bool = False
    unsure: bool = False
    user_agent: str | None = None
    file: str | None = None
    position: int | None = None
    found: tuple[tuple[int, str | None], ...] = ()

    def weight(self) -> int:
        """How many characters it holds, about."""
        texts = (
            self.id,
            self.arn,
            self.issuer,
            self.principal,
            self.access_key,
            self.error,
            self.user_agent,
        )
        weight = sum([len(text) for text in texts if text])
        for value in self.values:
            if type(value) is str:
                weight += len(value)
            elif type(value) is frozenset:
                weight += sum([64 + len(str(each)) for each in value])
        for _, text in self.found:
            weight += 64 + len(text or "")
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
                    self.credential,
                    self.source,
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
    unmet = action.node_mask & ~holds
    return Event(
        record.eventID or content_id(record),
        time,
        action,
        intern(account or None),
        intern(record.awsRegion),
        caller.principal,
        caller.access_key,
        caller.credential,
        intern(text_of(record.sourceIPAddress)),
        caller.role,
        caller.services,
        caller.arn,
        caller.issuer,
        error_of(record),
        intern(user_agent_family(record.userAgent)) if action.wants_agent else None,
        tuple([key(view) for key in action.keys]),
        holds,
        unsure=type(record) is Projection,
        user_agent=user_agent_of(record.userAgent),
        found=found_instead(action, unmet, view) if unmet else (),
    )


def error_of(record: Brief) -> str | None:
    """Why the call failed; None where it succeeded. A message without a code tells of a failure, too."""
    if record.errorCode not in NO_ERROR:
        return record.errorCode
    if not record.errorMessage or bytes(record.errorMessage) in _NO_MESSAGE:
        return None
    message = text_of(record.errorMessage)
    return message[:_LONGEST_ERROR] if message else "errorMessage"


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
