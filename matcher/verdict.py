"""What the matcher says of one event. The fields are the output contract of `cascade classify`."""

from collections.abc import Mapping
from typing import Literal

import msgspec

from ..catalog.terms import Policy

VerdictName = Literal["effect", "origin", "orphan", "pending", "unlisted"]


class Fault(msgspec.Struct, frozen=True):
    """One thing that was wrong with a near miss.

    `field` is what was compared: a path in the record, a member of it, or a key of the cascade. `expected` is what
    would have held, in words that follow the field ("ends with ReadOnlyAccess"); `found` is what is there, None where
    nothing is, or where nobody knows. Values are cut to 200 characters.
    """

    reason: str
    field: str | None = None
    expected: str | None = None
    found: str | None = None

    @property
    def words(self) -> str:
        """What was wrong, with the values.

        >>> Fault("other account", "account", "is 111111111111", "222222222222").words
        'other account: account is 111111111111; found 222222222222'
        """
        if self.field is None or self.expected is None:
            return self.reason
        found = "nothing" if self.found is None else self.found
        return f"{self.reason}: {self.field} {self.expected}; found {found}"


class NearMiss(msgspec.Struct, frozen=True):
    """An instance that almost explained an orphan, and what was wrong.

    `instance` is the event id of the instance's root, or None where no root was found. `reason` puts all `faults` in
    words; `field`, `expected` and `found` are those of the first that has a field.
    """

    cascade: str
    instance: str | None
    reason: str
    field: str | None = None
    expected: str | None = None
    found: str | None = None
    faults: tuple[Fault, ...] = ()


class Explanation(msgspec.Struct, frozen=True):
    """One way an event is explained (or, for an origin, one cascade it begins)."""

    cascade: str
    instance: str
    relation: str | None
    policy: Policy | None
    path: tuple[str, ...]
    techniques: tuple[str, ...]


class Silenced(msgspec.Struct, frozen=True):
    """An event that an origin silences. `keys` are the names by which it hangs on its cascade: what it was about."""

    event_id: str
    action: str
    keys: Mapping[str, str | int | tuple[str | int, ...]]


class Verdict(msgspec.Struct, frozen=True):
    """The verdict on one event.

    `actor` is the principal id of the initial principal, `actor_arn` the ARN the event itself shows.
    `policy` is what may be done with the event, and `caveats` say why that is less than what its cascade says.
    Of an origin in a finished log `silences` names the events that are silenced because of it, at most 100 of the
    `silenced` that there are.
    `path` holds event ids from this event to the root; empty unless explained or an origin.

    `target` is what the event was about: the values of the keys by which it hangs on its cascade, or of those that
    the catalogue knows for its action (at most 32 values a key, cut to 512 characters; in small letters where the key
    compares without case). `tool` is the family of `user_agent`. `initial_principal` is `actor`, where credentials that
    were handed out led to another than the event's own principal. `session` tells one sign-in of a principal from
    another: when its session was made, or else its access key. `file` is the file that the record was read from, and
    `position` its number in it, from 1, among the API calls; a stream has neither. `next` is a command that says more.
    """

    event_id: str
    event_time: str
    action: str
    account: str | None
    region: str | None
    actor: str | None
    verdict: VerdictName
    failed: bool
    cascade: str | None = None
    instance: str | None = None
    relation: str | None = None
    policy: Policy | None = None
    path: tuple[str, ...] = ()
    techniques: tuple[str, ...] = ()
    near_misses: tuple[NearMiss, ...] = ()
    also: tuple[Explanation, ...] = ()
    actor_arn: str | None = None
    error: str | None = None
    controller: str | None = None
    caveats: tuple[str, ...] = ()
    silences: tuple[Silenced, ...] = ()
    silenced: int = 0
    target: Mapping[str, str | int | tuple[str | int, ...]] = {}
    source_ip: str | None = None
    user_agent: str | None = None
    tool: str | None = None
    initial_principal: str | None = None
    session: str | None = None
    file: str | None = None
    position: int | None = None
    next: str | None = None
