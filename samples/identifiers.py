"""Identifiers as AWS mints them, drawn from a seeded generator: nothing here names a real thing."""

from random import Random
from time import gmtime

_BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_CHUNK = 48
_CHUNKS_IN_A_TOKEN = 11


class Ids:
    """Draws identifiers from `rng`.

    `token_chunks` is the number of pieces that session tokens are put together from: the more, the
    less a log full of them compresses.
    """

    def __init__(self, rng: Random, *, token_chunks: int = 1_024) -> None:
        self.rng = rng
        self._chunks = ["".join(rng.choices(_BASE64, k=_CHUNK)) for _ in range(token_chunks)]

    def uuid(self) -> str:
        """A version 4 UUID."""
        text = f"{self.rng.getrandbits(128):032x}"
        return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"

    def hex(self, digits: int) -> str:
        """Hexadecimal digits, as after `i-` or `vol-`."""
        return f"{self.rng.getrandbits(4 * digits):0{digits}x}"

    def unique(self, prefix: str) -> str:
        """An IAM unique id or access key id: a prefix such as AROA and 16 characters.

        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
        """
        return prefix + "".join(self.rng.choices(_BASE32, k=16))

    def upper(self, length: int) -> str:
        """Letters and digits, as in the name of a delivered log file."""
        return "".join(self.rng.choices(_BASE32, k=length))

    def token(self) -> str:
        """A session token."""
        return "IQoJb3JpZ2luX2VjE" + "".join(self.rng.choices(self._chunks, k=_CHUNKS_IN_A_TOKEN))

    def of(self, *values: str) -> str:
        """One of `values`."""
        return values[int(self.rng.random() * len(values))]


def iso(seconds: int) -> str:
    """A time (UTC, seconds since 1970) as eventTime spells it.

    >>> iso(1773705600)
    '2026-03-17T00:00:00Z'
    """
    at = gmtime(seconds)
    return (
        f"{at.tm_year:04}-{at.tm_mon:02}-{at.tm_mday:02}"
        f"T{at.tm_hour:02}:{at.tm_min:02}:{at.tm_sec:02}Z"
    )


def spoken(seconds: int) -> str:
    """A time (UTC, seconds since 1970) as responseElements of IAM and STS spell it.

    >>> spoken(1773705600)
    'Mar 17, 2026, 12:00:00 AM'
    """
    at = gmtime(seconds)
    half = "AM" if at.tm_hour < 12 else "PM"
    return (
        f"{_MONTHS[at.tm_mon - 1]} {at.tm_mday}, {at.tm_year}, "
        f"{at.tm_hour % 12 or 12}:{at.tm_min:02}:{at.tm_sec:02} {half}"
    )
