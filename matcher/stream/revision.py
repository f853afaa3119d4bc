"""What a stream says of an event: a verdict, whether it is the last word, and which earlier one it replaces."""

import hashlib

import msgspec

from ..verdict import Verdict

_encode = msgspec.json.Encoder().encode


class LiveVerdict(msgspec.Struct, frozen=True):
    """A verdict of a stream.

    `late`: the event came after its time, and was judged by what was known then. `final`: nothing will revise
    it. `id` follows from what is said and from the verdict that it replaces, so that telling it
    again, in this run or another, tells the same id. `supersedes` is the id of the verdict that it replaces.
    """

    verdict: Verdict
    late: bool
    final: bool
    id: str
    supersedes: str | None

    def line(self) -> bytes:
        """The verdict as a line of NDJSON, without its end: the members of `Verdict`, and those of this."""
        own = _encode(
            {
                "late": self.late,
                "final": self.final,
                "id": self.id,
                "supersedes": self.supersedes,
            }
        )
        return _encode(self.verdict)[:-1] + b"," + own[1:]


class Said(msgspec.Struct, frozen=True, gc=False):
    """What was last said of an event that waits: the verdict's id, and a digest of what it said."""

    id: str
    digest: bytes


def digest_of(verdict: Verdict) -> bytes:
    """What verdicts that say the same have in common. 16 bytes. Near misses inform, and do not count."""
    if verdict.near_misses:
        verdict = msgspec.structs.replace(verdict, near_misses=())
    return hashlib.blake2b(_encode(verdict), digest_size=16).digest()


def live_verdict(
    verdict: Verdict, digest: bytes, *, late: bool, final: bool, supersedes: str | None
) -> LiveVerdict:
    """A verdict with its id: 32 hexadecimal digits."""
    chain = f"{late:d}{final:d}{supersedes or ''}".encode()
    id_ = hashlib.blake2b(digest + chain, digest_size=16).hexdigest()
    return LiveVerdict(verdict, late, final, id_, supersedes)
