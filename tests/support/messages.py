"""Messages as the loop of `cascade watch` hands them to a sink."""

from typing import Any

import msgspec

from cloudcascade.matcher import Verdict
from cloudcascade.streams import Message


def line(id_: str = "v1", **members: Any) -> bytes:
    """A verdict's line; `members` differ from those of an orphan."""
    verdict = Verdict(
        event_id="e1",
        event_time="2024-05-14T09:00:00Z",
        action="iam:DeactivateMFADevice",
        account="111111111111",
        region="us-east-1",
        actor="AIDAALICE",
        verdict="orphan",
        failed=False,
        techniques=("T1556.006",),
        actor_arn="arn:aws:iam::111111111111:user/alice",
    )
    told = {
        **msgspec.structs.asdict(verdict),
        "late": False,
        "final": True,
        "id": id_,
        "supersedes": None,
    }
    return msgspec.json.encode({**told, **members})


def message(number: int, **members: Any) -> Message:
    """The message of that number, with an id that follows from it."""
    return Message(number, f"v{number}", line(f"v{number}", **members))


def messages(first: int, last: int, **members: Any) -> list[Message]:
    """The messages of the numbers `first` to `last`."""
    return [message(number, **members) for number in range(first, last + 1)]
