"""Recognises the catalogue's cascades in a log: compile a plan, feed an engine, read verdicts.

>>> from cloudcascade.catalog import load_catalog
>>> engine = Engine(compile_catalog(load_catalog().cascades))
>>> engine.feed([])
>>> list(engine.verdicts())
[]
"""

from .engine import Engine
from .live import DEFAULT_LATENESS, LiveEngine
from .live_verdict import LiveVerdict, Said
from .marks import Changes, Mark, Taken
from .plan import Plan, compile_catalog
from .sessions import CREDENTIALS_KEPT, Issued
from .spill import SpillError
from .verdict import Explanation, NearMiss, Verdict, VerdictName
from .workers import WorkerError, Workers

__all__ = [
    "CREDENTIALS_KEPT",
    "DEFAULT_LATENESS",
    "Changes",
    "Engine",
    "Explanation",
    "Issued",
    "LiveEngine",
    "LiveVerdict",
    "Mark",
    "NearMiss",
    "Plan",
    "Said",
    "SpillError",
    "Taken",
    "Verdict",
    "VerdictName",
    "WorkerError",
    "Workers",
    "compile_catalog",
]
