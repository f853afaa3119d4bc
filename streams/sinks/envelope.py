"""What stands outside of a message: by which members of its line it is sorted, grouped and told apart."""

import hashlib
import re

import msgspec

_PLAIN = re.compile(r"[A-Za-z0-9-]{1,128}", re.ASCII)
_ACCOUNT = re.compile(r"\d{12}", re.ASCII)


class Envelope(msgspec.Struct, frozen=True):
    """The members of a message's line that are used for that."""

    verdict: str
    event_time: str = ""
    account: str | None = None
    cascade: str | None = None
    policy: str | None = None

    @property
    def group(self) -> str:
        """Within it a FIFO queue or topic keeps the order: the account, so that all verdicts on one event stay in
        order.

        What is no account number (an event can say anything) is in one group of its own.
        """
        return self.account if self.account and _ACCOUNT.fullmatch(self.account) else "other"

    @property
    def attributes(self) -> dict[str, str]:
        """What filters can ask for: `verdict`, and `cascade` and `policy` where the verdict has them."""
        named = {"verdict": self.verdict, "cascade": self.cascade, "policy": self.policy}
        return {name: value for name, value in named.items() if value}


decode_envelope = msgspec.json.Decoder(Envelope).decode


def deduplication_id(message_id: str) -> str:
    """The message's id in the characters and the length that SQS and SNS allow."""
    if _PLAIN.fullmatch(message_id):
        return message_id
    return hashlib.sha256(message_id.encode()).hexdigest()
