"""What the matcher says of one event. The fields are the output contract of `cascade classify`."""

from typing import Literal

import msgspec

VerdictName = Literal["effect", "origin", "orphan", "pending", "unlisted"]


class NearMiss(msgspec.Struct, frozen=True):
    """An instance that almost explained an orphan, and what was wrong.

    `instance` is the event id of the instance's root, or None where no root was found.
    """

    cascade: str
    instance: str | None
    reason: str


class Explanation(msgspec.Struct, frozen=True):
    """One way an event is explained (or, for an origin, one cascade it begins)."""

    cascade: str
    instance: str
    relation: str | None
    policy: str | None
    path: tuple[str, ...]
    techniques: tuple[str, ...]


class Verdict(msgspec.Struct, frozen=True):
    """The verdict on one event.

    `actor` is the principal id of the initial principal, `actor_arn` the ARN the event itself shows.
    `path` holds event ids from this event to the root; empty unless explained or an origin.
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
    policy: str | None = None
    path: tuple[str, ...] = ()
    techniques: tuple[str, ...] = ()
    near_misses: tuple[NearMiss, ...] = ()
    also: tuple[Explanation, ...] = ()
    actor_arn: str | None = None
    error: str | None = None
    controller: str | None = None
