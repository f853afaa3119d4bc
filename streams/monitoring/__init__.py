"""How a run is watched: its log, its metrics, and the web server that answers for its health."""

from .health import HealthServer
from .journal import Journal
from .metrics import Metrics, MetricsError
from .status import LoopFacts

__all__ = ["HealthServer", "Journal", "LoopFacts", "Metrics", "MetricsError"]
