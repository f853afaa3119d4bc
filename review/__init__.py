"""Rules executed on what a benign action emits: which of them fire on side effects, and what silences only that."""

from .cases import Case, Cases
from .errors import NoFix, NotJudged, ReviewError, Unreadable
from .finding import KINDS, Finding, Fired, Reviewed, SideEffect
from .format import Format, Repository
from .names import EventNames
from .reading import Found, Problem, read_rules
from .registry import format_of, formats
from .review import review
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
    "KINDS",
    "Case",
    "Cases",
    "EventNames",
    "Exclusion",
    "Finding",
    "Fired",
    "Format",
    "Found",
    "NoFix",
    "NotJudged",
    "Patch",
    "Predicate",
    "Problem",
    "Program",
    "Repository",
    "ReviewError",
    "Reviewed",
    "Rule",
    "SideEffect",
    "Source",
    "Spelling",
    "Term",
    "Unreadable",
    "format_of",
    "formats",
    "read_rules",
    "review",
]
