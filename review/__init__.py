"""Rules executed on what a benign action emits: which of them fire on side effects, and what silences only that."""

from .bypass import Bypass, bypass_findings, bypasses
from .cases import Case, Cases
from .errors import NoFix, NotJudged, ReviewError, Unreadable
from .finding import KINDS, Finding, Fired, Reviewed, SideEffect
from .fix import Fix, Proof, Unfixed, fixes
from .format import Format, Repository
from .in_log import fired_in
from .judge import Records, verdicts
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
    "Bypass",
    "Case",
    "Cases",
    "EventNames",
    "Exclusion",
    "Finding",
    "Fired",
    "Fix",
    "Format",
    "Found",
    "NoFix",
    "NotJudged",
    "Patch",
    "Predicate",
    "Problem",
    "Program",
    "Proof",
    "Records",
    "Repository",
    "ReviewError",
    "Reviewed",
    "Rule",
    "SideEffect",
    "Source",
    "Spelling",
    "Term",
    "Unfixed",
    "Unreadable",
    "bypass_findings",
    "bypasses",
    "fired_in",
    "fixes",
    "format_of",
    "formats",
    "read_rules",
    "review",
    "verdicts",
]
