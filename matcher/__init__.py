"""Recognises the catalogue's cascades in a log: compile a plan, feed an engine, read verdicts.

>>> from cloudcascade.catalog import load_catalog
>>> engine = Engine(compile_catalog(load_catalog().cascades))
>>> engine.feed([])
>>> list(engine.verdicts())
[]
"""

from .batch.engine import Engine
from .batch.workers import WorkerError, Workers
from .event import content_id
from .inquiry import Attempt, Candidate, Check, Edge, Inquiry, Seen, Spoiled
from .plan.compile import compile_catalog
from .plan.nodes import Plan
from .stream.checkpoint import Changes, Mark, Silenced, Taken
from .stream.engine import DEFAULT_LATENESS, LiveEngine
from .stream.revision import LiveVerdict, Said
from .stream.sessions import CREDENTIALS_KEPT, Issued
from .stream.spill import SpillError
from .verdict import Explanation, Fault, NearMiss, Verdict, VerdictName

__all__ = [
    "CREDENTIALS_KEPT",
    "DEFAULT_LATENESS",
    "Attempt",
    "Candidate",
    "Changes",
    "Check",
    "Edge",
    "Engine",
    "Explanation",
    "Fault",
    "Inquiry",
    "Issued",
    "LiveEngine",
    "LiveVerdict",
    "Mark",
    "NearMiss",
    "Plan",
    "Said",
    "Seen",
    "Silenced",
    "SpillError",
    "Spoiled",
    "Taken",
    "Verdict",
    "VerdictName",
    "WorkerError",
    "Workers",
    "compile_catalog",
    "content_id",
]
