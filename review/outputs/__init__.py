"""How a review is told: SARIF, JUnit, Markdown and lines of JSON. A report is all that they ask for."""

from .advice import ADVICE, Advice
from .junit import junit
from .markdown import markdown
from .ndjson import RuleDocument, SummaryDocument, ndjson
from .sarif import sarif

__all__ = [
    "ADVICE",
    "Advice",
    "RuleDocument",
    "SummaryDocument",
    "junit",
    "markdown",
    "ndjson",
    "sarif",
]
