"""Leads the credentials seen in a log back to the principal who first asked for them."""

from collections.abc import Callable, Iterable

import msgspec

from ..events import Identity, Record, identity_of

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

Caller = tuple[str | None, str | None]


class _Credentials(msgspec.Struct, gc=False):
    accessKeyId: str


class _Response(msgspec.Struct, gc=False):
    credentials: _Credentials


_decode_response = msgspec.json.Decoder(_Response).decode


class _Caller(msgspec.Struct, gc=False):
    type: str | None = None
    principalId: str | None = None
    accessKeyId: str | None = None


_decode_caller = msgspec.json.Decoder(_Caller).decode


def _caller(record: Record) -> Caller | None:
    """Who asked for credentials; None for an AWS service that asked for itself."""
    who: _Caller | Identity
    try:
        who = _decode_caller(record.userIdentity)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        who = identity_of(record.userIdentity)
    if who.type == "AWSService":
        return None
    return who.principalId or None, who.accessKeyId or None


class Credentials:
    """Who was handed which access key. Feed it all records of a log, then ask for actors."""

    def __init__(self) -> None:
        self._callers: dict[str, Caller | set[Caller]] = {}
        self._actors: dict[str, str | None] = {}

    def note(self, record: Record, intern: Callable[[str | None], str | None]) -> str | None:
        """Remember what a record of one of the `ISSUING` calls says; others must not be given. The access key
        that was handed out, if there is one."""
        if record.errorCode or not record.responseElements:
            return None
        caller = _caller(record)
        if caller is None:
            return None
        try:
            issued = _decode_response(record.responseElements).credentials.accessKeyId
        except msgspec.DecodeError:
            return None  # no credentials in it: nothing was handed out
        if not issued:
            return None
        self.add(issued, (intern(caller[0]), intern(caller[1])))
        return issued

    def add(self, access_key: str, caller: Caller) -> None:
        """Remember that an access key was handed out to a caller."""
        known = self._callers.get(access_key)
        if known is None:
            self._callers[access_key] = caller
        elif isinstance(known, set):
            known.add(caller)
        elif known != caller:
            self._callers[access_key] = {known, caller}
        self._actors.clear()

    def callers(self, access_key: str) -> list[Caller]:
        """To whom an access key was handed out, as far as is known."""
        known = self._callers.get(access_key)
        if known is None:
            return []
        return list(known) if isinstance(known, set) else [known]

    def __len__(self) -> int:
        return len(self._callers)

    def forget(self, access_keys: Iterable[str]) -> None:
        """Drop what is known of access keys that nobody can use any more."""
        for access_key in access_keys:
            self._callers.pop(access_key, None)
        self._actors.clear()

    def actor(self, principal: str | None, access_key: str | None) -> str | None:
        """The initial principal behind a caller; None where it is unknown."""
        if access_key is None or access_key not in self._callers:
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
            callers = self._callers_of(key)
            waiting = [
                parent
                for _, parent in callers
                if parent in self._callers and parent not in self._actors
            ]
            if key in entered:
                # Back from its parents: what is still open leads back here, a cycle.
                actors = {
                    None if parent in waiting else self._settled(principal, parent)
                    for principal, parent in callers
                }
                self._actors[key] = actors.pop() if len(actors) == 1 else None
                stack.pop()
            else:
                entered.add(key)
                stack.extend(parent for parent in waiting if parent and parent not in entered)

    def _callers_of(self, key: str) -> set[Caller]:
        known = self._callers[key]
        if not isinstance(known, set):
            return {known}
        return {caller for caller in known if caller[1]} or known

    def _settled(self, principal: str | None, access_key: str | None) -> str | None:
        if access_key is None or access_key not in self._callers:
            return principal
        return self._actors[access_key]
