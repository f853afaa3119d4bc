"""Leads the credentials seen in a log back to the principal who first asked for them."""

from collections.abc import Callable, Iterable

import msgspec
from msgspec import Raw

from ...events import NO_ERROR, Brief
from .callers import Caller, caller_of

# Calls that hand out temporary credentials.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_request.html
ISSUING = frozenset(
    {
        "AssumeRole",
        "AssumeRoleWithSAML",
        "AssumeRoleWithWebIdentity",
        "AssumeRoot",
        "GetFederationToken",
        "GetSessionToken",
    }
)
STS = "sts.amazonaws.com"

Asker = tuple[str | None, str | None]
"""Principal id and access key of who asked for credentials."""


class _Credentials(msgspec.Struct, gc=False):
    accessKeyId: str


class _Response(msgspec.Struct, gc=False):
    credentials: _Credentials


_decode_response = msgspec.json.Decoder(_Response).decode
_HEAD = b'{"credentials":{"accessKeyId":"'


def handed_out(record: Brief, caller: Caller) -> tuple[str, Asker] | None:
    """The access key that a record of one of the `ISSUING` calls hands out, and who asked for it; None where
    the call failed, handed out nothing, or an AWS service asked for itself. Other records must not be given."""
    if record.errorCode not in NO_ERROR or caller.is_service or not record.responseElements:
        return None
    issued = _quickly(bytes(record.responseElements)) or _issued(record.responseElements)
    return (issued, caller.asker) if issued else None


def _quickly(response: bytes) -> str | None:
    """What `_issued` finds in a response that is written as AWS writes it; None for any other, whatever it holds."""
    find, start = response.find, len(_HEAD)
    if not response.startswith(_HEAD) or find(b"\\") >= 0:
        return None
    if find(b'"credentials"', start) >= 0 or find(b'"accessKeyId"', start) >= 0:
        return None  # the last of equal names counts
    key = response[start : find(b'"', start)]
    return key.decode() if key.isalnum() else None


def _issued(response: bytes | Raw) -> str | None:
    try:
        return _decode_response(response).credentials.accessKeyId or None
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None  # no credentials in it: nothing was handed out


class Credentials:
    """Who was handed which access key. Feed it all records of a log, then ask for actors."""

    def __init__(self) -> None:
        self._askers: dict[str, Asker | set[Asker]] = {}
        self._actors: dict[str, str | None] = {}

    def note(self, record: Brief, intern: Callable[[str | None], str | None]) -> str | None:
        """Remember what a record of one of the `ISSUING` calls says; others must not be given. The access key
        that was handed out, if there is one."""
        handed = handed_out(record, caller_of(record.userIdentity))
        if handed is None:
            return None
        issued, (principal, access_key) = handed
        self.add(issued, (intern(principal), intern(access_key)))
        return issued

    def callers(self, access_key: str) -> list[Asker]:
        """Who asked for an access key, as far as is known."""
        known = self._askers.get(access_key)
        if known is None:
            return []
        return list(known) if isinstance(known, set) else [known]

    def __len__(self) -> int:
        return len(self._askers)

    def add(self, issued: str, asker: Asker) -> None:
        """Remember who asked for an access key."""
        known = self._askers.setdefault(issued, asker)
        if known is not asker:
            if isinstance(known, set):
                known.add(asker)
            elif known != asker:
                self._askers[issued] = {known, asker}
        if self._actors:
            self._actors.clear()

    def forget(self, access_keys: Iterable[str]) -> None:
        """Drop what is known of access keys that nobody can use any more."""
        for access_key in access_keys:
            self._askers.pop(access_key, None)
        self._actors.clear()

    def actor(self, principal: str | None, access_key: str | None) -> str | None:
        """The initial principal behind a caller; None where it is unknown."""
        if access_key is None or access_key not in self._askers:
            return principal
        if access_key not in self._actors:
            self._resolve(access_key)
        return self._actors[access_key]

    def _resolve(self, access_key: str) -> None:
        """Settle `access_key` and all keys it rests on, without recursion: chains may be long."""
        stack = [access_key]
        entered: set[str] = set()
        while stack:
            key = stack[-1]
            if key in self._actors:
                stack.pop()
                continue
            askers = self._askers_of(key)
            waiting = [
                parent
                for _, parent in askers
                if parent in self._askers and parent not in self._actors
            ]
            if key in entered:
                # Back from its parents: what is still open leads back here, a cycle.
                actors = {
                    None if parent in waiting else self._settled(principal, parent)
                    for principal, parent in askers
                }
                self._actors[key] = actors.pop() if len(actors) == 1 else None
                stack.pop()
            else:
                entered.add(key)
                stack.extend(parent for parent in waiting if parent and parent not in entered)

    def _askers_of(self, key: str) -> set[Asker]:
        known = self._askers[key]
        if not isinstance(known, set):
            return {known}
        return {asker for asker in known if asker[1]} or known

    def _settled(self, principal: str | None, access_key: str | None) -> str | None:
        if access_key is None or access_key not in self._askers:
            return principal
        return self._actors[access_key]
