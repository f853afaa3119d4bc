"""Rules executed on what a benign action emits: which of them fire on side effects, and what silences only that."""

from .errors import NoFix, NotJudged, ReviewError, Unreadable
from .format import Format, Repository
from .registry import format_of, formats
from .rule import (
    EXPLAINED,
    Exclusion,
    Patch,
    Predicate,
    Program,
    Rule,
    Source,
    Spelling,
    Term,
)

__all__ = [
    "EXPLAINED",
    "Exclusion",
    "Format",
    "NoFix",
    "NotJudged",
    "Patch",
    "Predicate",
    "Program",
    "Repository",
    "ReviewError",
    "Rule",
    "Source",
    "Spelling",
    "Term",
    "Unreadable",
    "format_of",
    "formats",
]
