"""How severe rules are, compared: the words of all platforms and the scores of Splunk's risk."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

BUILDING_BLOCK: Final = "building block"
"""What stands behind the severity of a rule whose alerts are shown to nobody who does not ask for them."""

_WORDS: Final[Mapping[str, int]] = MappingProxyType(
    {
        "none": 0,
        "info": 1,
        "informational": 1,
        "information": 1,
        "low": 2,
        "medium": 3,
        "high": 4,
        "critical": 5,
    }
)
_RISK: Final = re.compile(r"risk (\d{1,9})")


def is_lower(severity: str | None, than: str | None) -> bool:
    """Whether the severity is lower; False where one is not known, or they are not of one scale."""
    one, other = _risk(severity), _risk(than)
    if one is not None and other is not None:
        return one < other
    left, right = _rank(severity), _rank(than)
    return left is not None and right is not None and left < right


def _risk(severity: str | None) -> int | None:
    found = _RISK.fullmatch((severity or "").strip().lower())
    return int(found[1]) if found else None


def _rank(severity: str | None) -> tuple[int, int] | None:
    """A building block is below every alert."""
    word, _, mark = (severity or "").strip().lower().partition(",")
    rank = _WORDS.get(word.strip())
    return None if rank is None else (0 if mark.strip() == BUILDING_BLOCK else 1, rank)
