"""Who made a call, read once for all the events of a session.

A `userIdentity` says the same, byte for byte, in every event of one session, so what it comes to is kept
under its bytes for as long as other sessions have not pushed it out.
"""

from functools import lru_cache
from sys import intern

import msgspec
from msgspec import Raw

from ...events import attested_services, identity_of, object_in

# Sessions whose events lie near each other in a log, and what one may take: an identity of AWS's is below 2 KB, and
# what is remembered must not grow with what somebody writes into a log.
_KEPT = 4_096
MAX_KEPT_BYTES = 4_096


class Caller(msgspec.Struct, frozen=True, gc=False, eq=False):
    """What the matcher asks of a `userIdentity`.

    `raw` is its JSON, empty where the record has none; `whole` the same as a member of a record. `principal` is
    the principal id, None for anonymous callers, who are nobody in particular; `asker` the principal id of
    anybody, with the access key. `role` is the unique id of the role that a session belongs to. `credential` tells the
    credentials of one sign-in from those of another: when the session was made, or else the long-term access key.
    `is_service`: an AWS service, for itself.
    """

    raw: bytes
    whole: Raw
    is_service: bool
    account: str | None
    principal: str | None
    asker: tuple[str | None, str | None]
    access_key: str | None
    credential: str | None
    role: str | None
    services: frozenset[str]
    arn: str | None
    issuer: str | None


def caller_of(identity: Raw) -> Caller:
    """The caller behind a record's `userIdentity`."""
    raw = bytes(identity)
    return _caller(raw) if len(raw) <= MAX_KEPT_BYTES else _read(raw)


@lru_cache(maxsize=_KEPT)
def _caller(raw: bytes) -> Caller:
    return _read(raw)


def _read(raw: bytes) -> Caller:
    whole = Raw(raw)
    identity = identity_of(whole)
    principal = identity.principalId or None
    access_key = _one(identity.accessKeyId or None)
    anonymous = principal is not None and principal.lower().startswith("anonymous")
    assumed = principal is not None and identity.type == "AssumedRole"
    return Caller(
        raw=raw,
        whole=whole,
        is_service=identity.type == "AWSService",
        account=_one(identity.accountId),
        principal=None if anonymous else _one(principal),
        asker=(_one(principal), access_key),
        access_key=access_key,
        credential=_one(identity.creationDate or None) or access_key,
        role=_one(principal.partition(":")[0] or None) if principal and assumed else None,
        services=attested_services(identity),
        arn=_one(identity.arn),
        issuer=_one(identity.issuerArn),
    )


def _one(text: str | None) -> str | None:
    """One object for all equal texts: events are kept in great numbers, and few sessions made them."""
    return None if text is None else intern(text)


def members(raw: bytes) -> object:
    """All that a `userIdentity` says; None where it is missing or cannot be decoded. Not to be changed."""
    return _members(raw) if len(raw) <= MAX_KEPT_BYTES else _decoded(raw)


@lru_cache(maxsize=_KEPT // 4)
def _members(raw: bytes) -> object:
    return _decoded(raw)


def _decoded(raw: bytes) -> object:
    try:
        return object_in(msgspec.json.decode(raw)) if raw else None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
