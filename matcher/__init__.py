"""Recognises the catalogue's cascades in a log: compile a plan, feed an engine, read verdicts.

>>> from cloudcascade.catalog import load_catalog
>>> engine = Engine(compile_catalog(load_catalog().cascades))
>>> engine.feed([])
>>> list(engine.verdicts())
[]
"""

from .engine import Engine
from .live import DEFAULT_LATENESS, LiveEngine, LiveVerdict
from .plan import Plan, compile_catalog
from .verdict import Explanation, NearMiss, Verdict, VerdictName
from .workers import WorkerError, Workers

__all__ = [
    "DEFAULT_LATENESS",
    "Engine",
    "Explanation",
    "LiveEngine",
    "LiveVerdict",
    "NearMiss",
    "Plan",
    "Verdict",
    "VerdictName",
    "WorkerError",
    "Workers",
    "compile_catalog",
]
