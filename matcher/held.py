"""What the matcher keeps of an event that some cascade cares about."""

import hashlib
from collections.abc import Callable

import msgspec

from ..events import Identity, Record, attested_services, event_time, identity_of, user_agent_family
from .fields import KeyValue, View
from .plan import ActionPlan


class Held(msgspec.Struct, gc=False, eq=False):
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


def hold(record: Record, action: ActionPlan, intern: Callable[[str | None], str | None]) -> Held:
    """Read from `record` what `action` asks for. `intern` makes equal texts one object.

    Raises:
        ValueError: eventTime is no time.
    """
    time = event_time(record.eventTime)
    identity = identity_of(record.userIdentity)
    account = record.recipientAccountId or identity.accountId
    view = View(record, account)
    holds = 0
    for bit, test in enumerate(action.tests):
        if test(view):
            holds |= 1 << bit
    return Held(
        id=record.eventID or content_id(record),
        time=time,
        action=action,
        account=intern(account or None),
        region=intern(record.awsRegion),
        principal=intern(_principal(identity)),
        access_key=intern(identity.accessKeyId or None),
        role=intern(_role(identity)),
        services=attested_services(identity),
        arn=intern(identity.arn),
        issuer=intern(identity.issuerArn),
        error=record.errorCode or None,
        agent=intern(user_agent_family(record.userAgent)) if action.wants_agent else None,
        values=tuple(key(view) for key in action.keys),
        holds=holds,
    )


def _principal(identity: Identity) -> str | None:
    """The principal id; None for anonymous callers, who are nobody in particular."""
    principal = identity.principalId
    return None if not principal or principal.lower().startswith("anonymous") else principal


def _role(identity: Identity) -> str | None:
    """The unique id of the role that a session belongs to."""
    if identity.type != "AssumedRole" or not identity.principalId:
        return None
    return identity.principalId.partition(":")[0] or None


def content_id(record: Record) -> str:
    """A name for a record without an eventID: the hash of what it says."""
    return "sha256:" + hashlib.sha256(msgspec.json.encode(record)).hexdigest()
