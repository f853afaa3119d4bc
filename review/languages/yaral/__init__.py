"""YARA-L 2.0, in which rules of Google SecOps are written: the sections of a rule, and what its events ask.

https://cloud.google.com/chronicle/docs/detection/yara-l-2-0-syntax
"""

from .events import Judged, about, read
from .sections import Written, meta_values, rules, without_comments
from .udm import SPELLING, field_of, is_address

__all__ = [
    "SPELLING",
    "Judged",
    "Written",
    "about",
    "field_of",
    "is_address",
    "meta_values",
    "read",
    "rules",
    "without_comments",
]
